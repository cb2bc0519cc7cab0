//! Settings that cannot be invalid: made by `validate` only.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::coercion::{Recipe, Serial};
use super::compress::Compression;
use super::confirm::Confirm;
use super::deidentify::Deidentification;
use super::events::EventSettings;
use super::retention::RetentionSettings;
use crate::item::Level;
use crate::item::{Again, Clock, Priority, RetryPolicy, Timestamp};

/// Why the queue is off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Off {
    /// There is no section: the library came with a package, and nobody has asked for anything yet.
    NoSection,
    Disabled,
}

impl Off {
    /// As people are told.
    pub fn reason(self) -> &'static str {
        match self {
            Off::NoSection => "the configuration has no section \"SendQueue\"",
            Off::Disabled => "SendQueue.Enable is false",
        }
    }
}

/// The section `SendQueue` of Orthanc's configuration, with the facts of the rest of the
/// configuration that the queue depends on.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Why the queue is off; `None`: it is on.
    pub off: Option<Off>,
    /// Absolute; or relative to Orthanc's working directory, if `IndexDirectory` is relative and the
    /// folder of Orthanc's configuration is not known.
    pub database: PathBuf,
    /// Orthanc's `IndexDirectory`. Orthanc makes it after it has loaded its plugins: at its very first start it is
    /// not there yet.
    pub index_directory: PathBuf,
    /// Orthanc's `StorageDirectory`.
    pub storage_directory: PathBuf,
    pub tcp_no_delay: bool,
    pub history_days: u32,
    /// How long the lines of what was delivered are kept once they are closed.
    pub ledger_years: u32,
    /// Seconds after which a change that Orthanc has numbered, but does not show, is no longer waited for.
    pub gap_seconds: u32,
    /// Megabytes for the instances that are in flight, all destinations together.
    pub max_memory_mb: u32,
    /// `Sources`, by name.
    pub sources: BTreeMap<String, Arc<Source>>,
    /// `Serials`, by name.
    pub serials: BTreeMap<String, Arc<Serial>>,
    /// `Coercions`, by name.
    pub coercions: BTreeMap<String, Arc<Recipe>>,
    /// `Deidentifications`, by name.
    pub deidentifications: BTreeMap<String, Arc<Deidentification>>,
    pub rules: Vec<Rule>,
    pub defaults: DestinationSettings,
    pub destinations: BTreeMap<String, DestinationSettings>,
    /// `Alerts`; `None`: nobody is told.
    pub alerts: Option<AlertSettings>,
    /// `Retention`; `None`: nothing is deleted.
    pub retention: Option<RetentionSettings>,
    /// `Events`; `None`: no system is told.
    pub events: Option<EventSettings>,
    pub host: HostSettings,
    /// What is valid, and probably not meant.
    pub remarks: Vec<String>,
}

impl Settings {
    /// What an administrator should see, though the configuration is valid.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        let all = self.host.remarks.iter().chain(&self.remarks);
        all.map(String::as_str)
    }

    /// Settings in force for a destination, whether or not it has some of its own.
    pub fn destination(&self, name: &str) -> &DestinationSettings {
        self.destinations.get(name).unwrap_or(&self.defaults)
    }

    /// What a destination leads to: its `Target`, else itself.
    pub fn target<'a>(&'a self, name: &'a str) -> &'a str {
        let own = self.destinations.get(name);
        own.and_then(|own| own.target.as_deref()).unwrap_or(name)
    }

    /// Destinations with a `Target`, and that.
    pub fn second_names(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.destinations.iter();
        all.filter_map(|(name, own)| Some((name.as_str(), own.target.as_deref()?)))
    }
}

/// `Alerts`: who is told of what.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertSettings {
    pub webhook: Webhook,
    /// In whose form messages are.
    pub format: AlertFormat,
    /// Where whoever reads a message may look: `http://…` or `https://…`.
    pub link: Option<String>,
    /// At least one, none twice.
    pub on: Vec<AlertKind>,
    /// Open items of a destination that are a backlog; 0: no number is.
    pub backlog_items: u64,
    /// Age of the oldest open item of a destination that is a backlog, seconds; 0: none is.
    pub backlog_seconds: u64,
    /// Those whose silence is told; no AET twice.
    pub silent_sources: Vec<SilentSource>,
}

