//! Code extensions (PS3.5 6.1.2.5): which character set is in force where.

use super::repertoire::Repertoire;
use crate::Vr;

const ESCAPE: u8 = 0x1B;

/// What is in force: in place of ASCII, and from 0x80 on.
#[derive(Clone, Copy, PartialEq)]
struct Halves {
    lower: Repertoire,
    upper: Option<Repertoire>,
}

impl Halves {
    /// With several bytes for a character, none is the first (PS3.3 C.12.1.1.2): then ASCII is.
    fn first(repertoires: &[Repertoire]) -> Halves {
        let first = repertoires.first().copied();
        let first = first.unwrap_or(Repertoire::ascii());
        Halves {
            lower: first.lower_half(),
            upper: Some(first).filter(|first| !first.is_lower() && !first.is_double()),
        }
    }
}

/// Where the first ones are in force again (PS3.5 6.1.2.5.3).
fn resets(character: char, vr: Vr) -> bool {
    character.is_ascii_control()
        || (character == '\\' && vr.is_multiple())
        || (matches!(character, '^' | '=') && vr == Vr::PN)
}

/// The first character that none of them has is the error.
pub(super) fn encode(repertoires: &[Repertoire], text: &str, vr: Vr) -> Result<Vec<u8>, char> {
    let first = Halves::first(repertoires);
    let mut now = first;
    let mut bytes = Vec::with_capacity(text.len() + 8);
    let lead = |to: Repertoire, bytes: &mut Vec<u8>| {
        bytes.push(ESCAPE);
        bytes.extend_from_slice(to.escape());
    };
    let back = |now: &mut Halves, bytes: &mut Vec<u8>| {
        if now.lower != first.lower {
            lead(first.lower, bytes);
        }
        if let Some(upper) = first.upper.filter(|_| now.upper != first.upper) {
            lead(upper, bytes);
        }
        *now = first;
    };
    for character in text.chars() {
        if resets(character, vr) {
            back(&mut now, &mut bytes);
        } else if character.is_ascii() && now.lower != first.lower {
            lead(first.lower, &mut bytes);
            now.lower = first.lower;
        }
        if let Ok(byte @ 0..0x80) = u8::try_from(character) {
            bytes.push(byte);
            continue;
        }
        let in_force = [Some(now.lower), now.upper].into_iter().flatten();
        if in_force
            .into_iter()
            .any(|one| one.put(character, &mut bytes))
        {
            continue;
        }
        let mut coded = Vec::new();
        let found = repertoires
            .iter()
            .copied()
            .find(|one| one.put(character, &mut coded))
            .ok_or(character)?;
        lead(found, &mut bytes);
        bytes.extend(coded);
        if found.is_lower() {
            now.lower = found;
        } else {
            now.upper = Some(found);
        }
    }
    back(&mut now, &mut bytes);
    Ok(bytes)
}

/// Escape sequences that (0008,0005) does not announce are followed too. What leads to a half that the first character
/// set leaves empty stays in force: some writers do not repeat it.
pub(super) fn decode(repertoires: &[Repertoire], bytes: &[u8], vr: Vr) -> Option<String> {
    let first = Halves::first(repertoires);
    let mut now = first;
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [byte, after @ ..] = rest {
        if *byte == ESCAPE {
            let (to, length) = Repertoire::led_to(after)?;
            if to.is_lower() {
                now.lower = to;
            } else {
                now.upper = Some(to);
            }
            rest = &after[length..];
            continue;
        }
        let half = if *byte < 0x80 { now.lower } else { now.upper? };
        let is_double = half.is_double() && !matches!(byte, 0..=0x20);
        if *byte < 0x80 && !is_double {
            let character = char::from(*byte);
            text.push(character);
            if resets(character, vr) {
                now = Halves {
                    lower: first.lower,
                    upper: first.upper.or(now.upper),
                };
            }
            rest = after;
            continue;
        }
        let (character, after) = rest.split_at_checked(if is_double { 2 } else { 1 })?;
        text.push(half.get(character)?);
        rest = after;
    }
    Some(text)
}
