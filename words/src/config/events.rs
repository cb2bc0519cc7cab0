//! The section `SendQueue.Events`: what other systems are told.
//!
//! Invariants:
//! - Without the section nothing is written for it.
//! - Of what an instance says of its patient nothing is told but the tags that are asked for (`Tags`).

use super::conditions::{TagLookup, unknown_tag};
use super::mistake::{Mistakes, quoted_text};
use super::raw::Node;
use super::settings::{Tag, Webhook};
use super::webhook::{section_with_secrets, webhook};
use crate::item::Announcement;

/// `Events`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSettings {
    /// Days that an event can be asked for.
    pub keep_days: u32,
    /// The most events that are kept.
    pub max_events: u64,
    /// What is told of each instance, as it is stored; no tag twice.
    pub tags: Vec<Tag>,
    pub tenant: Tenant,
    /// At least one, none twice.
    pub on: Vec<Announcement>,
    /// Who is sent them; `None`: nobody, they are asked for.
    pub webhook: Option<EventWebhook>,
    /// Seconds without a new instance after which a study is complete; the same without a delivery.
    pub quiet_seconds: u32,
}

/// `Webhook`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventWebhook {
    pub webhook: Webhook,
    /// At least one, none twice; all of them are among [`EventSettings::on`].
    pub on: Vec<Announcement>,
}

/// To whom an instance belongs where one Orthanc serves several: the AET that it was sent to, or came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tenant {
    #[default]
    CalledAet,
    CallingAet,
}

const KEYS: [&str; 7] = [
    "KeepDays",
    "MaxEvents",
    "Tags",
    "Tenant",
    "On",
    "QuietSeconds",
    "Webhook",
];
const WEBHOOK_KEYS: [&str; 3] = ["Url", "Secret", "On"];

const ON: &str = "a list of one or more of \"instance.stored\", \"instance.delivered\", \"instance.failed\", \
                  \"study.complete\", \"study.delivered\", each once";
const TAGS: &str = "a list of tags, each once, or \"Standard\"";
const TENANTS: [(&str, Tenant); 2] = [
    ("CalledAet", Tenant::CalledAet),
    ("CallingAet", Tenant::CallingAet),
];

/// The keyword of `"Tags": "Standard"`: what a table of patients, studies, series and images consists of.
const STANDARD: &str = "Standard";

pub(super) fn events(
    node: &Node<'_>,
    lookup: TagLookup<'_>,
    mistakes: &mut Mistakes,
) -> Option<EventSettings> {
    let section = node.section(&KEYS, mistakes)?;
    let mut settings = EventSettings {
        keep_days: 7,
        max_events: 5_000_000,
        tags: Vec::new(),
        tenant: Tenant::default(),
        on: vec![Announcement::InstanceStored, Announcement::StudyDelivered],
        webhook: None,
        quiet_seconds: 60,
    };
    section.read("KeepDays", &mut settings.keep_days, |n| {
        n.integer(1..=3650, mistakes)
    });
    section.read("MaxEvents", &mut settings.max_events, |n| {
        n.integer(1000..=1_000_000_000, mistakes)
    });
    section.read("Tags", &mut settings.tags, |n| tags(n, lookup, mistakes));
    section.read("Tenant", &mut settings.tenant, |n| {
        n.choice(&TENANTS, mistakes)
    });
    section.read("On", &mut settings.on, |n| on(n, mistakes));
    section.read("QuietSeconds", &mut settings.quiet_seconds, |n| {
        n.integer(1..=86_400, mistakes)
    });
    let all = settings.on.clone();
    section.read("Webhook", &mut settings.webhook, |n| {
        webhook_of(n, &all, mistakes).map(Some)
    });
    Some(settings)
}

fn webhook_of(
    node: &Node<'_>,
    all: &[Announcement],
    mistakes: &mut Mistakes,
) -> Option<EventWebhook> {
    let section = section_with_secrets(node, &WEBHOOK_KEYS, mistakes)?;
    let receiver = webhook(&section, mistakes);
    let mut kinds = vec![Announcement::StudyDelivered];
    section.read("On", &mut kinds, |n| on(n, mistakes));
    for kind in kinds.iter().filter(|kind| !all.contains(kind)) {
        let found = quoted_text(kind.as_str());
        mistakes.add(&section.path_of("On"), found, "what Events.On has");
    }
    Some(EventWebhook {
        webhook: receiver?,
        on: kinds,
    })
}