/// Who is told by HTTP.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Webhook {
    /// `http://…` or `https://…`. May hold a password or a token.
    pub url: Secret,
    /// Where `url` leads.
    pub peer: Peer,
    /// The key of the signature; `None`: messages are not signed.
    pub secret: Option<Secret>,
}

/// In whose form a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AlertFormat {
    /// Our own.
    #[default]
    Json,
    /// An incoming webhook of Slack, and what understands the same.
    Slack,
    /// A workflow of Microsoft Teams: an Adaptive Card.
    Teams,
}

impl AlertSettings {
    pub const BACKLOG_ITEMS: u64 = 10_000;
    pub const BACKLOG_SECONDS: u64 = 3600;
}

/// `SilentSources`: an AET that should send.
#[derive(Debug, Clone, PartialEq)]
pub struct SilentSource {
    /// As [`source_key`] says.
    pub aet: String,
    /// So many seconds without an arrival are told, while `windows` are open.
    pub seconds: f64,
    /// Local times that count; empty: all.
    pub windows: Vec<Window>,
}

/// The name under which a calling AET is remembered: as Orthanc compares them, upper and lower case are the same,
/// unless `strict` (`StrictAetComparison`). `None`: it is empty. Spaces and NUL around it are padding (PS3.5 6.2).
pub fn source_key(aet: &str, strict: bool) -> Option<String> {
    let aet = aet.trim_matches([' ', '\0']);
    let key = if strict {
        aet.to_owned()
    } else {
        aet.to_ascii_uppercase()
    };
    (!key.is_empty()).then_some(key)
}

/// A host and a TCP port.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peer {
    /// A name or an address, IPv6 without its brackets.
    pub host: String,
    pub port: u16,
}

/// A text that shows nowhere.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlertKind {
    DestinationUnreachable,
    DestinationBack,
    Failure,
    Backlog,
    SourceSilent,
    SourceBack,
    OwnOutput,
    NotConfirmed,
}

impl AlertKind {
    pub const ALL: [AlertKind; 8] = [
        AlertKind::DestinationUnreachable,
        AlertKind::DestinationBack,
        AlertKind::Failure,
        AlertKind::Backlog,
        AlertKind::SourceSilent,
        AlertKind::SourceBack,
        AlertKind::OwnOutput,
        AlertKind::NotConfirmed,
    ];

    /// Of a source, and not of a destination.
    pub fn is_of_a_source(self) -> bool {
        matches!(
            self,
            AlertKind::SourceSilent | AlertKind::SourceBack | AlertKind::OwnOutput
        )
    }

    pub fn as_str(self) -> &'static str {
        match self {
            AlertKind::DestinationUnreachable => "DestinationUnreachable",
            AlertKind::DestinationBack => "DestinationBack",
            AlertKind::Failure => "Failure",
            AlertKind::Backlog => "Backlog",
            AlertKind::SourceSilent => "SourceSilent",
            AlertKind::SourceBack => "SourceBack",
            AlertKind::OwnOutput => "OwnOutput",
            AlertKind::NotConfirmed => "NotConfirmed",
        }
    }
}

