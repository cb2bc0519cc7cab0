//! From an instance in Orthanc to what goes over the line.
//!
//! Invariants:
//! - Where the receiver takes the stored transfer syntax, the data set goes out byte for byte as Orthanc stored it.
//! - What is announced to the receiver is what the data set is: the item's SOP instance UID, and the SOP class and
//!   transfer syntax that are in the file or that Orthanc has found. A file that says otherwise is left to Orthanc.
//! - A conversion never makes another instance of it: a result with another SOP instance UID is refused.
//! - What cannot be sent is told with the reason, never sent as something else.

use std::ops::Deref;

use orthanc_sdk::{CallError, Client, DicomFile, Host, TranscodedFile};
use serde_json::Value;

use super::contexts::{Contexts, Conversion, EXPLICIT_VR_BE, EXPLICIT_VR_LE, IMPLICIT_VR_LE, Kind};
use super::implicit::explicit_to_implicit;
use super::part10::{Part10, uid};
use crate::item::{Class, Item, Outcome};
use crate::transport::missing;
use crate::transport::transcode::transcode;

const DEFLATED: &str = "1.2.840.10008.1.2.1.99";

enum Bytes {
    Stored(DicomFile),
    Transcoded(TranscodedFile),
    Converted(Vec<u8>),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Bytes::Stored(file) => file,
            Bytes::Transcoded(file) => file,
            Bytes::Converted(bytes) => bytes,
        }
    }
}

/// An instance in memory.
pub struct Loaded {
    bytes: Bytes,
    /// Where the data set begins.
    data_set: usize,
    /// The data set, where it must be longer than in the file.
    padded: Option<Vec<u8>>,
    pub kind: Kind,
    pub sop_instance_uid: String,
}

/// Why an instance is not in memory.
#[derive(Debug)]
pub enum NotLoaded {
    /// The instance's own outcome.
    Outcome(Outcome),
    /// Orthanc may be able to send it.
    OnlyOrthanc(String),
}

/// Whether an instance can go over an association.
pub enum Prepared {
    /// In this presentation context.
    Ready(u8, Loaded),
    /// Its kind was not proposed: over a new association it may.
    NotProposed(Loaded),
    /// Why not, in words. With the instance: the receiver had the choice, and may take what is wanted where it has
    /// none.
    NotNegotiated(String, Option<Loaded>),
}

impl Loaded {
    pub fn data_set(&self) -> &[u8] {
        self.padded
            .as_deref()
            .unwrap_or(&self.bytes[self.data_set..])
    }

    /// Which instance it is the data set says. What cannot be read there, or is not there, `known` says.
    fn new(bytes: Bytes, known: impl FnOnce() -> Result<Known, String>) -> Result<Loaded, String> {
        let part10 = Part10::parse(&bytes).map_err(|error| error.to_string())?;
        let transfer_syntax = part10.transfer_syntax;
        let (sop_class, sop_instance_uid) = match (part10.sop_class_uid, part10.sop_instance_uid) {
            (Some(class), Some(instance)) => (class.to_owned(), instance.to_owned()),
            (class, instance) => {
                let known = known()?;
                if known.transfer_syntax != transfer_syntax {
                    return Err(format!(
                        "the stored file names transfer syntax {transfer_syntax}, which is {} for Orthanc",
                        known.transfer_syntax
                    ));
                }
                let class = class.map(str::to_owned).or(known.sop_class);
                // The last resort, where nothing contradicts it.
                let media_class = part10.media_storage_sop_class_uid;
                (
                    class
                        .or(media_class.map(str::to_owned))
                        .ok_or("the stored file names no SOP class")?,
                    instance.map_or(known.sop_instance_uid, str::to_owned),
                )
            }
        };
        Ok(Loaded {
            data_set: bytes.len() - part10.data_set.len(),
            padded: None,
            kind: Kind {
                sop_class,
                transfer_syntax: transfer_syntax.to_owned(),
            },
            sop_instance_uid,
            bytes,
        })
    }

    /// What was asked for, or nothing: a receiver would answer for another one.
    fn if_it_is(self, sop_instance_uid: &str) -> Result<Loaded, String> {
        // Orthanc may not have told it when the item was made.
        if sop_instance_uid.is_empty() || self.sop_instance_uid == sop_instance_uid {
            return Ok(self);
        }
        Err(format!(
            "the stored file is SOP instance {}, not {sop_instance_uid}",
            self.sop_instance_uid
        ))
    }

    /// Receivers refuse a data set of odd length (DCMTK does). A deflated one ends with a NUL then (PS3.5 A.5); any
    /// other is damaged, and Orthanc's SCU writes it anew.
    fn even(self) -> Result<Loaded, String> {
        if self.data_set().len() % 2 == 0 {
            return Ok(self);
        }
        if self.kind.transfer_syntax != DEFLATED {
            return Err("the data set of the stored file has an odd length".to_owned());
        }
        let mut padded = self.data_set().to_vec();
        padded.push(0);
        Ok(Loaded {
            padded: Some(padded),
            ..self
        })
    }

    /// Whether it has pixel data (7FE0,0010), as far as a look at the bytes tells: what has none is no image.
    fn may_have_pixel_data(&self) -> bool {
        let tag: [u8; 4] = match self.kind.transfer_syntax.as_str() {
            DEFLATED => return true,
            EXPLICIT_VR_BE => [0x7F, 0xE0, 0x00, 0x10],
            _ => [0xE0, 0x7F, 0x10, 0x00],
        };
        self.data_set().windows(4).any(|bytes| bytes == tag)
    }
}

