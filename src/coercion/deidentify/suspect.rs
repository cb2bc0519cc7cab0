//! What usually carries text about the patient in its pixels or its content. Headers can be cleaned of it; these cannot
//! by anything here.
//!
//! Invariant: unless (0028,0301) Burned In Annotation says NO, or `Allow` names it, such an instance is not sent.

use sendqueue_dicom::{Elements, Tag};

use crate::config::deidentify::{Allow, Suspicion};

const IMAGE_TYPE: Tag = Tag(0x0008, 0x0008);
const MODALITY: Tag = Tag(0x0008, 0x0060);
const BURNED_IN_ANNOTATION: Tag = Tag(0x0028, 0x0301);
/// (60xx,0102) Overlay Bit Position, (60xx,3000) Overlay Data.
const OVERLAY_BIT_POSITION: u16 = 0x0102;
const OVERLAY_DATA: u16 = 0x3000;

/// Storage SOP classes (PS3.4 B.5), by what their UIDs begin with behind 1.2.840.10008.: this one, or below it.
const CLASSES: [(&str, Suspicion); 25] = [
    ("5.1.4.1.1.7", Suspicion::Sc),
    ("5.1.4.1.1.3", Suspicion::Us),
    ("5.1.4.1.1.6", Suspicion::Us),
    ("5.1.4.1.1.12.1", Suspicion::Xa),
    ("5.1.4.1.1.12.3", Suspicion::Xa),
    ("5.1.4.1.1.13.1.1", Suspicion::Xa),
    ("5.1.4.1.1.12.2", Suspicion::Rf),
    ("5.1.4.1.1.77.1.1", Suspicion::Es),
    ("10.1", Suspicion::Es),
    ("5.1.4.1.1.77.1.4", Suspicion::Xc),
    ("5.1.4.1.1.77.1.7", Suspicion::Xc),
    ("10.2", Suspicion::Xc),
    ("5.1.4.1.1.104", Suspicion::Doc),
    ("5.1.4.1.1.88", Suspicion::Sr),
    ("5.1.4.1.1.78.6", Suspicion::Sr),
    ("5.1.4.1.1.79.1", Suspicion::Sr),
    ("5.1.4.1.1.11", Suspicion::Pr),
    ("5.1.4.1.1.9.100", Suspicion::Pr),
    // Retired: standalone overlays and curves, documents of studies and of interpretations.
    ("5.1.4.1.1.8", Suspicion::Sc),
    ("5.1.4.1.1.40", Suspicion::Sr),
    // The trial form of structured reports.
    ("5.1.4.1.2.4", Suspicion::Sr),
    ("5.1.4.1.1.88.1", Suspicion::Sr),
    // Printed pages.
    ("5.1.1.30", Suspicion::Sc),
    ("5.1.1.29", Suspicion::Sc),
    ("5.1.1.27", Suspicion::Sc),
];
const OF_DICOM: &str = "1.2.840.10008.";

/// Modalities (PS3.3 C.7.3.1.1.1), for the SOP classes that are nobody's.
const MODALITIES: [(&str, Suspicion); 14] = [
    ("SC", Suspicion::Sc),
    ("US", Suspicion::Us),
    ("IVUS", Suspicion::Us),
    ("BDUS", Suspicion::Us),
    ("XA", Suspicion::Xa),
    ("DS", Suspicion::Xa),
    ("RF", Suspicion::Rf),
    ("ES", Suspicion::Es),
    ("XC", Suspicion::Xc),
    ("DMS", Suspicion::Xc),
    ("DOC", Suspicion::Doc),
    ("SR", Suspicion::Sr),
    ("KO", Suspicion::Sr),
    ("PR", Suspicion::Pr),
];

const IMAGE_TYPES: [(&str, Suspicion); 4] = [
    ("SECONDARY", Suspicion::Secondary),
    ("SCREEN SAVE", Suspicion::ScreenSave),
    ("SCREENSAVE", Suspicion::ScreenSave),
    ("LABEL", Suspicion::Label),
];

/// Why it may not go; `None`: it may.
pub fn suspicion(root: &Elements<'_>, allow: &Allow) -> Option<Suspicion> {
    let found = found(root, allow);
    found
        .into_iter()
        .find(|one| !allow.suspicions.contains(one))
}