/// What the rest of Orthanc's configuration says that matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostSettings {
    /// Threads of Orthanc's jobs engine (`ConcurrentJobs`, default 2; 0 in the file: one per core, which
    /// is counted here: never 0).
    pub concurrent_jobs: u32,
    /// `DicomScuTimeout`, seconds (default 10; 0: no limit).
    pub dicom_scu_timeout: u32,
    /// Finished jobs that Orthanc remembers (`JobsHistorySize`, default 10); never 0 while the queue is on.
    pub jobs_history_size: u32,
    /// Reports of storage commitments that Orthanc keeps in memory (`StorageCommitmentReportsSize`, default 100; 0: no
    /// limit).
    pub storage_commitment_reports: u32,
    /// `MaximumStorageSize`, in bytes (default 0: no limit).
    pub maximum_storage_bytes: u64,
    /// `MaximumPatientCount` (default 0: no limit).
    pub maximum_patients: u32,
    /// `MaximumStorageMode` is `Reject` (Orthanc 1.11.3): Orthanc refuses what comes rather than delete what it has.
    pub rejects_at_maximum: bool,
    /// `StrictAetComparison`: whether AETs that differ in upper and lower case only are different.
    pub strict_aet_comparison: bool,
    /// `OverwriteInstances`: whether an instance that is received again can have another content. (A boolean; from
    /// 1.12.11 on also `Never`, `Always`, `IfChanged`.)
    pub overwrite_instances: bool,
    /// `DicomModalitiesInDatabase`: the names are known only once Orthanc has started.
    pub modalities_in_database: bool,
    /// Names of `DicomModalities`, with the AET of each as it is sent.
    pub modalities: BTreeMap<String, String>,
    /// What counts otherwise than it is written, in words.
    pub remarks: Vec<String>,
    /// `Name`: what this Orthanc is called; empty without one.
    pub name: String,
    /// Where `HttpProxy` is, if there is one.
    pub http_proxy: Option<Peer>,
    /// `LimitFindResults`: most studies that Orthanc answers at once when it is asked for those that fit (default 0: no
    /// limit).
    pub limit_find_results: u32,
    /// `DicomAet`: Orthanc's own AET.
    pub dicom_aet: String,
    /// `TranscodeDicomProtocol`: whether Orthanc may send in another transfer syntax than the stored one.
    pub transcode: bool,
    /// `DicomScuPreferredTransferSyntax` (Orthanc 1.9.0).
    pub preferred_transfer_syntax: Option<String>,
    /// `DicomTls…`.
    pub tls: TlsSettings,
    /// Whether Orthanc checks the login of each request (`AuthenticationEnabled`; without it, where
    /// `RemoteAccessAllowed` is set, Orthanc 1.5.8).
    pub authenticates: bool,
}

impl HostSettings {
    /// Reports of storage commitments that Orthanc keeps before it drops the oldest.
    pub fn most_reports(&self) -> u32 {
        match self.storage_commitment_reports {
            0 => u32::MAX,
            reports => reports,
        }
    }

    /// Whether Orthanc makes room by itself, by deleting the patient that it has had longest.
    pub fn recycles(&self) -> bool {
        (self.maximum_storage_bytes > 0 || self.maximum_patients > 0) && !self.rejects_at_maximum
    }
}

/// Orthanc's TLS for the associations that it opens (`UseDicomTls` of a modality, Orthanc 1.9.0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// `DicomTlsCertificate`: our own one, PEM. Paths are as written: relative ones to the working directory.
    pub certificate: Option<PathBuf>,
    /// `DicomTlsPrivateKey`: its key, PEM.
    pub private_key: Option<PathBuf>,
    /// `DicomTlsTrustedCertificates`: all that are trusted, PEM.
    pub trusted_certificates: Option<PathBuf>,
    /// `DicomTlsRemoteCertificateRequired` (Orthanc 1.9.3, default true): whether the receiver's certificate is
    /// verified.
    pub remote_certificate_required: bool,
    /// `DicomTlsMinimumProtocolVersion` (Orthanc 1.12.4, default 0): 0 is TLS 1.2 with Orthanc's own choice of ciphers;
    /// 1 SSL 3, 2 TLS 1.0, 3 TLS 1.1, 4 TLS 1.2, 5 and more TLS 1.3.
    pub minimum_protocol_version: u32,
    /// `DicomTlsCiphersAccepted` (Orthanc 1.12.4): OpenSSL's names.
    pub ciphers: Vec<String>,
}

impl Default for TlsSettings {
    /// Orthanc's own defaults.
    fn default() -> Self {
        TlsSettings {
            certificate: None,
            private_key: None,
            trusted_certificates: None,
            remote_certificate_required: true,
            minimum_protocol_version: 0,
            ciphers: Vec::new(),
        }
    }
}

impl TlsSettings {
    /// What an Orthanc before 1.12.4 makes of them: it knows nothing of versions and ciphers, and its SCU verifies
    /// every receiver (`DicomTlsRemoteCertificateRequired: false` is DCMTK's `--verify-peer-cert` there, and a TLS
    /// server always has a certificate).
    pub fn before_1_12_4(self) -> TlsSettings {
        TlsSettings {
            certificate: self.certificate,
            private_key: self.private_key,
            trusted_certificates: self.trusted_certificates,
            ..TlsSettings::default()
        }
    }
}

