//! Studies made up on the spot, as DICOM files (PS3.10), Explicit VR Little Endian unless asked otherwise.
//!
//! Invariants:
//! - UIDs depend on the seed, series and instance number alone, so a study with a given [`Study::seed`] is the same at
//!   every run; without one each study of a process has its own.
//! - Elements are written in ascending order with even lengths; the pixel data fits rows, columns and bits.
//!
//! An instance is built in the time it takes to copy its pixels: thousands per second.

mod data_set;
mod elements;
mod file;
mod huge;
mod objects;
mod part10;
mod syntaxes;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

pub use data_set::{DataSet, Lengths};
pub use elements::{elements, elements_of_defined_length};
pub use file::part10_file;
pub use huge::{HugeFile, huge};
pub use objects::{BASIC_TEXT_SR, ENCAPSULATED_PDF, MULTI_FRAME, RT_DOSE, RT_PLAN, every_object};
pub use part10::Part10;
pub use syntaxes::{Sample, VIDEO_ENDOSCOPIC, every_syntax};

/// CT Image Storage (PS3.4 B.5).
pub const CT_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.2";
/// MR Image Storage.
pub const MR_IMAGE: &str = "1.2.840.10008.5.1.4.1.1.4";
/// Secondary Capture Image Storage.
pub const SECONDARY_CAPTURE: &str = "1.2.840.10008.5.1.4.1.1.7";
/// A SOP class of nobody.
pub const PRIVATE_SOP_CLASS: &str = "2.25.298109374650192837465019283746501928374.1";
/// Implicit VR Little Endian (not offered by [`Study::transfer_syntax`]; for presentation contexts).
pub const IMPLICIT_VR_LE: &str = "1.2.840.10008.1.2";
/// Explicit VR Little Endian.
pub const EXPLICIT_VR_LE: &str = "1.2.840.10008.1.2.1";
/// JPEG Baseline: the pixels are one fragment of bytes that no decoder will like.
pub const JPEG_BASELINE: &str = "1.2.840.10008.1.2.4.50";
/// JPEG 2000 Lossless, with the same fragment.
pub const JPEG_2000_LOSSLESS: &str = "1.2.840.10008.1.2.4.90";

/// How big an instance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 32 × 32 pixels of 8 bits: a file of about 2 KB.
    Small,
    /// 512 × 512 pixels of 16 bits: 512 KiB of pixels.
    Ct512K,
    /// At least this many bytes of pixels of 8 bits: rounded up to whole rows of 256 (more above 16 MB).
    Bytes(usize),
}

/// One instance as a DICOM file.
#[derive(Debug, Clone)]
pub struct Instance {
    /// The file: preamble, `DICM`, meta information, data set.
    pub bytes: Vec<u8>,
    /// (0008,0018).
    pub sop_instance_uid: String,
    /// (0008,0016).
    pub sop_class_uid: String,
    /// (0020,000D).
    pub study_uid: String,
    /// (0020,000E).
    pub series_uid: String,
    /// (0010,0020).
    pub patient_id: String,
    /// (0002,0010).
    pub transfer_syntax: String,
    /// Where the data set begins in `bytes`: behind the meta information.
    pub data_set_offset: usize,
}

/// A study to be made.
#[derive(Debug, Clone)]
pub struct Study {
    seed: u64,
    series: usize,
    instances: usize,
    kind: Kind,
    sop_class_uid: String,
    transfer_syntax: String,
    texts: BTreeMap<(u16, u16), (String, Vec<u8>)>,
}

static NEXT_SEED: AtomicU64 = AtomicU64::new(1);

/// Seeds of whole studies and instances stay apart, and from those chosen by tests.
const OWN_SEEDS: u64 = 1 << 40;

impl Study {
    /// `n_series` series with `n_instances` instances each: small CT images, UIDs not used in this process before.
    #[must_use]
    pub fn new(n_series: usize, n_instances: usize) -> Self {
        let seed = OWN_SEEDS + NEXT_SEED.fetch_add(1, Ordering::Relaxed);
        let study = Self {
            seed,
            series: n_series,
            instances: n_instances,
            kind: Kind::Small,
            sop_class_uid: CT_IMAGE.to_owned(),
            transfer_syntax: EXPLICIT_VR_LE.to_owned(),
            texts: BTreeMap::new(),
        };
        study
            .modality("CT")
            .patient_id("SQ-1")
            .patient_name("Queue^Test")
            .study_description("Made up")
            .tag((0x0008, 0x0020), "DA", "20260102")
            .tag((0x0008, 0x0030), "TM", "030405")
            .tag((0x0008, 0x0050), "SH", "ACC1")
            .tag((0x0010, 0x0030), "DA", "19700101")
            .tag((0x0010, 0x0040), "CS", "O")
            .tag((0x0020, 0x0010), "SH", "1")
    }

