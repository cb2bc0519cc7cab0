//! From an instance in Orthanc to what goes over the line.
//!
//! Invariants:
//! - Where the receiver takes the stored transfer syntax, the data set goes out byte for byte as Orthanc stored it.
//! - What is announced to the receiver is what the data set is: the item's SOP instance UID, and the SOP class and
//!   transfer syntax that are in the file or that Orthanc has found. A file that says otherwise is left to Orthanc.
//! - A conversion never makes another instance of it: a result with another SOP instance UID is refused.
//! - What cannot be sent is told with the reason, never sent as something else.
//! - With an editor only what it made goes out ([`load_edited`] has no other way), and what is announced is what that
//!   is. What is left to Orthanc otherwise is then not sent at all: Orthanc would send the stored bytes.

use orthanc_sdk::{CallError, Client, Host};
use serde_json::Value;

use super::contexts::{Contexts, Conversion, EXPLICIT_VR_BE, EXPLICIT_VR_LE, IMPLICIT_VR_LE, Kind};
use super::implicit::explicit_to_implicit;
use super::part10::{self, Part10, uid};
use crate::item::{Class, Item, Outcome, SentSeries};
use crate::transport::budget::Share;
use crate::transport::edited::{Bytes, Edited, Editor, NotEdited, Stored, edit};
use crate::transport::missing;
use crate::transport::pieces::{self, Piece};
use crate::transport::transcode::{transcode, transcode_lossily};

const DEFLATED: &str = "1.2.840.10008.1.2.1.99";
/// Bytes of a changed data set in which the UIDs of its study and series are looked for.
const NEAR: usize = 1 << 20;

/// An instance in memory.
pub struct Loaded {
    source: Bytes,
    data_set: Vec<Piece>,
    /// The source is a file that has this data set.
    is_file: bool,
    pub kind: Kind,
    pub sop_instance_uid: String,
    /// It goes out as another instance than the stored one.
    pub is_another: bool,
    /// It is not the data set that is stored: an editor was at it, or it was converted.
    pub altered: bool,
}

/// Why an instance is not in memory.
#[derive(Debug)]
pub enum NotLoaded {
    /// The instance's own outcome.
    Outcome(Outcome),
    /// Orthanc may be able to send it.
    OnlyOrthanc(String),
    /// Nothing is the matter with the instance, but with something of ours, now.
    NotNow(String),
}

impl From<NotEdited> for NotLoaded {
    fn from(not: NotEdited) -> NotLoaded {
        match not {
            NotEdited::Outcome(outcome) => NotLoaded::Outcome(outcome),
            NotEdited::NotNow(reason) => NotLoaded::NotNow(reason),
        }
    }
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
    /// A file as it is.
    fn stored(file: Bytes, about: About) -> Result<Loaded, String> {
        Loaded {
            data_set: vec![Piece::Kept(about.from..file.len())],
            source: file,
            is_file: true,
            kind: about.kind,
            sop_instance_uid: about.sop_instance_uid,
            is_another: false,
            altered: false,
        }
        .even()
        .map_err(|problem| format!("the data set of the stored file {problem}"))
    }

    /// What an editor made of an instance with this SOP Instance UID.
    fn edited(edited: Edited, stored: &str) -> Result<Loaded, NotEdited> {
        let loaded = Loaded {
            source: edited.source,
            data_set: edited.data_set,
            is_file: edited.is_file,
            kind: edited.kind,
            is_another: edited.sop_instance_uid != stored,
            sop_instance_uid: edited.sop_instance_uid,
            altered: true,
        };
        // A receiver would answer for another one. Where it can be seen without a copy, it is looked at.
        let slices = loaded.slices();
        let first = slices.iter().find(|slice| !slice.is_empty());
        let (class, instance) =
            part10::in_data_set(first.unwrap_or(&&[][..]), &loaded.kind.transfer_syntax);
        for (said, is) in [
            (class, &loaded.kind.sop_class),
            (instance, &loaded.sop_instance_uid),
        ] {
            if said.is_some_and(|said| uid(said) != Some(is)) {
                let why =
                    "the changed data set is of another SOP class or instance than it should be";
                return Err(NotEdited::coercion(why));
            }
        }
        loaded
            .even()
            .map_err(|problem| NotEdited::coercion(format!("the changed data set {problem}")))
    }

    /// The data set, in the order in which it is sent.
    pub fn slices(&self) -> Vec<&[u8]> {
        pieces::slices(&self.source, &self.data_set)
    }

