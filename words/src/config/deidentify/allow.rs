//! `Allow`: what usually carries text about the patient in its pixels or its content, and may go all the same.

use crate::config::mistake::{Mistakes, one_of};
use crate::config::raw::Node;

/// Why an instance is not trusted to be without such text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suspicion {
    /// Burned In Annotation (0028,0301) is YES.
    BurnedIn,
    /// Secondary Capture.
    Sc,
    /// Ultrasound.
    Us,
    /// X-Ray angiography.
    Xa,
    /// X-Ray radiofluoroscopy.
    Rf,
    /// Endoscopy.
    Es,
    /// Photography.
    Xc,
    /// Encapsulated documents.
    Doc,
    /// Structured reports and key objects.
    Sr,
    /// Presentation states.
    Pr,
    /// `SECONDARY` in Image Type (0008,0008).
    Secondary,
    /// `SCREEN SAVE` in Image Type.
    ScreenSave,
    /// `LABEL` in Image Type: the picture of a slide's label.
    Label,
    /// An overlay in bits of the pixels (60xx,0102).
    Overlay,
}

impl Suspicion {
    pub const ALL: [(&'static str, Suspicion); 14] = [
        ("BURNED IN", Suspicion::BurnedIn),
        ("SC", Suspicion::Sc),
        ("US", Suspicion::Us),
        ("XA", Suspicion::Xa),
        ("RF", Suspicion::Rf),
        ("ES", Suspicion::Es),
        ("XC", Suspicion::Xc),
        ("DOC", Suspicion::Doc),
        ("SR", Suspicion::Sr),
        ("PR", Suspicion::Pr),
        ("SECONDARY", Suspicion::Secondary),
        ("SCREEN SAVE", Suspicion::ScreenSave),
        ("LABEL", Suspicion::Label),
        ("OVERLAY", Suspicion::Overlay),
    ];

    pub fn word(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, one)| *one == self);
        found.map_or("", |(word, _)| word)
    }
}

/// What may go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Allow {
    pub suspicions: Vec<Suspicion>,
    /// UIDs of SOP classes.
    pub sop_classes: Vec<String>,
}

pub(super) fn allow(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Allow> {
    let words = || one_of(Suspicion::ALL.iter().map(|(word, _)| *word), None);
    let allowed = || format!("a list of UIDs of SOP classes and of words, {}", words());
    let nodes = node.list(&allowed(), mistakes)?;
    let mut read = Allow::default();
    for node in &nodes {
        let Some(text) = node.text(&allowed(), mistakes) else {
            continue;
        };
        let suspicion = Suspicion::ALL.iter().find(|(word, _)| *word == text);
        if let Some((_, suspicion)) = suspicion {
            if read.suspicions.contains(suspicion) {
                node.wrong(mistakes, "each word once");
            }
            read.suspicions.push(*suspicion);
        } else if is_uid(text) {
            if read.sop_classes.iter().any(|one| one == text) {
                node.wrong(mistakes, "each UID once");
            }
            read.sop_classes.push(text.to_owned());
        } else {
            let words = Suspicion::ALL.iter().map(|(word, _)| *word);
            let words = one_of(words, Some(text));
            node.wrong(mistakes, format!("the UID of a SOP class, or {words}"));
        }
    }
    Some(read)
}

/// PS3.5 9.1.
fn is_uid(text: &str) -> bool {
    let component = |one: &str| {
        let digits = !one.is_empty() && one.bytes().all(|byte| byte.is_ascii_digit());
        digits && (one == "0" || !one.starts_with('0'))
    };
    text.len() <= 64 && text.contains('.') && text.split('.').all(component)
}
