//! One file in each transfer syntax (PS3.5 annex A).
//!
//! Invariants: all are of one study, with SOP instance UIDs of their own; where DCMTK has an encoder it has made the
//! file from an image of [`Study`], elsewhere the pixels are fragments that no decoder will like, in two frames behind
//! a Basic Offset Table. UIDs of transfer syntaxes: PS3.6 annex A.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{CT_IMAGE, DataSet, Kind, Part10, Study};

/// Video Endoscopic Image Storage.
pub const VIDEO_ENDOSCOPIC: &str = "1.2.840.10008.5.1.4.1.1.77.1.1.1";

/// A DICOM file with a name for messages.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What it is, in a few words.
    pub name: String,
    /// The file: preamble, `DICM`, meta information, data set.
    pub file: Vec<u8>,
    /// (0002,0010).
    pub transfer_syntax: String,
    /// (0008,0016).
    pub sop_class_uid: String,
    /// (0008,0018).
    pub sop_instance_uid: String,
    /// Where the data set begins in `file`.
    pub data_set_offset: usize,
    /// Whether its pixels (if any) can be decoded.
    pub decodable: bool,
}

impl Sample {
    /// Names a file.
    ///
    /// # Panics
    /// When it is not a DICOM file.
    #[must_use]
    pub fn from_file(name: &str, file: Vec<u8>, decodable: bool) -> Self {
        let meta = Part10::read(&file).unwrap_or_else(|| panic!("{name}: not a DICOM file"));
        Self {
            name: name.to_owned(),
            file,
            transfer_syntax: meta.transfer_syntax,
            sop_class_uid: meta.sop_class_uid,
            sop_instance_uid: meta.sop_instance_uid,
            data_set_offset: meta.data_set_offset,
            decodable,
        }
    }

    /// The data set, in its transfer syntax: what a C-STORE has to bring byte for byte.
    #[must_use]
    pub fn data_set(&self) -> &[u8] {
        &self.file[self.data_set_offset..]
    }

    /// The same with other meta information: Media Storage SOP Class UID, Media Storage SOP Instance UID and transfer
    /// syntax of each header, one behind the other, each with its group length. What the sample says of itself stays as
    /// it was.
    #[must_use]
    pub fn with_meta(&self, name: &str, headers: &[[&str; 3]]) -> Self {
        let mut file = vec![0; 128];
        file.extend_from_slice(b"DICM");
        for [class, instance, syntax] in headers {
            super::file::write_group_2(&mut file, class, instance, syntax);
        }
        let data_set_offset = file.len();
        file.extend_from_slice(self.data_set());
        Self {
            name: name.to_owned(),
            file,
            data_set_offset,
            ..self.clone()
        }
    }

    /// The data set as it has to go over the wire: DCMTK refuses a fragment of odd length, so that a deflated data set
    /// of odd length, as DCMTK itself writes it into files, has to be padded (PS3.5 A.5, PS3.8 E.2).
    #[must_use]
    pub fn wire(&self) -> Vec<u8> {
        let mut bytes = self.data_set().to_vec();
        bytes.resize(bytes.len().next_multiple_of(2), 0);
        bytes
    }
}

/// What the UIDs of all transfer syntaxes begin with; the tables have the rest.
const ROOT: &str = "1.2.840.10008.1.2";

/// Made by an encoder of DCMTK: name, transfer syntax, pixels, command.
const ENCODED: [(&str, &str, Pixels, &str); 12] = {
    use Pixels::{Eight, Sixteen};
    [
        ("Implicit VR LE", "", Sixteen, "dcmconv +ti"),
        ("Explicit VR LE", ".1", Sixteen, "dcmconv +te"),
        ("Explicit VR BE", ".2", Sixteen, "dcmconv +tb"),
        ("RLE", ".5", Sixteen, "dcmcrle"),
        ("JPEG baseline", ".4.50", Eight, "dcmcjpeg +eb +un"),
        ("JPEG extended", ".4.51", Sixteen, "dcmcjpeg +ee +un"),
        ("JPEG spectral", ".4.53", Eight, "dcmcjpeg +es +un"),
        ("JPEG progressive", ".4.55", Eight, "dcmcjpeg +ep +un"),
        ("JPEG lossless", ".4.57", Sixteen, "dcmcjpeg +el"),
        ("JPEG lossless SV1", ".4.70", Sixteen, "dcmcjpeg +e1"),
        ("JPEG-LS lossless", ".4.80", Sixteen, "dcmcjpls +el"),
        ("JPEG-LS lossy", ".4.81", Sixteen, "dcmcjpls +en +un"),
    ]
};

/// Deflated data sets, and whether their length is odd.
const DEFLATED: [(&str, bool); 2] = [("Deflated", false), ("Deflated, odd", true)];

/// Without an encoder here.
const OPAQUE: [(&str, &str); 21] = [
    ("JPEG 2000 lossless", ".4.90"),
    ("JPEG 2000", ".4.91"),
    ("JPEG 2000 part 2 lossless", ".4.92"),
    ("JPEG 2000 part 2", ".4.93"),
    ("MPEG2 main level", ".4.100"),
    ("MPEG2 main level, fragmentable", ".4.100.1"),
    ("MPEG2 high level", ".4.101"),
    ("MPEG-4 4.1", ".4.102"),
    ("MPEG-4 4.1 BD", ".4.103"),
    ("MPEG-4 4.2 2D", ".4.104"),
    ("MPEG-4 4.2 3D", ".4.105"),
    ("MPEG-4 4.2 stereo", ".4.106"),
    ("HEVC main", ".4.107"),
    ("HEVC main 10", ".4.108"),
    ("JPEG XL lossless", ".4.110"),
    ("JPEG XL recompression", ".4.111"),
    ("JPEG XL", ".4.112"),
    ("HTJ2K lossless", ".4.201"),
    ("HTJ2K lossless RPCL", ".4.202"),
    ("HTJ2K", ".4.203"),
    ("SMPTE ST 2110-20", ".7.1"),
];

