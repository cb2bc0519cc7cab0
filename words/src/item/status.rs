//! A DIMSE status (PS3.4 B.2.3, PS3.7 Annex C) as people and programs write one that they look for.
//!
//! Invariant: a text means one status or none. Four digits are hexadecimal, as DICOM writes all of its statuses: `0122`
//! is 0122. What has another length and no `0x` is decimal, as a status is in JSON: `290` is 0122 too. So a decimal
//! number of four digits cannot be written; those are the statuses 03E8 to 270F, of which DICOM has none.

use std::fmt;

/// What may be written.
pub const ALLOWED: &str =
    "a status such as C000, 0xC000 or 49152 (four digits are hexadecimal), or none";

/// The same as a regular expression.
pub const PATTERN: &str = "^([Nn][Oo][Nn][Ee]|0[xX][0-9A-Fa-f]{1,4}|[0-9A-Fa-f]{4}|0|[1-9][0-9]{0,2}|[1-5][0-9]{4}|\
                           6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$";

/// Which DIMSE status an item shall have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusFilter {
    Is(u16),
    /// Items without one.
    None,
}

impl StatusFilter {
    /// `None`: the text is not [`ALLOWED`].
    pub fn parse(text: &str) -> Option<StatusFilter> {
        if text.eq_ignore_ascii_case("none") {
            return Some(StatusFilter::None);
        }
        let prefixed = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
        let digits = prefixed.unwrap_or(text);
        let is_hex = prefixed.is_some() || digits.len() == 4;
        // What `from_str_radix` takes besides digits: a sign.
        let has_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        // `012` may be meant as 0012 or as twelve.
        let is_plain = is_hex || digits == "0" || !digits.starts_with('0');
        if !has_digits || !is_plain || is_hex && digits.len() > 4 {
            return None;
        }
        let radix = if is_hex { 16 } else { 10 };
        let status = u16::from_str_radix(digits, radix).ok()?;
        Some(StatusFilter::Is(status))
    }
}

/// As `parse` takes it: `C000`, `none`.
impl fmt::Display for StatusFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StatusFilter::Is(status) => write!(f, "{status:04X}"),
            StatusFilter::None => f.write_str("none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_status_or_none() {
        let pattern = regex::Regex::new(PATTERN).unwrap();
        for (text, expected) in [
            ("C000", Some(0xC000)),
            ("c000", Some(0xC000)),
            ("0xC000", Some(0xC000)),
            ("0Xc000", Some(0xC000)),
            ("49152", Some(0xC000)),
            ("0122", Some(0x0122)),
            ("0x122", Some(0x0122)),
            ("290", Some(0x0122)),
            ("122", Some(122)),
            ("1000", Some(0x1000)),
            ("0000", Some(0)),
            ("0", Some(0)),
            ("0x0", Some(0)),
            ("FFFF", Some(0xFFFF)),
            ("65535", Some(0xFFFF)),
            ("65536", None),
            ("99999", None),
            ("0xC0000", None),
            ("0x", None),
            ("00", None),
            ("012", None),
            ("00290", None),
            ("C00", None),
            ("C0000", None),
            ("+290", None),
            ("+C00", None),
            ("-1", None),
            ("0x+12", None),
            (" C000", None),
            ("C000 ", None),
            ("A9xx", None),
            ("x", None),
            ("", None),
            ("Ⅽ000", None),
        ] {
            let expected = expected.map(StatusFilter::Is);
            assert_eq!(StatusFilter::parse(text), expected, "{text:?}");
            assert_eq!(pattern.is_match(text), expected.is_some(), "{text:?}");
        }
        for text in ["none", "None", "NONE"] {
            assert_eq!(StatusFilter::parse(text), Some(StatusFilter::None));
            assert!(pattern.is_match(text));
        }
    }

    #[test]
    fn each_status_is_read_as_it_is_shown_and_in_decimal_where_that_is_sure() {
        let pattern = regex::Regex::new(PATTERN).unwrap();
        for status in 0..=u16::MAX {
            let is = Some(StatusFilter::Is(status));
            let shown = StatusFilter::Is(status).to_string();
            let decimal = status.to_string();
            assert_eq!(StatusFilter::parse(&shown), is);
            assert_eq!(StatusFilter::parse(&format!("0x{status:x}")), is);
            assert_eq!(StatusFilter::parse(&decimal) == is, decimal.len() != 4);
            assert!(pattern.is_match(&shown) && pattern.is_match(&decimal));
        }
    }
}
