//! Objects that are not the usual image, in Explicit VR Little Endian.
//!
//! Invariant: all are of one study, with SOP instance UIDs of their own.

use super::syntaxes::{image, noise, patient};
use super::{
    DataSet, EXPLICIT_VR_LE, Lengths, PRIVATE_SOP_CLASS, SECONDARY_CAPTURE, Sample, Study,
};

/// Multi-frame Grayscale Byte Secondary Capture Image Storage.
pub const MULTI_FRAME: &str = "1.2.840.10008.5.1.4.1.1.7.2";
/// Basic Text SR Storage.
pub const BASIC_TEXT_SR: &str = "1.2.840.10008.5.1.4.1.1.88.11";
/// Encapsulated PDF Storage.
pub const ENCAPSULATED_PDF: &str = "1.2.840.10008.5.1.4.1.1.104.1";

/// RT Dose Storage.
pub const RT_DOSE: &str = "1.2.840.10008.5.1.4.1.1.481.2";
/// RT Plan Storage.
pub const RT_PLAN: &str = "1.2.840.10008.5.1.4.1.1.481.5";

const PIXELS: (u16, u16) = (0x7FE0, 0x0010);

/// One of each.
#[must_use]
pub fn every_object() -> Vec<Sample> {
    let study = Study::new(1, MAKERS.len());
    let makers = MAKERS.iter().zip(1..);
    makers
        .map(|((name, class, make), number)| {
            let uid = study.uid_of(1, number);
            make(&study, number).into_sample(name, EXPLICIT_VR_LE, class, &uid)
        })
        .collect()
}

type Maker = fn(&Study, usize) -> DataSet;

const MAKERS: [(&str, &str, Maker); 12] = [
    ("multi-frame", MULTI_FRAME, multi_frame),
    ("structured report", BASIC_TEXT_SR, structured_report),
    ("encapsulated PDF of odd length", ENCAPSULATED_PDF, pdf),
    ("private SOP class", PRIVATE_SOP_CLASS, private),
    ("empty values", SECONDARY_CAPTURE, empty_values),
    ("empty pixel data", SECONDARY_CAPTURE, empty_pixels),
    ("nested sequences", BASIC_TEXT_SR, nested),
    ("unknown VR", SECONDARY_CAPTURE, unknown),
    ("group lengths and padding", SECONDARY_CAPTURE, padded),
    ("text in UTF-8", SECONDARY_CAPTURE, utf8),
    ("dose of 32 bits", RT_DOSE, dose),
    ("plan without pixels", RT_PLAN, plan),
];

fn multi_frame(study: &Study, number: usize) -> DataSet {
    image(study, number)
        .text((0x0028, 0x0008), "IS", "5")
        .bytes((0x0028, 0x0009), "AT", &[0x18, 0x00, 0x63, 0x10])
        .bytes(PIXELS, "OB", &noise(number, 5 * 64 * 64))
}

fn structured_report(study: &Study, number: usize) -> DataSet {
    let code = |value: &str, meaning: &str| {
        DataSet::new()
            .text((0x0008, 0x0100), "SH", value)
            .text((0x0008, 0x0102), "SH", "DCM")
            .text((0x0008, 0x0104), "LO", meaning)
    };
    let text = |lengths, words: &str| {
        DataSet::new()
            .text((0x0040, 0xA010), "CS", "CONTAINS")
            .text((0x0040, 0xA040), "CS", "TEXT")
            .sequence((0x0040, 0xA043), lengths, &[code("121071", "Finding")])
            .text((0x0040, 0xA160), "UT", words)
    };
    let content = [
        text(Lengths::Undefined, "Nothing remarkable"),
        text(Lengths::Defined, &"The same again. ".repeat(5_000)),
    ];
    patient(study, number)
        .text((0x0008, 0x0060), "CS", "SR")
        .text((0x0040, 0xA040), "CS", "CONTAINER")
        .sequence(
            (0x0040, 0xA043),
            Lengths::Defined,
            &[code("126000", "Report")],
        )
        .text((0x0040, 0xA050), "CS", "SEPARATE")
        .text((0x0040, 0xA491), "CS", "COMPLETE")
        .text((0x0040, 0xA493), "CS", "UNVERIFIED")
        .sequence((0x0040, 0xA730), Lengths::Undefined, &content)
}

fn pdf(study: &Study, number: usize) -> DataSet {
    let mut document = b"%PDF-1.4\n".to_vec();
    document.extend(noise(number, 9_999));
    document.extend_from_slice(b"\n%%EOF");
    document.resize(document.len() | 1, b'\n');
    let length = u32::try_from(document.len()).expect("short");
    patient(study, number)
        .text((0x0008, 0x0060), "CS", "DOC")
        .text((0x0042, 0x0010), "ST", "A report")
        .bytes((0x0042, 0x0011), "OB", &document)
        .text((0x0042, 0x0012), "LO", "application/pdf")
        .bytes((0x0042, 0x0015), "UL", &length.to_le_bytes())
}