impl Default for HostSettings {
    /// Orthanc's own defaults.
    fn default() -> Self {
        HostSettings {
            concurrent_jobs: 2,
            dicom_scu_timeout: 10,
            limit_find_results: 0,
            jobs_history_size: 10,
            storage_commitment_reports: 100,
            maximum_storage_bytes: 0,
            maximum_patients: 0,
            rejects_at_maximum: false,
            strict_aet_comparison: false,
            overwrite_instances: false,
            modalities_in_database: false,
            modalities: BTreeMap::new(),
            remarks: Vec::new(),
            name: String::new(),
            http_proxy: None,
            dicom_aet: "ORTHANC".to_owned(),
            transcode: true,
            preferred_transfer_syntax: None,
            tls: TlsSettings::default(),
            authenticates: false,
        }
    }
}

/// Settings of a destination, `Defaults` already applied.
#[derive(Debug, Clone, PartialEq)]
pub struct DestinationSettings {
    /// `Target`: the destination that this one is a second name of.
    pub target: Option<String>,
    pub transport: Transport,
    /// The transfer syntax that images are sent in; `None`: the stored one where the receiver takes it.
    pub transfer_syntax: Option<&'static str>,
    pub associations: u32,
    pub association_per: AssociationPer,
    /// `Split`: whether several associations may send of one group at the same time, see [`Self::splits`].
    pub split: bool,
    pub batch_size: u32,
    pub level: Level,
    pub quiet_seconds: u32,
    /// `MaxQuietSeconds`: how long a group waits at most for a quiet period that arrivals lengthen; `None`: see
    /// [`longest_quiet`].
    pub max_quiet_seconds: Option<u32>,
    pub priority: Priority,
    pub reserved_associations: u32,
    pub local_aet: LocalAet,
    /// Seconds; `None`: the modality's, else `DicomScuTimeout`.
    pub timeout: Option<u32>,
    pub retry: RetryPolicy,
    /// Seconds; 0: never.
    pub expire_after: u64,
    pub max_bytes_per_second: u64,
    pub windows: Vec<Window>,
    /// `Coerce`: the recipe that changes what is sent.
    pub coerce: Option<Arc<Recipe>>,
    /// `OriginalAttributes`: what is changed tells so itself, and what it was before.
    pub original_attributes: bool,
    /// `Deidentify`.
    pub deidentify: Option<Arc<Deidentification>>,
    /// `Compress`.
    pub compress: Option<Compression>,
    /// `Confirm`: whether it is asked later for what it acknowledged.
    pub confirm: Option<Confirm>,
}

impl DestinationSettings {
    /// Whether what is sent may differ from what is stored: the stored file never goes there then.
    pub fn alters(&self) -> bool {
        self.coerce.is_some() || self.deidentify.is_some() || self.compress.is_some()
    }

    /// When an item that is made now, or is to be sent anew from now on, goes to the error queue unsent.
    pub fn expiry(&self, clock: &dyn Clock) -> Option<Timestamp> {
        // Read first: what is no longer doubted is in `now`.
        let doubted = clock.doubted();
        let now = clock.now().plus(doubted);
        (self.expire_after > 0).then(|| now.plus_seconds(self.expire_after as f64))
    }

    /// Whether several associations may send of one group at the same time. What has an association to itself is never
    /// split.
    pub fn splits(&self) -> bool {
        self.split && self.association_per == AssociationPer::Any
    }

    /// Takes over what all names of a target share.
    pub(super) fn share(&mut self, of_target: &DestinationSettings) {
        self.associations = of_target.associations;
        self.reserved_associations = of_target.reserved_associations;
        self.max_bytes_per_second = of_target.max_bytes_per_second;
    }
}

impl Default for DestinationSettings {
    fn default() -> Self {
        DestinationSettings {
            target: None,
            transport: Transport::Auto,
            transfer_syntax: None,
            associations: 2,
            association_per: AssociationPer::Any,
            split: true,
            batch_size: 100,
            level: Level::Study,
            quiet_seconds: 0,
            max_quiet_seconds: None,
            priority: Priority::Medium,
            reserved_associations: 0,
            local_aet: LocalAet::Orthanc,
            timeout: None,
            retry: RetryPolicy::default(),
            expire_after: 604_800,
            max_bytes_per_second: 0,
            windows: Vec::new(),
            coerce: None,
            original_attributes: false,
            deidentify: None,
            compress: None,
            confirm: None,
        }
    }
}