fn found(root: &Elements<'_>, allow: &Allow) -> Vec<Suspicion> {
    let sop_class = word(root, Tag::SOP_CLASS_UID);
    let mut found = Vec::new();
    if has_overlay_in_pixels(root) {
        found.push(Suspicion::Overlay);
    }
    match word(root, BURNED_IN_ANNOTATION).as_str() {
        "NO" => return found,
        "YES" => found.push(Suspicion::BurnedIn),
        _ => {}
    }
    // A class that is allowed is allowed whatever else usually tells of it.
    if allow.sop_classes.contains(&sop_class) {
        return found;
    }
    let kind = of_class(&sop_class).or_else(|| of(&MODALITIES, &word(root, MODALITY)));
    if let Some(kind) = kind {
        found.push(kind);
        return found;
    }
    let image_type = word(root, IMAGE_TYPE);
    let types = image_type.split('\\').map(str::trim);
    found.extend(types.filter_map(|one| of(&IMAGE_TYPES, one)));
    found
}

fn of(table: &[(&str, Suspicion)], word: &str) -> Option<Suspicion> {
    let found = table.iter().find(|(one, _)| *one == word);
    found.map(|(_, suspicion)| *suspicion)
}

fn of_class(uid: &str) -> Option<Suspicion> {
    let uid = uid.strip_prefix(OF_DICOM)?;
    let is_below = |root: &str| {
        let rest = uid.strip_prefix(root);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let found = CLASSES.iter().find(|(root, _)| is_below(root));
    found.map(|(_, suspicion)| *suspicion)
}

/// What a person could read in the bits of the pixels that the image does not use.
fn has_overlay_in_pixels(root: &Elements<'_>) -> bool {
    root.iter().any(|element| {
        let Tag(group, number) = element.tag();
        let is_position = group & 0xFF01 == 0x6000 && number == OVERLAY_BIT_POSITION;
        let is_set = || {
            element
                .bytes()
                .is_some_and(|value| value.iter().any(|byte| *byte != 0))
        };
        is_position && is_set() && root.get(Tag(group, OVERLAY_DATA)).is_none()
    })
}

/// In capitals, whoever wrote it.
fn word(root: &Elements<'_>, tag: Tag) -> String {
    let value = root.get(tag).and_then(|element| element.bytes());
    let text = String::from_utf8_lossy(value.unwrap_or_default());
    text.trim_matches([' ', '\0']).to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use sendqueue_dicom::Vr;

    use super::*;

    fn instance(elements: &[(Tag, &str)]) -> Elements<'static> {
        let mut root = Elements::new();
        for (tag, value) in elements {
            root.set(*tag, Vr::CS, value.as_bytes().to_vec());
        }
        root
    }

    fn told(elements: &[(Tag, &str)], allow: &Allow) -> Option<&'static str> {
        suspicion(&instance(elements), allow).map(Suspicion::word)
    }

    const CLASS: Tag = Tag::SOP_CLASS_UID;
    const CT: (Tag, &str) = (CLASS, "1.2.840.10008.5.1.4.1.1.2");
    const SC: (Tag, &str) = (CLASS, "1.2.840.10008.5.1.4.1.1.7.4");

    #[test]
    fn what_usually_carries_text_is_known_by_class_modality_and_image_type() {
        let none = Allow::default();
        for (class, expected) in [
            ("1.2.840.10008.5.1.4.1.1.7", Some("SC")),
            ("1.2.840.10008.5.1.4.1.1.7.2", Some("SC")),
            ("1.2.840.10008.5.1.4.1.1.77.1.2", None),
            ("1.2.840.10008.5.1.4.1.1.77.1.1.1", Some("ES")),
            ("1.2.840.10008.5.1.4.1.1.77.1.4", Some("XC")),
            ("1.2.840.10008.5.1.4.1.1.6.1", Some("US")),
            ("1.2.840.10008.5.1.4.1.1.3.1", Some("US")),
            ("1.2.840.10008.5.1.4.1.1.30", None),
            ("1.2.840.10008.5.1.4.1.1.12.1", Some("XA")),
            ("1.2.840.10008.5.1.4.1.1.12.1.1", Some("XA")),
            ("1.2.840.10008.5.1.4.1.1.12.2", Some("RF")),
            ("1.2.840.10008.5.1.4.1.1.128", None),
            ("1.2.840.10008.5.1.4.1.1.104.1", Some("DOC")),
            ("1.2.840.10008.5.1.4.1.1.88.67", Some("SR")),
            ("1.2.840.10008.5.1.4.1.1.88.59", Some("SR")),
            ("1.2.840.10008.5.1.4.1.1.11.1", Some("PR")),
            ("1.2.840.10008.5.1.4.1.1.2", None),
            ("1.2.840.10008.5.1.4.1.1.4", None),
            ("1.2.840.10008.5.1.4.1.1.2.1", None),
            ("1.2.3", None),
        ] {
            assert_eq!(told(&[(CLASS, class)], &none), expected, "{class}");
        }
        assert_eq!(
            told(&[(CLASS, "1.2.3"), (MODALITY, "US")], &none),
            Some("US")
        );
        assert_eq!(told(&[CT, (MODALITY, "CT")], &none), None);
        for (value, expected) in [
            ("ORIGINAL\\PRIMARY\\AXIAL", None),
            ("DERIVED\\SECONDARY\\MPR ", Some("SECONDARY")),
            ("DERIVED\\PRIMARY\\SCREEN SAVE", Some("SCREEN SAVE")),
            ("ORIGINAL\\PRIMARY\\LABEL\\NONE", Some("LABEL")),
        ] {
            assert_eq!(told(&[CT, (IMAGE_TYPE, value)], &none), expected, "{value}");
        }
    }

    #[test]
    fn the_tag_says_no_or_yes_whatever_it_is() {
        let none = Allow::default();
        let burned = |value| (BURNED_IN_ANNOTATION, value);
        assert_eq!(told(&[SC, burned("NO")], &none), None);
        assert_eq!(told(&[SC, burned("no ")], &none), None);
        assert_eq!(told(&[SC, burned("")], &none), Some("SC"));
        assert_eq!(told(&[CT, burned("YES")], &none), Some("BURNED IN"));
        assert_eq!(told(&[CT, burned("MAYBE")], &none), None);
    }

    #[test]
    fn what_is_allowed_goes_and_no_more() {
        let allow = |suspicions: &[Suspicion], classes: &[&str]| Allow {
            suspicions: suspicions.to_vec(),
            sop_classes: classes.iter().map(|one| (*one).to_owned()).collect(),
        };
        let secondary = (IMAGE_TYPE, "DERIVED\\SECONDARY");
        assert_eq!(told(&[SC, secondary], &allow(&[Suspicion::Sc], &[])), None);
        assert_eq!(told(&[SC, secondary], &allow(&[], &[SC.1])), None);
        assert_eq!(told(&[SC], &allow(&[Suspicion::Us], &[])), Some("SC"));
        let yes = (BURNED_IN_ANNOTATION, "YES");
        assert_eq!(told(&[SC, yes], &allow(&[], &[SC.1])), Some("BURNED IN"));
        let both = allow(&[Suspicion::Sc, Suspicion::BurnedIn], &[]);
        assert_eq!(told(&[SC, yes], &both), None);
        let save = (IMAGE_TYPE, "DERIVED\\SECONDARY\\SCREEN SAVE");
        let one = allow(&[Suspicion::Secondary], &[]);
        assert_eq!(told(&[CT, save], &one), Some("SCREEN SAVE"));
    }

    #[test]
    fn an_overlay_in_the_pixels_is_seen() {
        let mut root = instance(&[CT, (BURNED_IN_ANNOTATION, "NO")]);
        root.set(Tag(0x6002, 0x0102), Vr::US, vec![12, 0]);
        let none = Allow::default();
        assert_eq!(suspicion(&root, &none), Some(Suspicion::Overlay));
        root.set(Tag(0x6002, 0x0102), Vr::US, vec![0, 0]);
        assert_eq!(suspicion(&root, &none), None);
        root.set(Tag(0x6002, 0x0102), Vr::US, vec![12, 0]);
        root.set(Tag(0x6002, 0x3000), Vr::OW, vec![0; 8]);
        assert_eq!(suspicion(&root, &none), None);
    }
}
