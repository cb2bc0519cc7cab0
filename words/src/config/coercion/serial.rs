//! Reads `Serials`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::recipe::Serial;
use crate::config::mistake::Mistakes;
use crate::config::raw::Node;

const KEYS: [&str; 2] = ["Prefix", "Start"];
/// So that there is always room to count on.
const MOST: u64 = 999_999_999_999_999;

/// Each entry by its name; `None`: it has a mistake.
pub(in crate::config) type Serials = BTreeMap<String, Option<Arc<Serial>>>;

pub(in crate::config) fn serials(node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Serials> {
    let allowed = "an object from names to numbers, for instance { \"accessions\": { \"Prefix\": \"RT\", \"Start\": 1 } }";
    let section = node.object(allowed, mistakes)?;
    let mut read = Serials::new();
    for (name, node) in section.entries() {
        let before = mistakes.0.len();
        if !is_plain(name) {
            let allowed = "a name of letters, digits, - and _";
            mistakes.add(&node.path, "an unusual name", allowed);
        }
        let serial = serial(name, &node, mistakes);
        let valid = mistakes.0.len() == before;
        let serial = serial.filter(|_| valid).map(Arc::new);
        read.insert(name.to_owned(), serial);
    }
    Some(read)
}

/// Names stand in addresses of the REST API.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    (1..=64).contains(&name.len()) && name.bytes().all(plain)
}

fn serial(name: &str, node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Serial> {
    let section = node.section(&KEYS, mistakes)?;
    let mut serial = Serial {
        name: name.to_owned(),
        prefix: String::new(),
        start: 1,
    };
    if node
        .value
        .as_object()
        .is_some_and(|object| object.is_empty())
    {
        let allowed =
            "a Prefix, a Start, or both: plain numbers from 1 on may be those of real orders";
        node.wrong(mistakes, allowed);
    }
    section.read("Prefix", &mut serial.prefix, |n| {
        let allowed =
            "1 to 15 printable ASCII characters without backslash, not starting with a blank";
        let text = n.text(allowed, mistakes)?;
        let printable = |c: char| (' '..='~').contains(&c) && c != '\\';
        if (1..=15).contains(&text.len()) && text.chars().all(printable) && !text.starts_with(' ') {
            return Some(text.to_owned());
        }
        n.wrong(mistakes, allowed);
        None
    });
    section.read("Start", &mut serial.start, |n| {
        n.integer(1..=MOST, mistakes)
    });
    Some(serial)
}
