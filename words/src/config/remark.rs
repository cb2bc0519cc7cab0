//! What counts otherwise than it is written: no mistake, since Orthanc works with it, but worth a word.
//!
//! Invariant: what is in force here is what Orthanc's own SCU (DCMTK) would use.

use super::mistake::quoted_text;

/// Longest AET in bytes (PS3.5 6.2, AE).
const LONGEST_AET: usize = 16;

/// What is sent of an AET: without the blanks around it, which do not count (PS3.5 6.2), and no more than fits into an
/// A-ASSOCIATE-RQ.
pub fn aet_in_force(text: &str) -> &str {
    let text = text.trim_matches(' ');
    let mut end = text.len().min(LONGEST_AET);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].trim_end_matches(' ')
}

/// What is connected to: a name or an address, without the blanks around it.
pub fn host_in_force(text: &str) -> &str {
    text.trim()
}

/// A word on an AET that is cut; `what` is its place in the configuration.
pub(super) fn aet(what: &str, text: &str) -> Option<String> {
    let used = aet_in_force(text);
    (used.len() < text.trim_matches(' ').len()).then(|| {
        format!(
            "{what}: an AET has at most {LONGEST_AET} characters, {} has more: as by Orthanc itself, {} is used",
            quoted_text(text),
            quoted_text(used)
        )
    })
}

/// Words on a modality's AET, host, and `LocalAet`.
pub fn modality(name: &str, aet: &str, host: &str, local_aet: &str) -> Vec<String> {
    let used = host_in_force(host);
    let blanks = (used != host).then(|| {
        format!(
            "DicomModalities.{name}: there are blanks around the host {}: {} is used",
            quoted_text(host),
            quoted_text(used)
        )
    });
    let cut = [
        (format!("DicomModalities.{name}"), aet),
        (format!("DicomModalities.{name}.LocalAet"), local_aet),
    ];
    let cut = cut.iter().filter_map(|(what, text)| self::aet(what, text));
    cut.chain(blanks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aet_is_cut_where_a_request_has_no_room() {
        for (text, used) in [
            ("PACS", "PACS"),
            (" PACS 1  ", "PACS 1"),
            ("1234567890123456", "1234567890123456"),
            ("12345678901234567890", "1234567890123456"),
            ("123456789012345 7890", "123456789012345"),
            ("123456789012345é", "123456789012345"),
            ("", ""),
        ] {
            assert_eq!(aet_in_force(text), used, "{text:?}");
            let cut = aet("DicomAet", text).is_some();
            assert_eq!(cut, text.trim().len() > 16, "{text:?}");
        }
    }

    #[test]
    fn only_what_counts_otherwise_is_remarked() {
        assert!(modality("pacs", "PACS ", "10.0.0.1", "").is_empty());
        let all = modality("pacs", &"A".repeat(17), "10.0.0.1 ", &"B".repeat(20));
        assert_eq!(all.len(), 3, "{all:?}");
        assert!(all[0].contains("DicomModalities.pacs:") && all[0].contains(&"A".repeat(17)));
        assert!(all[1].contains("pacs.LocalAet:") && all[1].contains("\"BBBBBBBBBBBBBBBB\""));
        assert!(all[2].contains("\"10.0.0.1 \""));
    }
}
