//! The tags of one instance, asked from Orthanc for the rules.
//!
//! Orthanc's list of tags (1.10.1 to 1.13.0) shows as null what is binary, what has no known value representation
//! (`UN`, and with it most private elements in Implicit VR), and text of more than 256 characters unless it is asked
//! for by name. It ends at the pixel data. What it does not show is read as raw bytes, which are text only if they
//! cannot be taken for anything else.

use orthanc_sdk::{CallError, Client};
use serde_json::Value;

use crate::config::settings::{Settings, Tag};
use crate::routing::{Element, TagSource, TagValues};

const CHARACTER_SET: &str = "0008,0005";
const PIXEL_DATA: &str = "7fe0,0010";

/// What the list of tags is asked with: the tags of all rules, so that their text is told however long.
pub fn query(settings: &Settings) -> String {
    let rules = settings.rules.iter();
    let mut tags: Vec<String> = rules
        .flat_map(|rule| rule.when.tags.iter().chain(&rule.unless.tags))
        .map(|(tag, _)| uri_part(tag))
        .collect();
    tags.sort_unstable();
    tags.dedup();
    format!("?short&ignore-length={}", tags.join(","))
}

fn uri_part(tag: &Tag) -> String {
    tag.key().replace(',', "-")
}

/// Reads the tags of `instance`.
pub struct OrthancTags<'a> {
    pub client: Client,
    pub instance: &'a str,
    /// [`query`].
    pub query: &'a str,
    /// The call that failed, if one did.
    pub failed: Option<CallError>,
}

impl OrthancTags<'_> {
    fn ask<T>(&mut self, answer: Result<T, CallError>) -> Result<T, String> {
        answer.map_err(|error| {
            let text = error.to_string();
            self.failed = Some(error);
            text
        })
    }
}

impl TagSource for OrthancTags<'_> {
    fn list(&mut self) -> Result<TagValues, String> {
        let uri = format!("/instances/{}/tags{}", self.instance, self.query);
        let answer = self.client.get(&uri);
        let answer = self.ask(answer)?;
        if !answer.is_success() {
            return Err(format!("HTTP status {}", answer.status));
        }
        TagValues::read(&answer.body).map_err(|_| "Orthanc answered no object".to_owned())
    }

    fn one(&mut self, tag: &Tag, listed: &TagValues) -> Result<Element, String> {
        let content = format!("/instances/{}/content", self.instance);
        // Orthanc does not tell an element that is missing from a call that failed.
        let answer = self.client.get_json(&content);
        let names = self.ask(answer)?;
        let part = uri_part(tag);
        let names = names.as_array().into_iter().flatten();
        if !names.filter_map(Value::as_str).any(|name| name == part) {
            return Ok(Element::Missing);
        }
        if tag.key() == PIXEL_DATA {
            return Ok(Element::Unreadable("is the pixel data".to_owned()));
        }
        let answer = self.client.get(&format!("{content}/{part}"));
        let answer = self.ask(answer)?;
        if !answer.is_success() {
            return Err(format!("cannot be read: HTTP status {}", answer.status));
        }
        // Of a sequence Orthanc tells the numbers of its items.
        if let Ok(items) = serde_json::from_slice::<Vec<Value>>(&answer.body) {
            return Ok(Element::Sequence {
                is_empty: items.is_empty(),
            });
        }
        let text = text(&answer.body, listed.text(CHARACTER_SET));
        Ok(text.map_or_else(Element::Unreadable, Element::Text))
    }
}

/// The text that these bytes are, in the instance's Specific Character Set (PS3.3 C.12.1.1.2).
fn text(bytes: &[u8], character_set: Option<&str>) -> Result<String, String> {
    let mut bytes = bytes;
    while let [start @ .., b' '] = bytes {
        bytes = start;
    }
    // UIDs are padded with NUL (PS3.5 6.2); a number in binary ends so as well.
    if let [uid @ .., 0] = bytes {
        let is_uid = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        if uid.contains(&b'.') && uid.iter().all(is_uid) {
            bytes = uid;
        }
    }
    let is_control = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c);
    if bytes.iter().any(|byte| is_control(*byte) || *byte == 0x7f) {
        return Err("is binary, or text with codes that switch the character set".to_owned());
    }
    if let Some(text) = std::str::from_utf8(bytes)
        .ok()
        .filter(|text| text.is_ascii())
    {
        return Ok(text.to_owned());
    }
    // The first of several: without codes that switch it holds to the end.
    let set = character_set.unwrap_or_default();
    let set = set.split('\\').next().unwrap_or_default().trim();
    let text = match set {
        "ISO_IR 192" => String::from_utf8(bytes.to_vec()).ok(),
        // ISO 8859-1: the bytes are the code points; from 80 to 9F there is no text.
        "ISO_IR 100" | "ISO 2022 IR 100" => {
            let is_text = bytes.iter().all(|byte| !(0x80..=0x9f).contains(byte));
            is_text.then(|| bytes.iter().map(|byte| char::from(*byte)).collect())
        }
        other => {
            return Err(format!(
                "has characters that are not read in the set {other:?}"
            ));
        }
    };
    text.ok_or_else(|| format!("is binary, or no text in the set {set:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_text_only_if_nothing_else() {
        let table: [(&[u8], Option<&str>, Option<&str>); 17] = [
            (b"", None, Some("")),
            (b"hello ", None, Some("hello")),
            (b"A\\B", None, Some("A\\B")),
            (b"two\r\nlines", None, Some("two\r\nlines")),
            (b"1.2.840.1\0", None, Some("1.2.840.1")),
            (b"1\0", None, None),
            (b"M\0", None, None),
            (b"hello\0", None, None),
            (b"\0\0\x80?", None, None),
            (b"\x1b$B;3", Some("\\ISO 2022 IR 87"), None),
            (b"\xe9t\xe9 ", Some("ISO_IR 100"), Some("été")),
            (
                b"\xe9t\xe9 ",
                Some("ISO 2022 IR 100\\ISO 2022 IR 126"),
                Some("été"),
            ),
            (b"\xe9\x85", Some("ISO_IR 100"), None),
            ("été".as_bytes(), Some("ISO_IR 192"), Some("été")),
            (b"\xe9t\xe9", Some("ISO_IR 192"), None),
            (b"\xe9t\xe9", Some("ISO_IR 144"), None),
            (b"\xe9t\xe9", None, None),
        ];
        for (bytes, set, expected) in table {
            let found = text(bytes, set);
            assert_eq!(found.ok().as_deref(), expected, "{bytes:?} {set:?}");
        }
    }
}
