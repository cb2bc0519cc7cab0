//! What we need of a certificate (RFC 5280 4.1) that rustls does not tell: version, dates and names.
//!
//! Invariants:
//! - Nothing is trusted because of what is read here alone: it makes words, refuses what is out of date, and finds the
//!   next certificate of our own chain.
//! - Any bytes are answered, without a panic.

use jiff::civil::{DateTime, date};

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The optional version, `[0] EXPLICIT`.
const VERSION: u8 = 0xa0;

/// Parts of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts<'a> {
    /// 1 to 3.
    pub version: u8,
    /// A name in DER, as is.
    pub issuer: &'a [u8],
    pub subject: &'a [u8],
    /// The SubjectPublicKeyInfo, in DER.
    pub public_key: &'a [u8],
    /// Seconds since 1970.
    pub not_before: i64,
    pub not_after: i64,
}

/// A value of DER, and what comes after it.
struct Value<'a> {
    tag: u8,
    content: &'a [u8],
    /// With tag and length.
    whole: &'a [u8],
}

pub fn read(certificate: &[u8]) -> Option<Facts<'_>> {
    let mut rest = certificate;
    let mut rest = expect(&mut rest, SEQUENCE)?.content;
    let mut fields = expect(&mut rest, SEQUENCE)?.content;
    let mut version = 1;
    if fields.first() == Some(&VERSION) {
        let mut inner = expect(&mut fields, VERSION)?.content;
        let number = expect(&mut inner, INTEGER)?.content;
        version = match number {
            [number @ 0..=2] => number + 1,
            _ => return None,
        };
    }
    expect(&mut fields, INTEGER)?;
    expect(&mut fields, SEQUENCE)?;
    let issuer = expect(&mut fields, SEQUENCE)?.whole;
    let mut validity = expect(&mut fields, SEQUENCE)?.content;
    let subject = expect(&mut fields, SEQUENCE)?.whole;
    let public_key = expect(&mut fields, SEQUENCE)?.whole;
    Some(Facts {
        version,
        issuer,
        subject,
        public_key,
        not_before: time(&next(&mut validity)?)?,
        not_after: time(&next(&mut validity)?)?,
    })
}

fn expect<'a>(rest: &mut &'a [u8], tag: u8) -> Option<Value<'a>> {
    next(rest).filter(|value| value.tag == tag)
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<Value<'a>> {
    let bytes = *rest;
    let (&tag, after) = bytes.split_first()?;
    let (&first, after) = after.split_first()?;
    let (length, after) = match first {
        0..=0x7f => (usize::from(first), after),
        0x81..=0x83 => {
            let (length, after) = after.split_at_checked(usize::from(first - 0x80))?;
            let length = length
                .iter()
                .fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            (length, after)
        }
        _ => return None,
    };
    let (content, after) = after.split_at_checked(length)?;
    *rest = after;
    Some(Value {
        tag,
        content,
        whole: &bytes[..bytes.len() - after.len()],
    })
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ` (RFC 5280 4.1.2.5).
fn time(value: &Value<'_>) -> Option<i64> {
    let digits = value.content.strip_suffix(b"Z")?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (year, rest) = digits.split_at_checked(match value.tag {
        UTC_TIME => 2,
        GENERALIZED_TIME => 4,
        _ => return None,
    })?;
    let year = year
        .iter()
        .fold(0, |sum: i16, digit| sum * 10 + i16::from(digit - b'0'));
    let year = match value.tag {
        UTC_TIME if year < 50 => 2000 + year,
        UTC_TIME => 1900 + year,
        _ => year,
    };
    let pairs: &[u8; 10] = rest.try_into().ok()?;
    let pair = |i: usize| i8::try_from((pairs[2 * i] - b'0') * 10 + pairs[2 * i + 1] - b'0').ok();
    let time = DateTime::new(year, pair(0)?, pair(1)?, pair(2)?, pair(3)?, pair(4)?, 0).ok()?;
    // Not by a time stamp of jiff: those end in 9999 a day too early.
    Some(
        date(1970, 1, 1)
            .at(0, 0, 0, 0)
            .duration_until(time)
            .as_secs(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let run = |tag, text: &str| {
            time(&Value {
                tag,
                content: text.as_bytes(),
                whole: &[],
            })
        };
        assert_eq!(run(UTC_TIME, "700101000001Z"), Some(1));
        assert_eq!(run(UTC_TIME, "240229120000Z"), Some(1_709_208_000));
        assert_eq!(
            run(GENERALIZED_TIME, "20500101000000Z"),
            Some(2_524_608_000)
        );
        // Ends that certificates without an end have (RFC 5280 4.1.2.5).
        assert_eq!(
            run(GENERALIZED_TIME, "99991231235959Z"),
            Some(253_402_300_799)
        );
        assert!(run(UTC_TIME, "500101000000Z") < Some(0));
        for wrong in [
            "",
            "Z",
            "240230120000Z",
            "2402291200Z",
            "240229120000",
            "24022912000xZ",
            "240229120000+01",
        ] {
            assert_eq!(run(UTC_TIME, wrong), None, "{wrong}");
        }
        assert_eq!(run(INTEGER, "240229120000Z"), None);
    }
}
