//! What is looked for, and as what it can be read.
//!
//! Invariant: only what has the form of an identifier is read as one.

use crate::api::error::ApiError;
use crate::api::input::quoted;
use crate::api::lookup::is_orthanc_id;
use crate::api::types::{SearchMatch, SearchTags};

/// A name has up to three groups of 64 characters (PS3.5 6.2); everything else is shorter.
const MOST_CHARACTERS: usize = 200;

/// What is looked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Text(String);

impl Text {
    /// # Errors
    /// 400 (of `q`).
    pub(super) fn read(text: &str) -> Result<Text, ApiError> {
        let text = text.trim();
        let is_refused = |c: char| c == '\\' || c.is_control();
        let allowed = if text.chars().count() > MOST_CHARACTERS {
            format!("1 to {MOST_CHARACTERS} characters")
        } else if text.contains(is_refused) {
            "text without backslashes and control characters".to_owned()
        } else if !text.contains(char::is_alphanumeric) {
            "text with a letter or a digit in it".to_owned()
        } else {
            return Ok(Text(text.to_owned()));
        };
        Err(ApiError::field("q", quoted(text), &allowed))
    }

    /// With a blank for each `+`, if there is one: an HTML form writes blanks so, and whether a `+` that Orthanc hands
    /// over was one is not known.
    pub(super) fn with_blanks(&self) -> Option<Text> {
        let text = self.0.replace('+', " ");
        let text = text.trim();
        (text != self.0).then(|| Text(text.to_owned()))
    }