fn on(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Vec<Announcement>> {
    let table = Announcement::ALL.map(|kind| (kind.as_str(), kind));
    let nodes = node.list(ON, mistakes)?;
    if nodes.is_empty() {
        node.wrong(mistakes, ON);
        return None;
    }
    let mut kinds = Vec::new();
    for entry in &nodes {
        match entry.choice(&table, mistakes) {
            Some(kind) if kinds.contains(&kind) => entry.wrong(mistakes, "each word once"),
            Some(kind) => kinds.push(kind),
            None => {}
        }
    }
    Some(kinds)
}

fn tags(node: &Node<'_>, lookup: TagLookup<'_>, mistakes: &mut Mistakes) -> Option<Vec<Tag>> {
    if node.value.as_str() == Some(STANDARD) {
        return Some(STANDARD_TAGS.map(standard).to_vec());
    }
    let mut tags: Vec<Tag> = Vec::new();
    for entry in &node.list(TAGS, mistakes)? {
        let Some(written) = entry.text("a tag", mistakes) else {
            continue;
        };
        let Some((group, element)) = super::conditions::number(written).or_else(|| lookup(written))
        else {
            let (found, allowed) = unknown_tag(written, &[]);
            mistakes.add(&entry.path, found, allowed);
            continue;
        };
        let is_same = |other: &Tag| (other.group, other.element) == (group, element);
        if tags.iter().any(is_same) {
            entry.wrong(mistakes, "each tag once");
            continue;
        }
        tags.push(Tag {
            group,
            element,
            written: written.to_owned(),
        });
    }
    Some(tags)
}

fn standard((group, element, written): (u16, u16, &str)) -> Tag {
    Tag {
        group,
        element,
        written: written.to_owned(),
    }
}

/// PS3.6: of the patient, the study, the series, the image.
const STANDARD_TAGS: [(u16, u16, &str); 44] = [
    (0x0010, 0x0020, "PatientID"),
    (0x0010, 0x0010, "PatientName"),
    (0x0010, 0x0040, "PatientSex"),
    (0x0010, 0x0030, "PatientBirthDate"),
    (0x0010, 0x0032, "PatientBirthTime"),
    (0x0010, 0x1010, "PatientAge"),
    (0x0010, 0x1020, "PatientSize"),
    (0x0010, 0x1030, "PatientWeight"),
    (0x0008, 0x0020, "StudyDate"),
    (0x0008, 0x0030, "StudyTime"),
    (0x0008, 0x0050, "AccessionNumber"),
    (0x0020, 0x0010, "StudyID"),
    (0x0008, 0x1030, "StudyDescription"),
    (0x0008, 0x0060, "Modality"),
    (0x0020, 0x0011, "SeriesNumber"),
    (0x0008, 0x0021, "SeriesDate"),
    (0x0008, 0x0031, "SeriesTime"),
    (0x0008, 0x103e, "SeriesDescription"),
    (0x0018, 0x0015, "BodyPartExamined"),
    (0x0018, 0x1030, "ProtocolName"),
    (0x0020, 0x0013, "InstanceNumber"),
    (0x0008, 0x0023, "ContentDate"),
    (0x0008, 0x0033, "ContentTime"),
    (0x0008, 0x0008, "ImageType"),
    (0x0020, 0x0037, "ImageOrientationPatient"),
    (0x0020, 0x0032, "ImagePositionPatient"),
    (0x0018, 0x0050, "SliceThickness"),
    (0x0028, 0x0030, "PixelSpacing"),
    (0x0018, 0x0088, "SpacingBetweenSlices"),
    (0x0020, 0x1041, "SliceLocation"),
    (0x0028, 0x0002, "SamplesPerPixel"),
    (0x0028, 0x0004, "PhotometricInterpretation"),
    (0x0028, 0x0010, "Rows"),
    (0x0028, 0x0011, "Columns"),
    (0x0028, 0x0100, "BitsAllocated"),
    (0x0028, 0x0101, "BitsStored"),
    (0x0028, 0x0102, "HighBit"),
    (0x0028, 0x0103, "PixelRepresentation"),
    (0x0028, 0x1052, "RescaleIntercept"),
    (0x0028, 0x1053, "RescaleSlope"),
    (0x0028, 0x1054, "RescaleType"),
    (0x0028, 0x1050, "WindowCenter"),
    (0x0028, 0x1051, "WindowWidth"),
    (0x0028, 0x0008, "NumberOfFrames"),
];