/// What is known of an instance without its file.
struct Known {
    /// `None`: there is none in the data set.
    sop_class: Option<String>,
    transfer_syntax: String,
    sop_instance_uid: String,
}

impl Known {
    /// What Orthanc found when it stored the item's instance. One call: only for files that do not say it themselves.
    fn of(client: Client, item: &Item) -> Result<Known, String> {
        let answer = client
            .get_json(&format!("/instances/{}/metadata?expand", item.ids.instance))
            .map_err(|error| format!("Orthanc does not tell what the stored file is: {error}"))?;
        let metadata = |key: &str| {
            let text = answer.get(key).and_then(Value::as_str).unwrap_or_default();
            uid(text.as_bytes()).map(str::to_owned)
        };
        let sop_instance_uid = uid(item.ids.sop_instance_uid.as_bytes())
            .ok_or("the SOP instance UID of the stored file cannot be found")?;
        Ok(Known {
            sop_class: metadata("SopClassUid"),
            transfer_syntax: metadata("TransferSyntax")
                .ok_or("Orthanc does not know the transfer syntax of the stored file")?,
            sop_instance_uid: sop_instance_uid.to_owned(),
        })
    }
}

/// Reads an item's instance from Orthanc's storage.
pub fn load(host: Host, item: &Item) -> Result<Loaded, NotLoaded> {
    match host.read_instance(&item.ids.instance) {
        Ok(file) => Loaded::new(Bytes::Stored(file), || Known::of(host.client(), item))
            .and_then(|loaded| loaded.if_it_is(&item.ids.sop_instance_uid))
            .and_then(Loaded::even)
            .map_err(NotLoaded::OnlyOrthanc),
        Err(error) => Err(NotLoaded::Outcome(unreadable(
            host.client(),
            &item.ids.instance,
            &error,
        ))),
    }
}

/// An instance that Orthanc no longer has is told apart from a file that cannot be read.
fn unreadable(client: Client, instance: &str, error: &CallError) -> Outcome {
    if missing::is_gone(client, instance).unwrap_or(false) {
        missing::outcome()
    } else {
        Outcome::new(
            Class::Internal,
            format!("Orthanc could not read the instance from its storage: {error}"),
        )
    }
}

/// The presentation context to send it in, converted if that is needed and allowed.
pub fn prepare(
    host: Host,
    loaded: Loaded,
    contexts: &Contexts,
    conversion: &Conversion,
) -> Prepared {
    let forced = conversion
        .forced
        .as_deref()
        .filter(|forced| *forced != loaded.kind.transfer_syntax && loaded.may_have_pixel_data());
    let class = loaded.kind.sop_class.clone();
    let stored = loaded.kind.transfer_syntax.clone();
    let wanted = forced.unwrap_or(&stored);
    if !contexts.proposed(&class, &stored) || !contexts.proposed(&class, wanted) {
        return Prepared::NotProposed(loaded);
    }
    if let (Some(context), None) = (contexts.find(&class, &stored), forced) {
        return Prepared::Ready(context, loaded);
    }
    let refusal = contexts.refusal(&class, wanted);
    let ways: Vec<&str> = match forced {
        Some(forced) => vec![forced],
        None if conversion.allowed => conversion.fallbacks().collect(),
        None => Vec::new(),
    };
    let mut why = Vec::new();
    for syntax in ways {
        let Some(context) = contexts.find(&class, syntax) else {
            continue;
        };
        match convert(host, &loaded, syntax) {
            Ok(converted) => return Prepared::Ready(context, converted),
            Err(error) => why.push(format!("{syntax}: {error}")),
        }
    }
    let mut details = format!(
        "the receiver does not take SOP class {class} in transfer syntax {wanted} ({refusal})"
    );
    if !why.is_empty() {
        details = format!(
            "{details}, and Orthanc cannot convert it from {stored} to {}",
            why.join("; ")
        );
    } else if !conversion.allowed {
        details = format!("{details}, and AllowTranscoding is off");
    }
    let left_to_it = contexts.left_to_it(&class, wanted);
    Prepared::NotNegotiated(details, left_to_it.then_some(loaded))
}

fn convert(host: Host, loaded: &Loaded, transfer_syntax: &str) -> Result<Loaded, String> {
    if loaded.kind.transfer_syntax == EXPLICIT_VR_LE && transfer_syntax == IMPLICIT_VR_LE {
        // Cheap, and without Orthanc parsing the file. One that is damaged for us may be readable for Orthanc.
        if let Ok(bytes) = explicit_to_implicit(loaded.data_set()) {
            return Ok(Loaded {
                bytes: Bytes::Converted(bytes),
                data_set: 0,
                padded: None,
                kind: Kind {
                    transfer_syntax: transfer_syntax.to_owned(),
                    ..loaded.kind.clone()
                },
                sop_instance_uid: loaded.sop_instance_uid.clone(),
            });
        }
    }
    let file = transcode(host, &loaded.bytes, transfer_syntax)?;
    let known = || {
        Ok(Known {
            sop_class: Some(loaded.kind.sop_class.clone()),
            transfer_syntax: transfer_syntax.to_owned(),
            sop_instance_uid: loaded.sop_instance_uid.clone(),
        })
    };
    let converted = Loaded::new(Bytes::Transcoded(file), known).and_then(Loaded::even)?;
    if converted.kind.transfer_syntax != transfer_syntax {
        return Err(format!("it came out in {}", converted.kind.transfer_syntax));
    }
    if converted.sop_instance_uid != loaded.sop_instance_uid
        || converted.kind.sop_class != loaded.kind.sop_class
    {
        return Err("it would become another instance".to_owned());
    }
    Ok(converted)
}