    pub(super) fn item(&self) -> Option<i64> {
        let is_number = self.0.bytes().all(|byte| byte.is_ascii_digit());
        self.0.parse().ok().filter(|id| is_number && *id > 0)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// With its dashes, as Orthanc writes it.
    pub(super) fn orthanc_id(&self) -> Option<String> {
        let text = self.0.to_ascii_lowercase();
        let is_hash = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let dashed = match is_hash {
            true => [0, 8, 16, 24, 32].map(|at| &text[at..at + 8]).join("-"),
            false => text,
        };
        is_orthanc_id(&dashed).then_some(dashed)
    }

    /// The queries, those for the whole text first.
    pub(super) fn queries(&self) -> [(SearchMatch, &'static str, String); 4] {
        let text = &self.0;
        // What stands between the parts of a name is any character: people write blanks and commas for DICOM's `^`.
        let is_separator = |c: char| c.is_whitespace() || matches!(c, ',' | '^');
        let parts = text.split(is_separator).filter(|part| !part.is_empty());
        let name = parts.collect::<Vec<_>>().join("?");
        [
            (
                SearchMatch::AccessionNumber,
                "AccessionNumber",
                text.clone(),
            ),
            (SearchMatch::PatientId, "PatientID", text.clone()),
            (SearchMatch::PatientId, "PatientID", format!("{text}*")),
            (SearchMatch::PatientName, "PatientName", format!("*{name}*")),
        ]
    }

    /// Whether it is the whole of what it was found by.
    pub(super) fn is(&self, matched: SearchMatch, tags: &SearchTags) -> bool {
        let value = match matched {
            SearchMatch::AccessionNumber => &tags.accession_number,
            SearchMatch::PatientId => &tags.patient_id,
            SearchMatch::PatientName => &tags.patient_name,
            SearchMatch::Item | SearchMatch::OrthancId | SearchMatch::Uid => return true,
        };
        let value = value.as_deref().map(|value| value.trim().to_lowercase());
        value == Some(self.0.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Text {
        Text::read(text).unwrap()
    }

    #[test]
    fn a_plus_may_be_a_blank() {
        for (plus, blanks) in [
            ("Miller,+Anna", Some("Miller, Anna")),
            ("+a++b+", Some("a  b")),
            ("A B", None),
            ("A-B", None),
        ] {
            let read = text(plus).with_blanks();
            assert_eq!(read.as_ref().map(Text::as_str), blanks, "{plus}");
        }
    }

    #[test]
    fn what_cannot_be_looked_for_is_refused_with_the_rule() {
        let long = "x".repeat(MOST_CHARACTERS + 1);
        let huge = "1".repeat(65_536);
        for (found, allowed) in [
            ("", "a letter or a digit"),
            ("   ", "a letter or a digit"),
            ("*", "a letter or a digit"),
            ("**??", "a letter or a digit"),
            ("^ ,=", "a letter or a digit"),
            ("A\\B", "without backslashes"),
            ("a\u{0}b", "control characters"),
            ("a\r\nb", "control characters"),
            ("a\u{1b}[31m", "control characters"),
            ("a\u{85}b", "control characters"),
            (&long, "1 to 200 characters"),
            (&huge, "1 to 200 characters"),
        ] {
            let error = Text::read(found).unwrap_err();
            assert_eq!(error.status, 400, "{found:?}");
            assert!(error.details.starts_with("q: found "), "{}", error.details);
            assert!(error.details.contains(allowed), "{}", error.details);
            assert!(error.details.len() < 400, "{found:?}");
        }
        for kept in [
            "山",
            "1",
            "é",
            "../../etc/passwd",
            "'; DROP TABLE item; --",
            "%_a",
            "O'Neill",
        ] {
            assert_eq!(text(&format!(" {kept}\t")).0, kept);
        }
        assert_eq!(text(&"山".repeat(MOST_CHARACTERS)).0.len(), 600);
    }

    #[test]
    fn only_what_has_its_form_is_an_identifier() {
        let id = "27f7126f-4f66fb14-03f4081b-f9341db2-53925988";
        let plain = id.replace('-', "");
        for same in [id, &plain, &plain.to_uppercase(), &id.to_uppercase()] {
            assert_eq!(text(same).orthanc_id().as_deref(), Some(id), "{same}");
        }
        for other in [
            &id[1..],
            &plain[1..],
            &format!("{plain}0"),
            &plain.replace('f', "g"),
            "27f7126f-4f66fb14-03f4081b-f9341db2-5392598/",
            "山山山山山山山山山山山山山a",
        ] {
            assert_eq!(text(other).orthanc_id(), None, "{other}");
        }
        for (digits, item) in [
            ("402", Some(402)),
            ("0402", Some(402)),
            ("0", None),
            ("+402", None),
            ("-402", None),
            ("4.2", None),
            ("٤", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(text(digits).item(), item, "{digits}");
        }
    }

    #[test]
    fn names_are_looked_for_as_people_write_them() {
        for (written, asked) in [
            ("doe", "*doe*"),
            ("Doe, John", "*Doe?John*"),
            ("Doe^John^^", "*Doe?John*"),
            ("van  der Berg", "*van?der?Berg*"),
            ("山田\u{3000}太郎", "*山田?太郎*"),
            ("D*e", "*D*e*"),
        ] {
            let [accession, id, begins, name] = text(written).queries();
            assert_eq!(name.2, asked);
            assert_eq!((accession.2.as_str(), id.2.as_str()), (written, written));
            assert_eq!(begins.2, format!("{written}*"));
        }
    }

    #[test]
    fn a_whole_value_is_exact_whatever_its_capitals() {
        let tags = SearchTags {
            patient_id: Some("p1 ".to_owned()),
            patient_name: Some("DOE^JOHN".to_owned()),
            ..SearchTags::default()
        };
        assert!(text("P1").is(SearchMatch::PatientId, &tags));
        assert!(!text("P").is(SearchMatch::PatientId, &tags));
        assert!(!text("P?").is(SearchMatch::PatientId, &tags));
        assert!(!text("P1").is(SearchMatch::AccessionNumber, &tags));
        assert!(text("doe^john").is(SearchMatch::PatientName, &tags));
        assert!(!text("doe").is(SearchMatch::PatientName, &tags));
    }
}