    /// Makes UIDs reproducible: the same seed (below 2⁴⁰), the same UIDs.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        assert!(seed < OWN_SEEDS, "seeds from 2^40 on are taken");
        self.seed = seed;
        self
    }

    /// How big the instances are.
    #[must_use]
    pub fn kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// SOP class; the attributes stay those of an image.
    #[must_use]
    pub fn sop_class(mut self, uid: &str) -> Self {
        uid.clone_into(&mut self.sop_class_uid);
        self
    }

    /// Transfer syntax: [`EXPLICIT_VR_LE`], or an encapsulated one, whose only fragment then is not decodable.
    ///
    /// # Panics
    /// With another one that is not encapsulated.
    #[must_use]
    pub fn transfer_syntax(mut self, uid: &str) -> Self {
        let native = [
            "1.2.840.10008.1.2",
            "1.2.840.10008.1.2.2",
            "1.2.840.10008.1.2.1.99",
        ];
        assert!(!native.contains(&uid), "{uid} cannot be written");
        uid.clone_into(&mut self.transfer_syntax);
        self
    }

    /// (0008,0060).
    #[must_use]
    pub fn modality(self, code: &str) -> Self {
        self.tag((0x0008, 0x0060), "CS", code)
    }

    /// (0010,0020).
    #[must_use]
    pub fn patient_id(self, id: &str) -> Self {
        self.tag((0x0010, 0x0020), "LO", id)
    }

    /// (0010,0010).
    #[must_use]
    pub fn patient_name(self, name: &str) -> Self {
        self.tag((0x0010, 0x0010), "PN", name)
    }

    /// (0008,1030).
    #[must_use]
    pub fn study_description(self, text: &str) -> Self {
        self.tag((0x0008, 0x1030), "LO", text)
    }

    /// (0008,103E).
    #[must_use]
    pub fn series_description(self, text: &str) -> Self {
        self.tag((0x0008, 0x103E), "LO", text)
    }

    /// Sets any other element of the data set to this text, as it stands (padded to even length). For binary VRs
    /// use [`tag_bytes`](Self::tag_bytes). UIDs and the image's own attributes win over it.
    #[must_use]
    pub fn tag(self, tag: (u16, u16), vr: &str, text: &str) -> Self {
        self.tag_bytes(tag, vr, text.as_bytes())
    }

    /// The same with bytes.
    #[must_use]
    pub fn tag_bytes(mut self, tag: (u16, u16), vr: &str, value: &[u8]) -> Self {
        assert_eq!(vr.len(), 2, "a VR has two letters");
        self.texts.insert(tag, (vr.to_owned(), value.to_vec()));
        self
    }

    /// (0020,000D) of all its instances.
    #[must_use]
    pub fn study_uid(&self) -> String {
        self.uid(0, 0)
    }

    /// How many instances it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.series * self.instances
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All instances, in the order of series and instance number, built one by one as they are asked for.
    pub fn instances(&self) -> impl Iterator<Item = Instance> + '_ {
        (1..=self.series).flat_map(move |series| {
            (1..=self.instances).map(move |number| self.instance(series, number))
        })
    }

    /// All instances.
    #[must_use]
    pub fn build(&self) -> Vec<Instance> {
        self.instances().collect()
    }

    /// The instance with this series number and instance number, both from 1.
    #[must_use]
    pub fn instance(&self, series: usize, number: usize) -> Instance {
        let study_uid = self.study_uid();
        let series_uid = self.uid(series, 0);
        let sop_instance_uid = self.uid(series, number);
        let (rows, columns, bits) = self.kind.geometry();
        let mut elements: BTreeMap<(u16, u16), (&str, Vec<u8>)> = self
            .texts
            .iter()
            .map(|(tag, (vr, value))| (*tag, (vr.as_str(), value.clone())))
            .collect();
        let high_bit = bits - 1;
        let mut set = |tag, vr, value: &[u8]| elements.insert(tag, (vr, value.to_vec()));
        set((0x0008, 0x0016), "UI", self.sop_class_uid.as_bytes());
        set((0x0008, 0x0018), "UI", sop_instance_uid.as_bytes());
        set((0x0020, 0x000D), "UI", study_uid.as_bytes());
        set((0x0020, 0x000E), "UI", series_uid.as_bytes());
        set((0x0020, 0x0011), "IS", series.to_string().as_bytes());
        set((0x0020, 0x0013), "IS", number.to_string().as_bytes());
        set((0x0028, 0x0002), "US", &1u16.to_le_bytes());
        set((0x0028, 0x0004), "CS", b"MONOCHROME2");
        set((0x0028, 0x0010), "US", &rows.to_le_bytes());
        set((0x0028, 0x0011), "US", &columns.to_le_bytes());
        set((0x0028, 0x0100), "US", &bits.to_le_bytes());
        set((0x0028, 0x0101), "US", &bits.to_le_bytes());
        set((0x0028, 0x0102), "US", &high_bit.to_le_bytes());
        set((0x0028, 0x0103), "US", &0u16.to_le_bytes());

        let pixels = usize::from(rows) * usize::from(columns) * usize::from(bits / 8);
        let mut bytes = Vec::with_capacity(pixels + 2048);
        file::write_meta(
            &mut bytes,
            &self.sop_class_uid,
            &sop_instance_uid,
            &self.transfer_syntax,
        );
        let data_set_offset = bytes.len();
        for (tag, (vr, value)) in &elements {
            file::write_element(&mut bytes, *tag, vr, value);
        }
        let encapsulated = self.transfer_syntax != EXPLICIT_VR_LE;
        file::write_pixels(&mut bytes, encapsulated, bits, pixels);
        let patient_id = &elements[&(0x0010, 0x0020)].1;
        Instance {
            patient_id: String::from_utf8_lossy(patient_id).into_owned(),
            bytes,
            sop_instance_uid,
            sop_class_uid: self.sop_class_uid.clone(),
            study_uid,
            series_uid,
            transfer_syntax: self.transfer_syntax.clone(),
            data_set_offset,
        }
    }

    /// The SOP instance UID of this series and instance number, both from 1; instance 0: the series UID.
    #[must_use]
    pub fn uid_of(&self, series: usize, number: usize) -> String {
        self.uid(series, number)
    }

    /// A UID below 2.25 (PS3.5 B.2); series and instance 0 stand for the level above.
    fn uid(&self, series: usize, number: usize) -> String {
        // 48 bits of seed, 16 of series, 32 of instance, under a prefix of our own.
        let value = 0x5E4D_u128 << 96
            | u128::from(self.seed) << 48
            | (series as u128) << 32
            | (number as u128);
        format!("2.25.{value}")
    }
}

