//! The settings of a destination in the configuration's own words.

use serde::{Serialize, Serializer};
use serde_json::Value;
use utoipa::ToSchema;

use super::settings::{DestinationSettings, LocalAet};
use super::vocabulary::{ASSOCIATION_PER, LEVELS, MEANS, REMOTE_AET, TRANSPORTS, word_of};
use super::window;
use crate::item::Priority;

/// Settings in force, with the keys and values of the configuration.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = DestinationSettings)]
pub struct InForce {
    /// The destination that this one is a second name of, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// `Auto`, `Rest` or `Native`.
    pub transport: &'static str,
    /// UID that images are sent in; null: the stored one where the receiver takes it.
    #[schema(required = true)]
    pub transfer_syntax: Option<&'static str>,
    /// Most parallel associations.
    pub associations: u32,
    /// `Any`, or `Group`: each group has an association to itself.
    pub association_per: &'static str,
    /// Whether several associations may send of one group at the same time.
    pub split: bool,
    /// Most instances handed to one association before it is given back.
    pub batch_size: u32,
    /// What is kept together: `Instance`, `Series`, `Study` or `Patient`.
    pub level: &'static str,
    /// Seconds without a new instance of the group before it is sent; 0: at once.
    pub quiet_seconds: u32,
    /// Most seconds that a group waits for that, however often something arrives; null: 10 × QuietSeconds, at most 3600
    /// (and never less than QuietSeconds).
    #[schema(required = true)]
    pub max_quiet_seconds: Option<u32>,
    pub priority: Priority,
    /// How many of `Associations` serve only `High` and `Stat`.
    pub reserved_associations: u32,
    /// Calling AET; null: whatever Orthanc would use.
    #[schema(required = true)]
    pub local_aet: Option<String>,
    /// Seconds; null: the modality's, else Orthanc's `DicomScuTimeout`.
    #[schema(required = true)]
    pub timeout: Option<u32>,
    pub retry: RetryInForce,
    /// Seconds from arrival; 0: never.
    pub expire_after: u64,
    /// 0: no limit.
    pub max_bytes_per_second: u64,
    /// Local times in which it may send; empty: always.
    pub windows: Vec<String>,
    /// The entry of `Coercions` that changes what is sent; null: it is sent as stored.
    #[schema(required = true)]
    pub coerce: Option<String>,
    /// Whether what is changed tells so itself, in Original Attributes (0400,0561).
    pub original_attributes: bool,
    /// The entry of `Deidentifications` that takes away what tells of the patient; null: nothing is.
    #[schema(required = true)]
    pub deidentify: Option<String>,
    /// What images are encoded in; null: nothing.
    #[schema(required = true)]
    pub compress: Option<CompressInForce>,
    /// Whether it is asked later for what it acknowledged; null: it is not.
    #[schema(required = true)]
    pub confirm: Option<ConfirmInForce>,
    /// The entry of `Coercions` or `Deidentifications` that is in force, as the configuration has it (but for the file
    /// of a key); null: neither.
    #[schema(required = true)]
    pub recipe: Option<Value>,
}

/// What images are encoded in.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = CompressSettings)]
pub struct CompressInForce {
    /// UID.
    pub transfer_syntax: &'static str,
    /// Whether what comes out is another instance.
    pub lossy: bool,
}

/// How a destination is asked for what it acknowledged.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = ConfirmSettings)]
pub struct ConfirmInForce {
    /// `StorageCommitment`, `Find`; the next where the one before brought nothing in its share of `Timeout`.
    pub by: Vec<&'static str>,
    /// Seconds from the delivery to the first question.
    pub delay: u32,
    /// Seconds for which it is asked, from the first question on.
    pub timeout: u32,
}

/// Back-off with full jitter.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = RetrySettings)]
pub struct RetryInForce {
    pub max_attempts: u32,
    /// Seconds before the second attempt, at most.
    #[serde(serialize_with = "as_written")]
    pub delay: f64,
    #[serde(serialize_with = "as_written")]
    pub multiplier: f64,
    /// Seconds between two attempts, at most.
    #[serde(serialize_with = "as_written")]
    pub max_delay: f64,
    /// Whether what was refused is tried again.
    pub on_rejected: bool,
    /// Statuses with which what was refused is tried again: `A9xx`, `C000-C0FF`, `0122`.
    pub on_status: Vec<String>,
}

/// The settings in force for a destination.
pub fn in_force(settings: &DestinationSettings) -> InForce {
    InForce {
        target: settings.target.clone(),
        transport: word_of(&TRANSPORTS, &settings.transport),
        transfer_syntax: settings.transfer_syntax,
        associations: settings.associations,
        association_per: word_of(&ASSOCIATION_PER, &settings.association_per),
        split: settings.splits(),
        batch_size: settings.batch_size,
        level: word_of(&LEVELS, &settings.level),
        quiet_seconds: settings.quiet_seconds,
        max_quiet_seconds: settings.max_quiet_seconds,
        priority: settings.priority,
        reserved_associations: settings.reserved_associations,
        local_aet: match &settings.local_aet {
            LocalAet::Orthanc => None,
            LocalAet::Remote => Some(REMOTE_AET.to_owned()),
            LocalAet::Fixed(aet) => Some(aet.clone()),
        },
        timeout: settings.timeout,
        retry: RetryInForce {
            max_attempts: settings.retry.max_attempts,
            delay: settings.retry.delay,
            multiplier: settings.retry.multiplier,
            max_delay: settings.retry.max_delay,
            on_rejected: settings.retry.on_rejected,
            on_status: settings
                .retry
                .on_status
                .iter()
                .map(ToString::to_string)
                .collect(),
        },
        expire_after: settings.expire_after,
        max_bytes_per_second: settings.max_bytes_per_second,
        windows: settings.windows.iter().map(window::format).collect(),
        coerce: settings.coerce.as_ref().map(|recipe| recipe.name.clone()),
        original_attributes: settings.original_attributes,
        deidentify: settings.deidentify.as_ref().map(|one| one.name.clone()),
        compress: settings.compress.map(|compression| CompressInForce {
            transfer_syntax: compression.transfer_syntax,
            lossy: compression.lossy,
        }),
        confirm: settings.confirm.as_ref().map(|confirm| ConfirmInForce {
            by: (confirm.by.iter())
                .map(|means| word_of(&MEANS, means))
                .collect(),
            delay: confirm.delay,
            timeout: confirm.timeout,
        }),
        recipe: recipe(settings),
    }
}

fn recipe(settings: &DestinationSettings) -> Option<Value> {
    if let Some(coerce) = &settings.coerce {
        return coerce.written.get(0).cloned();
    }
    let mut written = settings.deidentify.as_ref()?.written.get(0)?.clone();
    if let Some(entry) = written.as_object_mut() {
        entry.shift_remove("KeyFile");
    }
    Some(written)
}

/// 30 rather than 30.0, as people write it.
fn as_written<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if value.fract() == 0.0 && (0.0..1e15).contains(value) {
        // Exact: the value is whole and in range.
        serializer.serialize_u64(*value as u64)
    } else {
        serializer.serialize_f64(*value)
    }
}
