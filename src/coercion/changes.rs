//! What differs between a data set as it is stored and as it is sent.
//!
//! Invariant: found by comparing the two, so that whatever changes an instance is told of in the same way.

use std::collections::BTreeMap;

use sendqueue_dicom::charset::Charset;
use sendqueue_dicom::{Element, Elements, Tag, Vr, dictionary, text};

use super::place::read;

/// Most characters of a value that are shown.
const LONGEST: usize = 256;

/// One element that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `PatientID`, `RequestAttributesSequence[0].AccessionNumber`, `0009,1001`; an item that is there in one of the
    /// two only is `RequestAttributesSequence[1]`.
    pub path: String,
    pub vr: Vr,
    /// `None`: it is not there. What has no text, and what cannot be read, is told in parentheses.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// Elements of the data set itself before they, or something in them, were changed; `None`: it was not there.
#[derive(Debug, Clone, Default)]
pub struct Changes<'f>(BTreeMap<Tag, Option<Element<'f>>>);

impl<'f> Changes<'f> {
    /// Keeps the element, before something in it is changed for the first time.
    pub fn keep(&mut self, root: &Elements<'f>, top: Tag) {
        let kept = self.0.entry(top);
        kept.or_insert_with(|| root.get(top).cloned());
    }

    /// What was changed there and back again is no change.
    pub fn settle(&mut self, root: &Elements<'f>) {
        let charset = text::charset(root).ok();
        self.0.retain(|tag, before| {
            let mut found = Vec::new();
            let both = Both {
                before: charset.as_ref(),
                after: charset.as_ref(),
            };
            both.element(before.as_ref(), root.get(*tag), "", &mut found);
            !found.is_empty()
        });
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of their tags.
    pub fn previous(&self) -> impl Iterator<Item = (Tag, Option<&Element<'f>>)> {
        let all = self.0.iter();
        all.map(|(tag, element)| (*tag, element.as_ref()))
    }
}

/// All that differs, in the order of the tags.
pub fn differences(before: &Elements<'_>, after: &Elements<'_>) -> Vec<Change> {
    let (one, other) = (text::charset(before).ok(), text::charset(after).ok());
    let both = Both {
        before: one.as_ref(),
        after: other.as_ref(),
    };
    let mut found = Vec::new();
    both.elements(before, after, "", &mut found);
    found
}

/// The character sets of the two; `None`: it is not known.
#[derive(Clone, Copy)]
struct Both<'c> {
    before: Option<&'c Charset>,
    after: Option<&'c Charset>,
}

impl Both<'_> {
    fn elements(
        self,
        before: &Elements<'_>,
        after: &Elements<'_>,
        place: &str,
        found: &mut Vec<Change>,
    ) {
        let own = before.iter().map(Element::tag);
        let mut tags: Vec<Tag> = own.chain(after.iter().map(Element::tag)).collect();
        tags.sort_unstable();
        tags.dedup();
        for tag in tags {
            self.element(before.get(tag), after.get(tag), place, found);
        }
    }

    fn element(
        self,
        before: Option<&Element<'_>>,
        after: Option<&Element<'_>>,
        place: &str,
        found: &mut Vec<Change>,
    ) {
        let what = |element: &Element<'_>| (element.tag(), element.vr());
        let Some((tag, vr)) = after.map(what).or(before.map(what)) else {
            return;
        };
        let name = dictionary::keyword(tag);
        let name = name.map_or_else(|| tag.to_string(), str::to_owned);
        let path = format!("{place}{name}");
        if let (Some(one), Some(other)) = (items(before), items(after)) {
            return self.items(one, other, &path, found);
        }
        // By what is there, never by what is shown of it.
        if is_same(before, after) {
            return;
        }
        let (mut one, mut other) = (shown(before, self.before), shown(after, self.after));
        if one == other {
            // They differ where nothing is shown of them.
            one = told_apart(one, before);
            other = told_apart(other, after);
        }
        found.push(Change {
            path,
            vr,
            before: one,
            after: other,
        });
    }

    fn items(
        self,
        before: &[Elements<'_>],
        after: &[Elements<'_>],
        path: &str,
        found: &mut Vec<Change>,
    ) {
        for index in 0..before.len().max(after.len()) {
            let place = format!("{path}[{index}]");
            let (one, other) = (before.get(index), after.get(index));
            if let (Some(one), Some(other)) = (one, other) {
                let (own, others) = (own_charset(one), own_charset(other));
                let both = Both {
                    before: own.as_ref().or(self.before),
                    after: others.as_ref().or(self.after),
                };
                both.elements(one, other, &format!("{place}."), found);
                continue;
            }
            found.push(Change {
                path: place,
                vr: Vr::SQ,
                before: one.map(|item| format!("(an item of {} elements)", item.len())),
                after: other.map(|item| format!("(an item of {} elements)", item.len())),
            });
        }
    }
}

/// Whether two elements say the same, but for padding. Compressed pixels are not looked at: no recipe changes them.
fn is_same(before: Option<&Element<'_>>, after: Option<&Element<'_>>) -> bool {
    let (Some(one), Some(other)) = (before, after) else {
        return before.is_none() && after.is_none();
    };
    match (one.little_endian(), other.little_endian()) {
        (Some(one), Some(other)) => trimmed(&one) == trimmed(&other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !matches!(byte, b' ' | 0));
    &bytes[..end.map_or(0, |end| end + 1)]
}

fn items<'e, 'f>(element: Option<&'e Element<'f>>) -> Option<&'e [Elements<'f>]> {
    element?.items().ok().flatten()
}

/// That of an item that names one.
fn own_charset(item: &Elements<'_>) -> Option<Charset> {
    item.get(Tag::SPECIFIC_CHARACTER_SET)?;
    text::charset(item).ok()
}

fn shown(element: Option<&Element<'_>>, charset: Option<&Charset>) -> Option<String> {
    let element = element?;
    let read = charset.map(|charset| read(element, charset));
    Some(match (read, element.items(), element.bytes()) {
        (Some(Ok(text)), ..) => match text.char_indices().nth(LONGEST) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        },
        (_, Ok(Some(items)), _) if items.len() == 1 => "(1 item)".to_owned(),
        (_, Ok(Some(items)), _) => format!("({} items)", items.len()),
        (_, _, Some(bytes)) => format!("({} bytes: {:08x})", bytes.len(), sum(bytes)),
        _ if element.fragments().is_some() => "(compressed image data)".to_owned(),
        _ => "(not readable)".to_owned(),
    })
}

fn told_apart(shown: Option<String>, element: Option<&Element<'_>>) -> Option<String> {
    let bytes = element.and_then(Element::bytes).unwrap_or_default();
    let shown = shown.unwrap_or_default();
    Some(format!(
        "{shown} ({} bytes: {:08x})",
        bytes.len(),
        sum(bytes)
    ))
}

/// So that other bytes look otherwise.
fn sum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| {
        (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193)
    })
}
