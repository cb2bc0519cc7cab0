//! The levels of a data set that a path leads to, each with its character set.
//!
//! Invariant: text of an item is read and written in the item's own character set, where it names one (PS3.3
//! C.12.1.1.2), else in that of what contains it.

use sendqueue_dicom::charset::Charset;
use sendqueue_dicom::path::{Path, Step, Which};
use sendqueue_dicom::{Element, Elements, Tag, Vr, dictionary, text};

use super::NotChanged;

/// A tag as people write it: `PatientID (0010,0020)`.
pub fn named(tag: Tag) -> String {
    match dictionary::keyword(tag) {
        Some(keyword) => format!("{keyword} ({tag})"),
        None => format!("({tag})"),
    }
}

/// `at` is the path to the element.
pub fn impossible(at: &str, tag: Tag, why: impl std::fmt::Display) -> NotChanged {
    NotChanged::Impossible(format!("{}: {why}", at_path(at, tag)))
}

/// An element, and in which items it is.
pub fn at_path(at: &str, tag: Tag) -> String {
    match at.rsplit_once('.') {
        Some((levels, _)) => format!("{levels}.{}", named(tag)),
        None => named(tag),
    }
}

/// The character set of a level; `above`: of what contains it.
pub fn charset(level: &Elements<'_>, above: Option<&Charset>) -> Result<Charset, NotChanged> {
    match above {
        Some(above) if level.get(Tag::SPECIFIC_CHARACTER_SET).is_none() => Ok(above.clone()),
        _ => {
            let written = level.get(Tag::SPECIFIC_CHARACTER_SET);
            let written = written.and_then(Element::bytes).unwrap_or_default();
            Ok(Charset::as_far_as_known(written))
        }
    }
}

/// The text of an element, with the VR that the standard gives it where the data set knows none.
///
/// # Errors
/// Why it has no text that can be read.
pub fn read(element: &Element<'_>, charset: &Charset) -> Result<String, String> {
    let known = dictionary::vr(element.tag()).filter(|vr| vr.is_string());
    let read = match (element.vr(), known, element.bytes()) {
        (Vr::UN, Some(vr), Some(bytes)) => {
            let element = Element::new(element.tag(), vr, bytes.to_vec());
            text::of(&element, charset)
        }
        // A private element of no known kind may be text all the same: bytes that are nothing else are.
        (Vr::UN, None, Some(bytes)) => plain(bytes, charset).map(Some),
        _ => text::of(element, charset),
    };
    read?.ok_or_else(|| format!("its VR is {}, which has no text", element.vr()))
}

/// What is text only if it cannot be taken for anything else.
fn plain(bytes: &[u8], charset: &Charset) -> Result<String, String> {
    let is_control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0C);
    let bare = match bytes {
        [bare @ .., 0] => bare,
        bytes => bytes,
    };
    if bare.iter().any(is_control) {
        return Err("it is binary, or text with codes that switch the character set".to_owned());
    }
    let text = charset.decode(bare, Vr::LO)?;
    Ok(text.trim_matches(' ').to_owned())
}

/// The one element that a path without `[*]` leads to, as text; `None`: it is not there.
pub fn value(path: &Path, root: &Elements<'_>) -> Result<Option<String>, NotChanged> {
    let mut level = root;
    let mut inside = charset(root, None)?;
    for step in path.steps() {
        let items = level.get(step.sequence).map(Element::items);
        let items = items.transpose()?.flatten().unwrap_or_default();
        let item = match step.item {
            Which::One(item) => items.get(item),
            Which::All => items.first(),
        };
        let Some(item) = item else {
            return Ok(None);
        };
        inside = charset(item, Some(&inside))?;
        level = item;
    }
    let Some(element) = level.get(path.leaf()) else {
        return Ok(None);
    };
    let text = read(element, &inside);
    text.map(Some)
        .map_err(|why| impossible(&path.to_string(), path.leaf(), why))
}

/// What is done at a level: the path to the element there, with numbers for items.
pub type Visit<'v, 'f> =
    dyn FnMut(&mut Elements<'f>, &Charset, &str) -> Result<(), NotChanged> + 'v;

/// Visits each level that the element is, or can be, in. `make`: the next item is made where it is asked for and is
/// not there.
pub fn change<'f>(
    path: &Path,
    root: &mut Elements<'f>,
    make: bool,
    visit: &mut Visit<'_, 'f>,
) -> Result<(), NotChanged> {
    let charset = charset(root, None)?;
    let leaf = path.to_string();
    let leaf = leaf.rsplit('.').next().unwrap_or_default().to_owned();
    into(path, path.steps(), root, &charset, "", &leaf, make, visit)
}

#[allow(clippy::too_many_arguments)]
fn into<'f>(
    path: &Path,
    steps: &[Step],
    level: &mut Elements<'f>,
    inside: &Charset,
    place: &str,
    leaf: &str,
    make: bool,
    visit: &mut Visit<'_, 'f>,
) -> Result<(), NotChanged> {
    let [step, rest @ ..] = steps else {
        return visit(level, inside, &format!("{place}{leaf}"));
    };
    let count = match level.get(step.sequence) {
        Some(sequence) => sequence.items()?.map_or(0, <[_]>::len),
        None => 0,
    };
    let items = match step.item {
        Which::All => 0..count,
        Which::One(item) if item < count => item..item + 1,
        Which::One(_) if !make => return Ok(()),
        Which::One(item) if item > count => {
            let why = format!("there is no item {item} in {}", named(step.sequence));
            return Err(impossible(&path.to_string(), path.leaf(), why));
        }
        Which::One(item) => {
            add_item(level, step.sequence)?;
            item..item + 1
        }
    };
    if items.is_empty() {
        return Ok(());
    }
    let name = dictionary::keyword(step.sequence);
    let name = name.map_or_else(|| step.sequence.to_string(), str::to_owned);
    let Some(all) = level.get_mut(step.sequence) else {
        return Ok(());
    };
    let Some(all) = all.items_mut()? else {
        return Ok(());
    };
    for (index, item) in all.iter_mut().enumerate().take(items.end).skip(items.start) {
        let inside = charset(item, Some(inside))?;
        let place = format!("{place}{name}[{index}].");
        into(path, rest, item, &inside, &place, leaf, make, visit)?;
    }
    Ok(())
}

fn add_item(level: &mut Elements<'_>, sequence: Tag) -> Result<(), NotChanged> {
    if let Some(element) = level.get_mut(sequence) {
        if let Some(items) = element.items_mut()? {
            items.push(Elements::new());
            return Ok(());
        }
    }
    level.set_items(sequence, vec![Elements::new()]);
    Ok(())
}
