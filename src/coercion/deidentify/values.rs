//! The values that take the place of others.
//!
//! Invariant: whatever comes out depends on the key and on what comes in, and on nothing else: the same tomorrow, in
//! another process, for another destination.

use jiff::ToSpan;
use jiff::civil::Date;
use ring::hmac;
use sendqueue_dicom::Vr;

use crate::config::deidentify::Key;

/// UIDs that the standard itself gives.
const OF_DICOM: &str = "1.2.840.10008.";
/// A UID that is made of a number (PS3.5 B.2, ITU-T X.667).
const ROOT: &str = "2.25.";
/// Days that dates are shifted by at most.
const LONGEST_SHIFT: u64 = 3650;

/// The key, ready to be used.
pub struct Secret(hmac::Key);

impl Secret {
    pub fn new(key: &Key) -> Secret {
        Secret(hmac::Key::new(hmac::HMAC_SHA256, key.reveal()))
    }

    pub fn hash(&self, bytes: &[u8]) -> [u8; 32] {
        let tag = hmac::sign(&self.0, bytes);
        let mut hash = [0; 32];
        hash.copy_from_slice(tag.as_ref());
        hash
    }

    /// The UID in the place of another one.
    pub fn uid(&self, original: &str) -> String {
        if original.starts_with(OF_DICOM) && is_uid(original) {
            return original.to_owned();
        }
        let hash = self.hash(original.as_bytes());
        let mut number = [0; 16];
        number.copy_from_slice(&hash[..16]);
        format!("{ROOT}{}", u128::from_be_bytes(number))
    }

    /// The same for each value of an element; an empty one stays empty.
    pub fn uids(&self, value: &[u8]) -> Vec<u8> {
        let text = String::from_utf8_lossy(value);
        let one = |value: &str| match value.trim_matches([' ', '\0']) {
            "" => String::new(),
            uid => self.uid(uid),
        };
        let all: Vec<String> = text.split('\\').map(one).collect();
        all.join("\\").into_bytes()
    }

    /// Days by which the dates of a patient lie back: 1 to 3650. `issuer`: whose number it is.
    pub fn shift(&self, issuer: &str, patient: &str) -> i64 {
        // The length keeps two pairs apart that are the same bytes one behind the other.
        let text = format!("dates:{}:{issuer}{patient}", issuer.len());
        let hash = self.hash(text.as_bytes());
        let mut number = [0; 8];
        number.copy_from_slice(&hash[..8]);
        (u64::from_be_bytes(number) % LONGEST_SHIFT) as i64 + 1
    }
}

fn is_uid(text: &str) -> bool {
    text.len() <= 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.')
}

/// A value with its dates so many days earlier; times of day and time zones as they are. `None`: something in it is
/// none (PS3.5 6.2).
pub fn shifted(value: &[u8], vr: Vr, days: i64) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(value).ok()?;
    let one = |value: &str| match value.trim_matches([' ', '\0']) {
        "" => Some(String::new()),
        value => match vr {
            Vr::DA => date(value, days),
            Vr::DT => date_time(value, days),
            Vr::TM => is_time(value).then(|| value.to_owned()),
            Vr::SH => is_offset(value).then(|| value.to_owned()),
            _ => None,
        },
    };
    let all: Option<Vec<String>> = text.split('\\').map(one).collect();
    Some(all?.join("\\").into_bytes())
}

fn date(text: &str, days: i64) -> Option<String> {
    // The form of ACR-NEMA, with dots (PS3.5 6.2, note to DA).
    let digits = match text.as_bytes() {
        [_, _, _, _, b'.', _, _, b'.', _, _] => text.replace('.', ""),
        _ => text.to_owned(),
    };
    if digits.len() != 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize, to: usize| digits.get(from..to)?.parse::<i16>().ok();
    let (month, day) = (part(4, 6)?, part(6, 8)?);
    let date = Date::new(part(0, 4)?, month.try_into().ok()?, day.try_into().ok()?);
    let date = date.ok()?.checked_sub(days.days()).ok()?;
    let year = u16::try_from(date.year()).ok().filter(|year| *year > 0)?;
    Some(format!("{year:04}{:02}{:02}", date.month(), date.day()))
}

