//! Values as text, and text as values.

use crate::charset::Charset;
use crate::{Element, Elements, Tag, Vr, vr};

/// The character set of a data set. An item may name another one (PS3.3 C.12.1.1.2); without, it has that of what
/// contains it.
///
/// # Errors
///
/// One that is not known, by its name.
pub fn charset(elements: &Elements<'_>) -> Result<Charset, String> {
    let value = elements
        .get(Tag::SPECIFIC_CHARACTER_SET)
        .and_then(Element::bytes);
    Charset::of(value.unwrap_or_default())
}

/// The value of an element as text, without its padding; several are parted by `\`. `None` of what has no text: a
/// sequence, pixels, bytes.
///
/// # Errors
///
/// What its character set does not have, in words.
pub fn of(element: &Element<'_>, charset: &Charset) -> Result<Option<String>, String> {
    let kind = element.vr();
    if kind.is_string() {
        let Some(bytes) = element.bytes() else {
            return Ok(None);
        };
        let text = charset.decode(bytes, kind)?;
        return Ok(Some(trimmed(&text, kind)));
    }
    let Some(bytes) = element.little_endian() else {
        return Ok(None);
    };
    Ok(numbers(&bytes, kind))
}

/// A text as the value of an element, checked by its VR, without padding; numbers in little endian.
///
/// # Errors
///
/// Why it cannot be this value, in words.
pub fn value(text: &str, kind: Vr, charset: &Charset) -> Result<Vec<u8>, String> {
    if kind.is_string() {
        vr::check(kind, text)?;
        return charset.encode(text, kind);
    }
    let mut bytes = Vec::new();
    if !text.is_empty() {
        for number in text.split('\\') {
            let number = number.trim();
            put(number, kind, &mut bytes)?;
        }
    }
    Ok(bytes)
}

/// Padding means nothing (PS3.5 6.2): of each value, at its end, and before it where the VR says so.
fn trimmed(text: &str, kind: Vr) -> String {
    let trim = |text: &str| {
        let text = text.trim_end_matches(['\0', ' ']);
        match kind {
            Vr::LT | Vr::ST | Vr::UT | Vr::UC | Vr::UR | Vr::PN => text.to_owned(),
            _ => text.trim_start_matches(' ').to_owned(),
        }
    };
    if !kind.is_multiple() {
        return trim(text);
    }
    let values: Vec<_> = text.split('\\').map(trim).collect();
    values.join("\\")
}

/// Runs the block with `$number` for the Rust type of a VR's numbers.
macro_rules! with_number {
    ($kind:expr, $number:ident => $block:expr, else $none:expr) => {
        match $kind {
            Vr::US => {
                type $number = u16;
                $block
            }
            Vr::SS => {
                type $number = i16;
                $block
            }
            Vr::UL => {
                type $number = u32;
                $block
            }
            Vr::SL => {
                type $number = i32;
                $block
            }
            Vr::UV => {
                type $number = u64;
                $block
            }
            Vr::SV => {
                type $number = i64;
                $block
            }
            Vr::FL => {
                type $number = f32;
                $block
            }
            Vr::FD => {
                type $number = f64;
                $block
            }
            _ => $none,
        }
    };
}

fn numbers(bytes: &[u8], kind: Vr) -> Option<String> {
    let numbers: Vec<String> = if kind == Vr::AT {
        let tags = bytes.chunks_exact(4);
        tags.map(|tag| {
            let half = |at: usize| u16::from_le_bytes([tag[at], tag[at + 1]]);
            Tag(half(0), half(2)).to_string()
        })
        .collect()
    } else {
        with_number!(kind, Number => {
            let numbers = bytes.chunks_exact(size_of::<Number>());
            numbers
                .map(|number| Number::from_le_bytes(number.try_into().unwrap_or_default()).to_string())
                .collect()
        }, else return None)
    };
    Some(numbers.join("\\"))
}

fn put(text: &str, kind: Vr, bytes: &mut Vec<u8>) -> Result<(), String> {
    let wrong = || format!("\"{text}\" is no value of {kind}");
    if kind == Vr::AT {
        let tag: Tag = text.parse().map_err(|_| wrong())?;
        bytes.extend_from_slice(&crate::signatures::bytes_of(tag));
        return Ok(());
    }
    with_number!(kind, Number => {
        let number: Number = text.parse().map_err(|_| wrong())?;
        bytes.extend_from_slice(&number.to_le_bytes());
        Ok(())
    }, else Err(format!("a value of {kind} cannot be written as text")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ascii() -> Charset {
        Charset::of(b"").unwrap()
    }

    #[test]
    fn numbers_are_text_and_back() {
        for (kind, text, bytes) in [
            (Vr::US, "1\\65535", &[1, 0, 0xFF, 0xFF][..]),
            (Vr::SS, "-2", &[0xFE, 0xFF]),
            (Vr::UL, "70000", &[0x70, 0x11, 1, 0]),
            (Vr::AT, "0010,0020", &[0x10, 0, 0x20, 0]),
            (Vr::FD, "1.5", &1.5f64.to_le_bytes()),
            (Vr::US, "", &[]),
        ] {
            assert_eq!(value(text, kind, &ascii()).unwrap(), bytes, "{kind}");
            let element = Element::new(Tag(0x0028, 0x0010), kind, bytes.to_vec());
            assert_eq!(of(&element, &ascii()).unwrap().unwrap(), text, "{kind}");
        }
        for (kind, text) in [
            (Vr::US, "65536"),
            (Vr::US, "x"),
            (Vr::OB, "x"),
            (Vr::SQ, "x"),
        ] {
            assert!(value(text, kind, &ascii()).is_err(), "{kind} {text}");
        }
    }

    #[test]
    fn padding_is_no_text() {
        for (kind, bytes, text) in [
            (Vr::LO, &b" AB \\ CD "[..], "AB\\CD"),
            (Vr::UI, b"1.2\0", "1.2"),
            (Vr::UT, b"  AB  ", "  AB"),
            (Vr::CS, b"A\0", "A"),
            (Vr::SH, b"  ", ""),
        ] {
            let element = Element::new(Tag(0x0028, 0x0010), kind, bytes.to_vec());
            assert_eq!(of(&element, &ascii()).unwrap().unwrap(), text, "{kind}");
        }
    }
}