fn private(study: &Study, number: usize) -> DataSet {
    patient(study, number)
        .text((0x0009, 0x0010), "LO", "SENDQUEUE TEST")
        .text((0x0009, 0x1001), "LO", "what nobody else knows")
        .bytes((0x0009, 0x1002), "UN", &noise(number, 333))
        .bytes((0x0009, 0x1003), "OB", &noise(number, 70_000))
}

fn empty_values(study: &Study, number: usize) -> DataSet {
    image(study, number)
        .text((0x0008, 0x0050), "SH", "")
        .text((0x0008, 0x0090), "PN", "")
        .sequence((0x0008, 0x1110), Lengths::Defined, &[])
        .sequence((0x0008, 0x1115), Lengths::Undefined, &[])
        .sequence((0x0008, 0x1140), Lengths::Defined, &[DataSet::new()])
        .sequence((0x0008, 0x2112), Lengths::Undefined, &[DataSet::new()])
        .text((0x0010, 0x0030), "DA", "")
        .bytes((0x0028, 0x0106), "US", &[])
        .bytes((0x0040, 0x2017), "UN", &[])
        .bytes(PIXELS, "OB", &noise(number, 64 * 64))
}

fn empty_pixels(study: &Study, number: usize) -> DataSet {
    image(study, number).bytes(PIXELS, "OW", &[])
}

fn nested(study: &Study, number: usize) -> DataSet {
    let mut item = DataSet::new().text((0x0008, 0x0104), "LO", "innermost");
    for depth in 0..20 {
        let lengths = [Lengths::Defined, Lengths::Undefined][depth % 2];
        item = DataSet::new()
            .text((0x0008, 0x0100), "SH", &format!("D{depth}"))
            .sequence((0x0040, 0xA730), lengths, &[item.clone(), DataSet::new()]);
    }
    patient(study, number).sequence((0x0040, 0xA730), Lengths::Undefined, &[item])
}

/// UN of undefined length is a sequence in Implicit VR (PS3.5 6.2.2).
fn unknown(study: &Study, number: usize) -> DataSet {
    let mut element = vec![0x11, 0x00, 0x01, 0x10];
    element.extend_from_slice(b"UN\0\0\xFF\xFF\xFF\xFF");
    element.extend_from_slice(&[0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF]);
    element.extend_from_slice(&[0x08, 0x00, 0x00, 0x01, 4, 0, 0, 0]);
    element.extend_from_slice(b"CODE");
    element.extend_from_slice(&[0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0]);
    element.extend_from_slice(&[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0]);
    image(study, number)
        .text((0x0011, 0x0010), "LO", "SENDQUEUE TEST")
        .raw((0x0011, 0x1001), element)
        .bytes(PIXELS, "OB", &noise(number, 64 * 64))
}

/// Retired group lengths, as old devices write them, and Data Set Trailing Padding (PS3.10 7.2).
fn padded(study: &Study, number: usize) -> DataSet {
    let length = |group: &DataSet| u32::try_from(group.encode().len()).expect("short");
    let patient_group = DataSet::new()
        .text((0x0010, 0x0010), "PN", "Queue^Test")
        .text((0x0010, 0x0020), "LO", "SQ-1");
    image(study, number)
        .bytes(
            (0x0010, 0x0000),
            "UL",
            &length(&patient_group).to_le_bytes(),
        )
        .bytes(PIXELS, "OB", &noise(number, 64 * 64))
        .bytes((0xFFFC, 0xFFFC), "OB", &[0; 1_234])
}

fn utf8(study: &Study, number: usize) -> DataSet {
    image(study, number)
        .text((0x0008, 0x0005), "CS", "ISO_IR 192")
        .text((0x0010, 0x0010), "PN", "Wang^XiaoDong=王^小东")
        .text((0x0010, 0x4000), "LT", &"Größe und Gewicht. ".repeat(100))
        .bytes(PIXELS, "OB", &noise(number, 64 * 64))
}

/// No encoder of images takes 32 bits.
fn dose(study: &Study, number: usize) -> DataSet {
    image(study, number)
        .text((0x0008, 0x0060), "CS", "RTDOSE")
        .bytes((0x0028, 0x0100), "US", &32u16.to_le_bytes())
        .bytes((0x0028, 0x0101), "US", &32u16.to_le_bytes())
        .bytes((0x0028, 0x0102), "US", &31u16.to_le_bytes())
        .text((0x3004, 0x0002), "CS", "GY")
        .text((0x3004, 0x000E), "DS", "0.0001")
        .bytes(PIXELS, "OW", &noise(number, 4 * 64 * 64))
}

fn plan(study: &Study, number: usize) -> DataSet {
    let beam =
        DataSet::new()
            .text((0x300A, 0x00C0), "IS", "1")
            .text((0x300A, 0x00CE), "CS", "TREATMENT");
    patient(study, number)
        .text((0x0008, 0x0060), "CS", "RTPLAN")
        .text((0x300A, 0x0002), "SH", "Plan")
        .sequence((0x300A, 0x00B0), Lengths::Defined, &[beam])
}