    /// What questions say of its series, of what was sent to this address.
    pub fn series(&self, target: String) -> SentSeries {
        let slices = self.slices();
        let joined: Vec<u8>;
        let data_set = match slices.as_slice() {
            [whole] => whole,
            // The UIDs stand near the beginning, before anything large.
            pieces => {
                joined = pieces
                    .iter()
                    .copied()
                    .flatten()
                    .take(NEAR)
                    .copied()
                    .collect();
                &joined[..]
            }
        };
        let (study, series) = part10::parents(data_set, &self.kind.transfer_syntax);
        let known = |uid: Option<&str>| uid.unwrap_or_default().to_owned();
        SentSeries {
            target,
            study: known(study),
            series: known(series),
            sop_class: self.kind.sop_class.clone(),
        }
    }

    /// Bytes of memory that it takes.
    pub fn memory(&self) -> u64 {
        let bytes = self
            .source
            .len()
            .saturating_add(pieces::made(&self.data_set));
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// Receivers refuse a data set of odd length (DCMTK does). A deflated one ends with a NUL then (PS3.5 A.5); any
    /// other is damaged, and Orthanc's SCU writes it anew.
    fn even(mut self) -> Result<Loaded, &'static str> {
        if pieces::length(&self.data_set) % 2 == 0 {
            return Ok(self);
        }
        if self.kind.transfer_syntax != DEFLATED {
            return Err("has an odd length");
        }
        self.data_set.push(Piece::Made(vec![0]));
        Ok(self)
    }

    /// Whether it has pixel data (7FE0,0010), as far as a look at the bytes tells: what has none is no image.
    fn may_have_pixel_data(&self) -> bool {
        let tag: u32 = match self.kind.transfer_syntax.as_str() {
            DEFLATED => return true,
            EXPLICIT_VR_BE => 0x7FE0_0010,
            _ => 0xE07F_1000,
        };
        // It may begin in one piece and end in the next.
        let mut last = 0;
        self.slices().into_iter().any(|slice| {
            slice.iter().any(|byte| {
                last = last << 8 | u32::from(*byte);
                last == tag
            })
        })
    }
}

/// What a file is.
struct About {
    /// Where its data set begins.
    from: usize,
    kind: Kind,
    sop_instance_uid: String,
}

impl About {
    /// Which instance it is the data set says. What cannot be read there, or is not there, `known` says.
    fn of(file: &[u8], known: impl FnOnce() -> Result<Known, String>) -> Result<About, String> {
        let part10 = Part10::parse(file).map_err(|error| error.to_string())?;
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
        Ok(About {
            from: file.len() - part10.data_set.len(),
            kind: Kind {
                sop_class,
                transfer_syntax: transfer_syntax.to_owned(),
            },
            sop_instance_uid,
        })
    }

    /// What was asked for, or nothing: a receiver would answer for another one.
    fn if_it_is(self, sop_instance_uid: &str) -> Result<About, String> {
        // Orthanc may not have told it when the item was made.
        if sop_instance_uid.is_empty() || self.sop_instance_uid == sop_instance_uid {
            return Ok(self);
        }
        Err(format!(
            "the stored file is SOP instance {}, not {sop_instance_uid}",
            self.sop_instance_uid
        ))
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

/// What reads items' instances, and changes them where it is asked to.
#[derive(Clone, Copy)]
pub struct Loader<'a> {
    pub host: Host,
    /// `None`: what is stored goes out.
    pub editor: Option<&'a dyn Editor>,
}

impl Loader<'_> {
    /// What is sent for an item.
    pub fn load(&self, item: &Item) -> Result<Loaded, NotLoaded> {
        match self.editor {
            None => load_stored(self.host, item),
            Some(editor) => Ok(load_edited(self.host, item, editor)?),
        }
    }

    /// Bytes of memory that it will take, as far as can be said before.
    pub fn memory(&self, item: &Item) -> u64 {
        let stored = item.size_bytes;
        self.editor.map_or(stored, |editor| editor.memory(stored))
    }
}

fn load_stored(host: Host, item: &Item) -> Result<Loaded, NotLoaded> {
    let file = read(host, item).map_err(NotLoaded::Outcome)?;
    about(host, item, &file)
        .and_then(|about| Loaded::stored(file, about))
        .map_err(NotLoaded::OnlyOrthanc)
}

/// What an editor makes of an item's instance, or nothing.
fn load_edited(host: Host, item: &Item, editor: &dyn Editor) -> Result<Loaded, NotEdited> {
    let stored = stored(host, item)?;
    let uid = stored.sop_instance_uid.clone();
    Loaded::edited(edit(editor, item, stored)?, &uid)
}