#[derive(Clone, Copy)]
enum Pixels {
    Eight,
    Sixteen,
}

/// A file in each transfer syntax.
///
/// # Panics
/// When an encoder of DCMTK is missing or fails.
#[must_use]
pub fn every_syntax() -> Vec<Sample> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let study = Study::new(1, ENCODED.len() + DEFLATED.len() + OPAQUE.len());
    let mut samples = Vec::new();
    for (name, transfer_syntax, pixels, command) in ENCODED {
        let kind = match pixels {
            Pixels::Eight => Kind::Bytes(65_536),
            Pixels::Sixteen => Kind::Ct512K,
        };
        let instance = study.clone().kind(kind).instance(1, samples.len() + 1);
        let file = encode(folder.path(), &instance.bytes, command);
        let sample = Sample::from_file(name, file, true);
        let wanted = format!("{ROOT}{transfer_syntax}");
        assert_eq!(sample.transfer_syntax, wanted, "{name}");
        assert_eq!(sample.sop_instance_uid, instance.sop_instance_uid, "{name}");
        samples.push(sample);
    }
    for (name, odd) in DEFLATED {
        let sample = deflated(folder.path(), &study, samples.len() + 1, name, odd);
        samples.push(sample);
    }
    for (name, transfer_syntax) in OPAQUE {
        let sample = opaque(
            &study,
            samples.len() + 1,
            name,
            &format!("{ROOT}{transfer_syntax}"),
        );
        samples.push(sample);
    }
    samples
}

fn encode(folder: &Path, file: &[u8], command: &str) -> Vec<u8> {
    let (from, to) = (folder.join("in.dcm"), folder.join("out.dcm"));
    fs::write(&from, file).expect("a file can be written");
    let mut words = command.split(' ');
    let tool = Path::new("/usr/bin").join(words.next().unwrap_or_default());
    let run = Command::new(&tool).args(words).args([&from, &to]).output();
    let run = run.unwrap_or_else(|error| {
        panic!(
            "{}: {error}; scripts/receivers.sh installs it",
            tool.display()
        )
    });
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "{command}: {said}");
    fs::read(&to).expect("the encoder's file")
}

/// DCMTK does not pad: the parity is that of the compressed stream, which changes with the text in it.
fn deflated(folder: &Path, study: &Study, number: usize, name: &str, odd: bool) -> Sample {
    for length in 0..1000 {
        let comment = "x".repeat(length);
        let study = study.clone().tag((0x0010, 0x4000), "LT", &comment);
        let instance = study.kind(Kind::Ct512K).instance(1, number);
        let file = encode(folder, &instance.bytes, "dcmconv +td");
        let sample = Sample::from_file(name, file, true);
        if (sample.data_set().len() % 2 == 1) == odd {
            return sample;
        }
    }
    panic!("{name}: never");
}

fn opaque(study: &Study, number: usize, name: &str, transfer_syntax: &str) -> Sample {
    let video = transfer_syntax.contains("4.10") || transfer_syntax.contains("1.2.7");
    let class = if video { VIDEO_ENDOSCOPIC } else { CT_IMAGE };
    // The first frame in one fragment, the second in two, of which one is to be padded.
    let frames = [
        vec![noise(number, 40_000)],
        vec![noise(number + 1, 30_000), noise(number + 2, 4_321)],
    ];
    image(study, number)
        .text((0x0028, 0x0008), "IS", "2")
        .fragments(&frames, true)
        .into_sample(name, transfer_syntax, class, &study.uid_of(1, number))
}

/// The attributes of an image of 64 × 64 pixels of 8 bits, without pixels.
pub(super) fn image(study: &Study, number: usize) -> DataSet {
    patient(study, number)
        .bytes((0x0028, 0x0002), "US", &1u16.to_le_bytes())
        .text((0x0028, 0x0004), "CS", "MONOCHROME2")
        .bytes((0x0028, 0x0010), "US", &64u16.to_le_bytes())
        .bytes((0x0028, 0x0011), "US", &64u16.to_le_bytes())
        .bytes((0x0028, 0x0100), "US", &8u16.to_le_bytes())
        .bytes((0x0028, 0x0101), "US", &8u16.to_le_bytes())
        .bytes((0x0028, 0x0102), "US", &7u16.to_le_bytes())
        .bytes((0x0028, 0x0103), "US", &0u16.to_le_bytes())
}

/// The attributes of patient, study and series.
pub(super) fn patient(study: &Study, number: usize) -> DataSet {
    DataSet::new()
        .text((0x0008, 0x0020), "DA", "20260102")
        .text((0x0008, 0x0060), "CS", "OT")
        .text((0x0010, 0x0010), "PN", "Queue^Test")
        .text((0x0010, 0x0020), "LO", "SQ-1")
        .text((0x0020, 0x000D), "UI", &study.study_uid())
        .text((0x0020, 0x000E), "UI", &study.uid_of(1, 0))
        .text((0x0020, 0x0011), "IS", "1")
        .text((0x0020, 0x0013), "IS", &number.to_string())
}

/// Bytes that do not compress, the same for the same seed.
pub(super) fn noise(seed: usize, length: usize) -> Vec<u8> {
    let mut state = seed as u64 ^ 0x9E37_79B9_7F4A_7C15;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    std::iter::repeat_with(next).take(length).collect()
}