fn date_time(text: &str, days: i64) -> Option<String> {
    let (day, rest) = text.split_at_checked(8)?;
    let (time, offset) = match rest.find(['+', '-']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let is_valid = (time.is_empty() || is_time(time)) && (offset.is_empty() || is_offset(offset));
    is_valid
        .then(|| date(day, days))
        .flatten()
        .map(|day| format!("{day}{rest}"))
}

/// HHMMSS.FFFFFF, less of it, or with colons.
fn is_time(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'.' | b':');
    text.len() <= 16 && text.bytes().all(is_part)
}

/// &ZZXX, of (0008,0201) and of DT.
fn is_offset(text: &str) -> bool {
    match text.as_bytes() {
        [b'+' | b'-', digits @ ..] => digits.len() == 4 && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

/// A value that says nothing, as long as one of this VR has to be; `length`: of the one that was there.
pub fn dummy(vr: Vr, length: usize) -> Vec<u8> {
    let text = match vr {
        Vr::AS => "000Y",
        Vr::DA => "19000101",
        Vr::DT => "19000101000000",
        Vr::TM => "000000",
        Vr::DS => "0",
        // Counts and references begin with 1.
        Vr::IS => "1",
        Vr::UR => "http://anonymized.invalid",
        vr if vr.is_string() => "ANONYMIZED",
        Vr::US | Vr::UL | Vr::SS | Vr::SL | Vr::UV | Vr::SV => {
            let mut one = vec![0; vr.width()];
            one[0] = 1;
            return one.repeat(length / vr.width());
        }
        _ => return vec![0; length],
    };
    text.as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(key: &[u8]) -> Secret {
        Secret::new(&Key::new(key).unwrap())
    }

    #[test]
    fn a_uid_is_a_number_of_the_key_and_of_the_uid_alone() {
        let secret = secret(b"0123456789abcdef");
        // HMAC-SHA-256 by another implementation (Python's hmac).
        assert_eq!(
            secret.uid("1.2.3"),
            "2.25.265779070829976282664916940014600137748"
        );
        assert_eq!(secret.uid("1.2.840.10008.1.4.1.1"), "1.2.840.10008.1.4.1.1");
        assert!(secret.uid("1.2.840.10008.DOE").starts_with("2.25."));
        let mapped = secret.uids(b"1.2.3\\ 1.2.840.10008.1.2\\\\1.2.3\0");
        let one = secret.uid("1.2.3");
        let expected = format!("{one}\\1.2.840.10008.1.2\\\\{one}");
        assert_eq!(String::from_utf8(mapped).unwrap(), expected);
        assert!(secret.uid("1.2.3").len() <= 64);
    }

    #[test]
    fn a_shift_is_of_one_patient_of_one_issuer() {
        let secret = secret(b"0123456789abcdef");
        let days = secret.shift("A", "12345");
        assert_eq!(secret.shift("A", "12345"), days);
        assert!((1..=3650).contains(&days));
        let others = [
            secret.shift("B", "12345"),
            secret.shift("", "A12345"),
            secret.shift("A1", "2345"),
        ];
        assert!(
            others.iter().all(|other| *other != days),
            "{days} {others:?}"
        );
    }

    #[test]
    fn dates_go_back_and_times_stay() {
        let text = |value: &str, vr| {
            let value = shifted(value.as_bytes(), vr, 60);
            value.map(|value| String::from_utf8(value).unwrap())
        };
        for (value, vr, expected) in [
            ("20240301", Vr::DA, Some("20240101")),
            ("2024.03.01", Vr::DA, Some("20240101")),
            ("20240301\\20240302 ", Vr::DA, Some("20240101\\20240102")),
            ("", Vr::DA, Some("")),
            ("20240230", Vr::DA, None),
            ("202403", Vr::DA, None),
            ("+0240301", Vr::DA, None),
            ("DOE^JOHN", Vr::DA, None),
            ("00010101", Vr::DA, None),
            ("00000101", Vr::DA, None),
            (
                "20240301121314.5+0100",
                Vr::DT,
                Some("20240101121314.5+0100"),
            ),
            ("20240301", Vr::DT, Some("20240101")),
            ("20240301-0500", Vr::DT, Some("20240101-0500")),
            ("2024", Vr::DT, None),
            ("20240301DOE^JOHN", Vr::DT, None),
            ("20240301+DOE", Vr::DT, None),
            ("2024é301", Vr::DT, None),
            ("121314.123456", Vr::TM, Some("121314.123456")),
            ("DOE^JOHN", Vr::TM, None),
            ("+0100", Vr::SH, Some("+0100")),
            ("DOE", Vr::SH, None),
        ] {
            assert_eq!(text(value, vr).as_deref(), expected, "{value} {vr}");
        }
    }
}
