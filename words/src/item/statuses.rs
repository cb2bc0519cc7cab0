//! Patterns of C-STORE statuses (PS3.4 B.2.3, PS3.7 Annex C), as an administrator writes them.
//!
//! Invariants:
//! - No pattern covers a status with which the instance is stored: what has arrived is not sent again.
//! - 0122 (SOP class not supported) and 0124 (not authorized) do not pass by waiting: only a pattern that is that very
//!   status covers one.
//! - A pattern covers at least one status.

use super::outcome::Class;

/// What only its own name covers.
const BY_NAME: [u16; 2] = [0x0122, 0x0124];

/// What a pattern can be.
pub const ALLOWED: &str = "four hexadecimal digits such as \"0110\", with x for any digit such as \"A9xx\", or a range \
                           such as \"C000-C0FF\"";

/// A pattern of statuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statuses {
    /// In upper case, `x` for any digit.
    written: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    One(u16),
    /// The digits that are given, and where they are.
    Digits {
        value: u16,
        mask: u16,
    },
    /// Both included.
    Range(u16, u16),
}

impl Statuses {
    /// # Errors
    /// What may stand there instead.
    pub fn parse(text: &str) -> Result<Statuses, String> {
        let kind = match text.split_once('-') {
            Some((first, last)) => match (one(first), one(last)) {
                (Some(first), Some(last)) if first <= last => Some(Kind::Range(first, last)),
                _ => None,
            },
            None => one(text).map(Kind::One).or_else(|| digits(text)),
        };
        let Some(kind) = kind else {
            return Err(ALLOWED.to_owned());
        };
        let statuses = Statuses {
            written: text.to_ascii_uppercase().replace('X', "x"),
            kind,
        };
        let is_stored =
            |status: &u16| matches!(Class::of_status(*status), Class::Success | Class::Warning);
        let mut covered = (0..=u16::MAX)
            .filter(|status| statuses.covers(*status))
            .peekable();
        if covered.peek().is_none() {
            return Err("\"0122\" or \"0124\" by itself: no range covers them".to_owned());
        }
        match covered.find(is_stored) {
            Some(stored) => Err(format!(
                "no pattern of {stored:04X}, with which the instance is stored"
            )),
            None => Ok(statuses),
        }
    }

    pub fn covers(&self, status: u16) -> bool {
        match self.kind {
            Kind::One(one) => one == status,
            _ if BY_NAME.contains(&status) => false,
            Kind::Digits { value, mask } => status & mask == value,
            Kind::Range(first, last) => (first..=last).contains(&status),
        }
    }
}

impl std::fmt::Display for Statuses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.written)
    }
}

fn one(text: &str) -> Option<u16> {
    // `from_str_radix` takes a sign too.
    let digits = text.len() == 4 && text.bytes().all(|c| c.is_ascii_hexdigit());
    digits.then(|| u16::from_str_radix(text, 16).ok()).flatten()
}

fn digits(text: &str) -> Option<Kind> {
    if text.len() != 4 {
        return None;
    }
    let (mut value, mut mask) = (0, 0);
    for c in text.chars() {
        let (digit, known) = match c {
            'x' | 'X' => (0, 0),
            _ => (c.to_digit(16)? as u16, 0xF),
        };
        value = value << 4 | digit;
        mask = mask << 4 | known;
    }
    Some(Kind::Digits { value, mask })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(pattern: &str) -> Vec<u16> {
        let pattern = Statuses::parse(pattern).unwrap();
        (0..=u16::MAX)
            .filter(|status| pattern.covers(*status))
            .collect()
    }

    #[test]
    fn patterns_cover_what_they_say() {
        let table: [(&str, Vec<u16>); 9] = [
            ("C000", vec![0xC000]),
            ("c0ff", vec![0xC0FF]),
            ("A9xx", (0xA900..=0xA9FF).collect()),
            ("a9XX", (0xA900..=0xA9FF).collect()),
            ("Cx0F", (0..16).map(|digit| 0xC00F | digit << 8).collect()),
            ("xC12", (0..16).map(|digit| 0x0C12 | digit << 12).collect()),
            ("C000-C0FF", (0xC000..=0xC0FF).collect()),
            ("C001-C001", vec![0xC001]),
            ("FFFF", vec![0xFFFF]),
        ];
        for (pattern, expected) in table {
            assert_eq!(covered(pattern), expected, "{pattern}");
        }
    }

    #[test]
    fn what_does_not_pass_is_covered_by_its_name_only() {
        for status in BY_NAME {
            let name = format!("{status:04X}");
            assert_eq!(covered(&name), [status]);
            for pattern in ["012x", "0120-012F", "0x22", "x122", "0112-0FFF"] {
                let covers = Statuses::parse(pattern).map(|pattern| pattern.covers(status));
                assert_eq!(covers, Ok(false), "{pattern}");
            }
            let range = Statuses::parse(&format!("{name}-{name}"));
            assert!(range.unwrap_err().contains("by itself"));
        }
    }

    #[test]
    fn what_is_stored_is_never_covered() {
        for pattern in [
            "0000",
            "B000",
            "B006",
            "B007",
            "0111",
            "xxxx",
            "Bxxx",
            "B00x",
            "01xx",
            "011x",
            "A000-B000",
            "0000-FFFF",
            "0110-0112",
        ] {
            let why = Statuses::parse(pattern).unwrap_err();
            assert!(
                why.contains("with which the instance is stored"),
                "{pattern}: {why}"
            );
        }
    }

    #[test]
    fn anything_else_is_no_pattern() {
        for text in [
            "",
            "C",
            "C00",
            "C0000",
            "0xC000",
            "G000",
            "C000-",
            "-C000",
            "C0FF-C000",
            "C0xx-C1xx",
            "A9xx,C000",
            " C000",
            "+C00",
            "C0 0",
            "ü00",
            "C000–C0FF",
            "éé",
        ] {
            assert_eq!(Statuses::parse(text), Err(ALLOWED.to_owned()), "{text:?}");
        }
    }
}
