//! What the pixels of a lossy image mean.
//!
//! Invariant: an image whose pixels would mean something else is not sent. DCMTK's lossy JPEG, which is Orthanc's,
//! moves the pixels of a grey image so that the smallest is 0, makes signed ones unsigned, and writes the Rescale
//! Intercept 0 and the Rescale Slope 1 over what was there (DCMTK 3.6.7, Orthanc 1.10.1): -924 HU becomes 1023.

use sendqueue_dicom::{Elements, Tag};

const SAMPLES_PER_PIXEL: Tag = Tag(0x0028, 0x0002);
const PIXEL_REPRESENTATION: Tag = Tag(0x0028, 0x0103);
const RESCALE_INTERCEPT: Tag = Tag(0x0028, 0x1052);
const RESCALE_SLOPE: Tag = Tag(0x0028, 0x1053);
/// Where else is said what the value of a pixel means (PS3.3 C.11.1, C.7.6.16.2, C.7.6.16.2.11).
const MEANINGS: [(Tag, &str); 4] = [
    (Tag(0x0028, 0x3000), "ModalityLUTSequence"),
    (Tag(0x0040, 0x9096), "RealWorldValueMappingSequence"),
    (Tag(0x5200, 0x9229), "SharedFunctionalGroupsSequence"),
    (Tag(0x5200, 0x9230), "PerFrameFunctionalGroupsSequence"),
];
/// Those that Orthanc encodes so: JPEG Baseline and Extended.
const MOVED: [&str; 2] = ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"];

/// Why the pixels of `after` mean something else than those of `before`; `None`: they mean the same.
pub fn differs(before: &Elements<'_>, after: &Elements<'_>, syntax: &str) -> Option<String> {
    let moved = |what: &str, one: f64, other: f64| {
        format!("the values of its pixels would mean something else: {what} {one} becomes {other}")
    };
    for (tag, name, absent) in [
        (PIXEL_REPRESENTATION, "PixelRepresentation", 0.0),
        (RESCALE_INTERCEPT, "RescaleIntercept", 0.0),
        (RESCALE_SLOPE, "RescaleSlope", 1.0),
    ] {
        let one = number(before, tag).unwrap_or(absent);
        let other = number(after, tag).unwrap_or(absent);
        if one != other {
            return Some(moved(name, one, other));
        }
    }
    let is_grey = number(before, SAMPLES_PER_PIXEL).unwrap_or(1.0) == 1.0;
    if !is_grey || !MOVED.contains(&syntax) {
        return None;
    }
    let (_, name) = (MEANINGS.iter()).find(|(tag, _)| before.get(*tag).is_some())?;
    Some(format!(
        "the values of its pixels would mean something else than its {name} says"
    ))
}

/// A US, or the first value of a DS.
fn number(root: &Elements<'_>, tag: Tag) -> Option<f64> {
    let bytes = root.get(tag)?.little_endian()?;
    if matches!(tag, PIXEL_REPRESENTATION | SAMPLES_PER_PIXEL) {
        let two = bytes.first_chunk::<2>()?;
        return Some(f64::from(u16::from_le_bytes(*two)));
    }
    let words = std::str::from_utf8(&bytes).ok()?;
    let first = words.split('\\').next()?;
    first.trim_matches(['\0', ' ']).parse().ok()
}

#[cfg(test)]
mod tests {
    use sendqueue_dicom::{Elements, Tag, Vr};

    use super::{PIXEL_REPRESENTATION, RESCALE_INTERCEPT, RESCALE_SLOPE, differs};

    const JPEG: &str = "1.2.840.10008.1.2.4.50";
    const JPEG_2000: &str = "1.2.840.10008.1.2.4.91";

    fn image(rescale: Option<[&str; 2]>, signed: bool) -> Elements<'static> {
        let mut root = Elements::new();
        let number = u16::from(signed).to_le_bytes().to_vec();
        root.set(PIXEL_REPRESENTATION, Vr::US, number);
        if let Some([intercept, slope]) = rescale {
            root.set(RESCALE_INTERCEPT, Vr::DS, intercept.into());
            root.set(RESCALE_SLOPE, Vr::DS, slope.into());
        }
        root
    }

    #[test]
    fn what_means_the_same_is_sent_and_what_does_not_is_not() {
        let plain = || image(None, false);
        let same = image(Some(["0 ", "1.0 "]), false);
        assert_eq!(differs(&plain(), &same, JPEG), None);
        let ct = || image(Some(["-1024", "1 "]), false);
        assert_eq!(differs(&ct(), &ct(), JPEG_2000), None);
        let why = differs(&ct(), &same, JPEG).unwrap();
        assert!(why.ends_with("RescaleIntercept -1024 becomes 0"), "{why}");
        let why = differs(&image(None, true), &plain(), JPEG).unwrap();
        assert!(why.ends_with("PixelRepresentation 1 becomes 0"), "{why}");
        // Said elsewhere, where the codec does not look.
        let mut enhanced = plain();
        enhanced.set_items(Tag(0x5200, 0x9229), vec![Elements::new()]);
        assert_eq!(differs(&enhanced, &enhanced, JPEG_2000), None);
        assert!(differs(&enhanced, &enhanced, JPEG).is_some());
        let mut colour = enhanced;
        colour.set(Tag(0x0028, 0x0002), Vr::US, vec![3, 0]);
        assert_eq!(differs(&colour, &colour, JPEG), None);
    }
}