/// An item's instance for an editor.
///
/// # Errors
/// What becomes of an item whose instance cannot be read, or is not what it should be.
pub fn stored(host: Host, item: &Item) -> Result<Stored, NotEdited> {
    let file = read(host, item).map_err(NotEdited::Outcome)?;
    let about = about(host, item, &file).map_err(NotEdited::coercion)?;
    Ok(Stored::new(
        file,
        about.from,
        about.kind,
        about.sop_instance_uid,
    ))
}

/// An image in a lossy transfer syntax: another instance, whose SOP Instance UID Orthanc made up.
///
/// # Errors
/// In words: Orthanc cannot encode it so.
pub fn encode_lossily(
    host: Host,
    stored: &Stored,
    transfer_syntax: &str,
) -> Result<Stored, String> {
    let file = transcode_lossily(host, stored.file(), transfer_syntax)?;
    let unnamed = || Err("what comes out does not say which instance it is".to_owned());
    let about = About::of(&file, unnamed)?;
    let kind = Kind {
        transfer_syntax: transfer_syntax.to_owned(),
        ..stored.kind.clone()
    };
    if about.kind != kind {
        let Kind {
            sop_class,
            transfer_syntax,
        } = about.kind;
        return Err(format!(
            "it came out as SOP class {sop_class} in {transfer_syntax}"
        ));
    }
    let (from, uid) = (about.from, about.sop_instance_uid);
    Ok(Stored::new(Bytes::Transcoded(file), from, kind, uid))
}

/// Reads an item's instance from Orthanc's storage.
fn read(host: Host, item: &Item) -> Result<Bytes, Outcome> {
    host.read_instance(&item.ids.instance)
        .map(Bytes::Stored)
        .map_err(|error| unreadable(host.client(), &item.ids.instance, &error))
}

/// What the stored file is; `Err`: why that is not what was asked for.
fn about(host: Host, item: &Item, file: &[u8]) -> Result<About, String> {
    About::of(file, || Known::of(host.client(), item))
        .and_then(|about| about.if_it_is(&item.ids.sop_instance_uid))
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
    share: &mut Share<'_>,
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
        match convert(host, &loaded, syntax, share) {
            Ok(converted) => return Prepared::Ready(context, converted.of(loaded, syntax)),
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

/// What is sent instead.
enum Converted {
    /// In pieces of the same source.
    Pieces(Vec<Piece>),
    File(Loaded),
}

impl Converted {
    fn of(self, loaded: Loaded, transfer_syntax: &str) -> Loaded {
        match self {
            Converted::File(file) => Loaded {
                is_another: loaded.is_another,
                altered: true,
                ..file
            },
            Converted::Pieces(data_set) => Loaded {
                data_set,
                is_file: false,
                kind: Kind {
                    transfer_syntax: transfer_syntax.to_owned(),
                    ..loaded.kind
                },
                altered: true,
                ..loaded
            },
        }
    }
}

fn convert(
    host: Host,
    loaded: &Loaded,
    transfer_syntax: &str,
    share: &mut Share<'_>,
) -> Result<Converted, String> {
    if loaded.kind.transfer_syntax == EXPLICIT_VR_LE && transfer_syntax == IMPLICIT_VR_LE {
        // Cheap, and without Orthanc parsing the file. One that is damaged for us may be readable for Orthanc.
        if let Ok(pieces) = explicit_to_implicit(&loaded.source, &loaded.data_set) {
            return Ok(Converted::Pieces(pieces));
        }
    }
    let whole = pieces::length(&loaded.data_set);
    let whole = u64::try_from(whole).unwrap_or(u64::MAX);
    let transcoded = if loaded.is_file {
        share.hold(loaded.memory().saturating_add(whole));
        transcode(host, &loaded.source, transfer_syntax)
    } else {
        share.hold(loaded.memory().saturating_add(whole.saturating_mul(2)));
        let file = part10::file(&loaded.kind, &loaded.sop_instance_uid, &loaded.slices());
        transcode(host, &file, transfer_syntax)
    };
    let file = Bytes::Transcoded(transcoded?);
    let known = || {
        Ok(Known {
            sop_class: Some(loaded.kind.sop_class.clone()),
            transfer_syntax: transfer_syntax.to_owned(),
            sop_instance_uid: loaded.sop_instance_uid.clone(),
        })
    };
    let about = About::of(&file, known)?;
    let converted = Loaded::stored(file, about)?;
    if converted.kind.transfer_syntax != transfer_syntax {
        return Err(format!("it came out in {}", converted.kind.transfer_syntax));
    }
    if converted.sop_instance_uid != loaded.sop_instance_uid
        || converted.kind.sop_class != loaded.kind.sop_class
    {
        return Err("it would become another instance".to_owned());
    }
    Ok(Converted::File(converted))
}