/// Seconds that a group with this quiet period waits at most, where nothing else is written: ten times as long, an hour
/// at most, and never less than the quiet period itself.
pub fn longest_quiet(quiet_seconds: u32) -> u32 {
    quiet_seconds
        .saturating_mul(10)
        .min(3600)
        .max(quiet_seconds)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Auto,
    Rest,
    Native,
}

/// What an association is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssociationPer {
    /// Whatever is to be sent.
    Any,
    /// One group, whole.
    Group,
}

/// Calling AET.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalAet {
    /// Whatever Orthanc would use.
    Orthanc,
    Fixed(String),
    /// `"$RemoteAet"`: the AET that the instance came from.
    Remote,
}

/// When a destination may send, in local time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Monday is 0; empty: every day.
    pub days: Vec<u8>,
    /// Minutes since midnight; `to` may be smaller than `from` (over midnight), 1440 is midnight's end.
    pub from: u16,
    pub to: u16,
}

/// A rule of `Rules`.
#[derive(Debug, Clone)]
pub struct Rule {
    /// `Name`, or `Rules[0]` for one without a name.
    pub name: String,
    /// What is remembered of the rule is remembered under this: its name; without one, a sum of what is written there
    /// (`To`, `When`), since its place among the rules may be another one's tomorrow.
    pub key: String,
    pub to: Vec<String>,
    /// All of these must hold. Without any, everything that was received does.
    pub when: Conditions,
    /// Any of these holds an instance back.
    pub unless: Conditions,
    pub scope: Scope,
    /// No later rule looks at an instance that matches.
    pub stop: bool,
    pub allow_loop: bool,
    /// It takes copies too that Orthanc has anonymised.
    pub anonymized: bool,
    /// It takes copies too that Orthanc has modified.
    pub modified: bool,
    /// What becomes of an instance that is received again.
    pub again: Again,
    pub level: Option<Level>,
    pub quiet_seconds: Option<u32>,
    pub max_quiet_seconds: Option<u32>,
    pub priority: Option<Priority>,
}

/// `Scope`: what a rule takes once an instance matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// That instance.
    #[default]
    Instance,
    /// All of its study, what came earlier and what comes later.
    Study,
}

/// What is asked of an instance and of the way it came, each condition for itself. Whether all must hold or any is up
/// to who asks (`When`, `Unless`).
#[derive(Debug, Clone, Default)]
pub struct Conditions {
    pub calling_aet: Option<Match>,
    pub called_aet: Option<Match>,
    pub remote_ip: Option<Match>,
    /// Names of `OrthancPluginInstanceOrigin`: `DicomProtocol`, `RestApi`, `Plugins`, `Lua`, `WebDav`.
    pub origin: Option<Match>,
    /// One condition: any of these sources. Empty: none.
    pub sources: Vec<Arc<Source>>,
    /// Each tag with its condition; no tag twice.
    pub tags: Vec<(Tag, Match)>,
    /// As they stand in the configuration; `Null`: they do not.
    pub written: Value,
}

/// An entry of `Sources`: a name for where instances come from.
#[derive(Debug, Clone)]
pub struct Source {
    pub name: String,
    /// All of them must hold; at least one, without tags and without other sources: so a source is known before
    /// anything is read of the instance.
    pub conditions: Conditions,
}

/// A DICOM tag: what Orthanc calls it, and how the configuration writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    pub group: u16,
    pub element: u16,
    /// `Modality`, `0008,0060`: for people.
    pub written: String,
}

impl Tag {
    /// `gggg,eeee` in lower-case hexadecimal digits, as in Orthanc's `/instances/{id}/tags?short`.
    pub fn key(&self) -> String {
        format!("{:04x},{:04x}", self.group, self.element)
    }
}

/// A value, any value of a list, a regular expression; of a tag also whether it has a value at all.
#[derive(Debug, Clone)]
pub enum Match {
    AnyOf(Vec<String>),
    /// The same, whatever the case of ASCII letters.
    AnyCase(Vec<String>),
    Regex(regex::Regex),
    /// There is a value, also one that cannot be read; of a sequence, an item.
    Present,
    /// There is none: the element is missing or empty.
    Absent,
}