impl Kind {
    /// Rows, columns, bits per pixel.
    fn geometry(self) -> (u16, u16, u16) {
        match self {
            Self::Small => (32, 32, 8),
            Self::Ct512K => (512, 512, 16),
            Self::Bytes(bytes) => {
                let mut columns = 256;
                while bytes.div_ceil(columns) > 65_535 {
                    columns *= 2;
                }
                let rows =
                    u16::try_from(bytes.div_ceil(columns).max(1)).expect("it was made to fit");
                (
                    rows,
                    u16::try_from(columns).expect("less than 2 GiB of pixels"),
                    8,
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn uids_are_unique_reproducible_and_short() {
        let study = Study::new(3, 4).seed(7);
        let uids: BTreeSet<_> = study.instances().map(|i| i.sop_instance_uid).collect();
        assert_eq!(uids.len(), 12);
        assert!(
            uids.iter()
                .all(|uid| uid.len() <= 64 && uid.starts_with("2.25."))
        );
        let again: BTreeSet<_> = Study::new(3, 4)
            .seed(7)
            .instances()
            .map(|i| i.sop_instance_uid)
            .collect();
        assert_eq!(uids, again);
        assert_ne!(Study::new(1, 1).study_uid(), Study::new(1, 1).study_uid());
    }

    #[test]
    fn sizes_are_as_promised() {
        let size = |kind| Study::new(1, 1).kind(kind).instance(1, 1).bytes.len();
        assert!(
            (1500..2500).contains(&size(Kind::Small)),
            "{}",
            size(Kind::Small)
        );
        assert!((524_288..526_000).contains(&size(Kind::Ct512K)));
        assert!((100_000..102_000).contains(&size(Kind::Bytes(100_000))));
        assert!(size(Kind::Bytes(20_000_000)) >= 20_000_000);
    }
}
