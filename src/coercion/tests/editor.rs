//! The whole way of an instance: read, changed, and what is asked of the store on the way.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use orthanc_sdk::fake_host::FakeHost;
use parking_lot::Mutex;

use super::super::Coercion;
use super::*;
use crate::config::settings::DestinationSettings;
use crate::destinations::Editors;
use crate::item::{Class, SystemClock};
use crate::store::sqlite::SqliteStore;
use crate::store::{
    Decisions, Outputs, Result as StoreResult, Serial as Given, SerialLast, StoreError,
};
use crate::transport::edited::{NotEdited, edit};
use crate::transport::native::load::stored;

const CT: &str = "1.2.840.10008.5.1.4.1.1.2";

/// A CT of the study 1.2.3.
fn ct(texts: &[(&str, &str)]) -> Vec<u8> {
    let data = data_set(|root| {
        root.set(Tag::SOP_CLASS_UID, Vr::UI, CT.into());
        root.set(Tag::SOP_INSTANCE_UID, Vr::UI, b"1.2.3.4".to_vec());
        root.set(Tag::STUDY_INSTANCE_UID, Vr::UI, b"1.2.3".to_vec());
        for (name, text) in texts {
            let tag = sendqueue_dicom::path::tag(name, &|_| None).unwrap();
            let vr = sendqueue_dicom::dictionary::vr(tag).unwrap();
            root.set(tag, vr, text.as_bytes().to_vec());
        }
        root.set(Tag::PIXEL_DATA, Vr::OW, vec![7; 512]);
    });
    file(&data)
}

/// The file of a data set in Explicit VR Little Endian.
fn file(data: &[u8]) -> Vec<u8> {
    let mut file = vec![0; 128];
    file.extend_from_slice(b"DICM");
    file.extend_from_slice(b"\x02\0\x10\0UI\x14\0");
    file.extend_from_slice(b"1.2.840.10008.1.2.1\0");
    file.extend_from_slice(data);
    file
}

/// A store that can fail, and counts.
struct Watched {
    store: Arc<SqliteStore>,
    fails: AtomicBool,
    told: AtomicU32,
    outputs_fail: AtomicBool,
    _folder: tempfile::TempDir,
}

impl Watched {
    fn new() -> Arc<Watched> {
        let folder = tempfile::tempdir().unwrap();
        Arc::new(Watched {
            store: Arc::new(SqliteStore::open(&folder.path().join("queue.db")).unwrap()),
            fails: AtomicBool::new(false),
            told: AtomicU32::new(0),
            outputs_fail: AtomicBool::new(false),
            _folder: folder,
        })
    }

    fn locked(&self, fails: &AtomicBool) -> StoreResult<()> {
        match fails.load(Ordering::SeqCst) {
            true => Err(StoreError::Locked("asked for by a test".into())),
            false => Ok(()),
        }
    }
}

impl Decisions for Watched {
    fn decided(&self, recipe: &str, study: &str) -> StoreResult<BTreeMap<String, String>> {
        self.locked(&self.fails)?;
        self.store.decided(recipe, study)
    }

    fn decide(
        &self,
        recipe: &str,
        study: &str,
        found: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> StoreResult<BTreeMap<String, String>> {
        self.locked(&self.fails)?;
        self.store.decide(recipe, study, found, now)
    }

    fn serial(&self, name: &str, study: &str) -> StoreResult<Option<u64>> {
        self.locked(&self.fails)?;
        self.store.serial(name, study)
    }

    fn issue_serial(
        &self,
        name: &str,
        study: &str,
        start: u64,
        now: Timestamp,
    ) -> StoreResult<u64> {
        self.locked(&self.fails)?;
        self.store.issue_serial(name, study, start, now)
    }

    fn serials(
        &self,
        name: &str,
        study: Option<&str>,
        since: u64,
        limit: u32,
    ) -> StoreResult<Vec<Given>> {
        self.store.serials(name, study, since, limit)
    }

    fn serial_names(&self) -> StoreResult<Vec<SerialLast>> {
        self.store.serial_names()
    }
}

impl Outputs for Watched {
    fn remember_output(
        &self,
        sent: &str,
        study: &str,
        renamed: Option<&str>,
        now: Timestamp,
    ) -> StoreResult<()> {
        self.locked(&self.outputs_fail)?;
        self.told.fetch_add(1, Ordering::SeqCst);
        self.store.remember_output(sent, study, renamed, now)
    }

    fn own_outputs(&self, arrivals: &[(&str, &str)]) -> StoreResult<Vec<bool>> {
        self.store.own_outputs(arrivals)
    }
}

struct Bench {
    host: FakeHost,
    store: Arc<Watched>,
    coercion: Coercion,
    settings: DestinationSettings,
    file: Arc<Mutex<Vec<u8>>>,
}

fn bench(steps: Value, file: Vec<u8>) -> Bench {
    let host = FakeHost::new("1.10.1");
    let file = Arc::new(Mutex::new(file));
    let read = file.clone();
    host.on_read_instance(move |_| Ok(read.lock().clone()));
    host.on_rest(|_, _, _| Ok((200, json!({ "RemoteAET": "CT_A" }).to_string().into_bytes())));
    let store = Watched::new();
    let coercion = Coercion::new(
        host.host(),
        store.clone(),
        store.clone(),
        store.store.clone(),
        Arc::new(SystemClock),
        "ORTHANC",
    );
    Bench {
        settings: DestinationSettings {
            coerce: Some(recipe(steps)),
            original_attributes: true,
            ..DestinationSettings::default()
        },
        host,
        store,
        coercion,
        file,
    }
}

impl Bench {
    fn try_edit(&self, item: &Item) -> Result<Vec<u8>, NotEdited> {
        let editor = self.coercion.editor("pacs", &self.settings);
        let stored = stored(self.host.host(), item)?;
        Ok(edit(editor.as_ref(), item, stored)?.slices().concat())
    }
}

fn text_of(data: &[u8], tag: Tag) -> String {
    let data = DataSet::parse(data, EXPLICIT).unwrap();
    let charset = sendqueue_dicom::text::charset(data.root()).unwrap();
    let element = data.root().get(tag);
    let text = element.map(|element| sendqueue_dicom::text::of(element, &charset).unwrap());
    text.flatten().unwrap_or_default()
}

#[test]
fn an_output_is_remembered_once_and_before_it_is_sent() {
    let bench = bench(
        branches::sites(),
        ct(&[("PatientID", "1"), ("AccessionNumber", "9")]),
    );
    let first = bench.try_edit(&item(1)).unwrap();
    assert_eq!(text_of(&first, Tag::PATIENT_ID), "A-1");
    assert_eq!(bench.store.told.load(Ordering::SeqCst), 1);
    assert_eq!(bench.try_edit(&item(1)).unwrap(), first, "the same bytes");
    bench.try_edit(&item(2)).unwrap();
    assert_eq!(
        bench.store.told.load(Ordering::SeqCst),
        1,
        "once for a study"
    );
    // What keeps its patient is no output of ours.
    *bench.file.lock() = ct(&[("PatientID", "1"), ("StudyID", "x")]);
    let mut other = bench.settings.clone();
    other.coerce = Some(recipe(json!([{ "Set": { "StudyID": "7" } }])));
    let editor = bench.coercion.editor("pacs", &other);
    let plain = stored(bench.host.host(), &item(3)).unwrap();
    edit(editor.as_ref(), &item(3), plain).unwrap();
    assert_eq!(bench.store.told.load(Ordering::SeqCst), 1);
}

#[test]
fn what_cannot_be_written_down_now_waits() {
    let bench = bench(
        branches::sites(),
        ct(&[("PatientID", "1"), ("AccessionNumber", "9")]),
    );
    bench.store.fails.store(true, Ordering::SeqCst);
    let locked = |found: Result<Vec<u8>, NotEdited>| match found {
        Err(NotEdited::NotNow(why)) => assert!(why.contains("locked"), "{why}"),
        other => panic!("{other:?}"),
    };
    locked(bench.try_edit(&item(1)));
    bench.store.fails.store(false, Ordering::SeqCst);
    bench.store.outputs_fail.store(true, Ordering::SeqCst);
    locked(bench.try_edit(&item(1)));
    bench.store.outputs_fail.store(false, Ordering::SeqCst);
    assert_eq!(
        text_of(&bench.try_edit(&item(1)).unwrap(), Tag::PATIENT_ID),
        "A-1"
    );
    // What is known is not asked for, so that a lock does not hold up the rest of the study.
    bench.store.fails.store(true, Ordering::SeqCst);
    bench.try_edit(&item(2)).unwrap();
    // A number is given before it is sent, too.
    *bench.file.lock() = {
        let blank = ct(&[("PatientID", "1")]);
        let study = b"1.2.3\0";
        let at = blank.windows(6).rposition(|bytes| bytes == study).unwrap();
        let mut other = blank;
        other[at + 4] = b'9';
        other
    };
    locked(bench.try_edit(&item(3)));
    bench.store.fails.store(false, Ordering::SeqCst);
    let sent = bench.try_edit(&item(3)).unwrap();
    assert_eq!(text_of(&sent, Tag::ACCESSION_NUMBER), "RT00000001");
}

#[test]
fn what_orthanc_does_not_tell_is_not_guessed() {
    let bench = bench(
        branches::sites(),
        ct(&[("PatientID", "1"), ("AccessionNumber", "9")]),
    );
    bench.host.on_rest(|_, _, _| Err(6));
    assert!(matches!(
        bench.try_edit(&item(1)),
        Err(NotEdited::NotNow(_))
    ));
    bench.host.on_rest(|_, _, _| Err(17));
    match bench.try_edit(&item(1)) {
        Err(NotEdited::Outcome(outcome)) => assert_eq!(outcome.class, Class::Missing),
        other => panic!("{other:?}"),
    }
    bench.host.on_rest(|_, _, _| Ok((200, b"{}".to_vec())));
    match bench.try_edit(&item(1)) {
        Err(NotEdited::Outcome(outcome)) => {
            assert_eq!(outcome.class, Class::Coercion);
            assert!(
                outcome.details.contains("none of the Sources"),
                "{outcome:?}"
            );
        }
        other => panic!("{other:?}"),
    }
    assert!(
        bench.store.decided("r", "1.2.3").unwrap().is_empty(),
        "and nothing is decided by it"
    );
}

#[test]
fn a_look_shows_what_would_be_sent_and_changes_nothing() {
    let bench = bench(
        branches::sites(),
        ct(&[("PatientID", "1"), ("AccessionNumber", "9")]),
    );
    let preview = bench
        .coercion
        .preview("pacs", &bench.settings, "i1")
        .unwrap();
    let paths: Vec<&str> = preview
        .changes
        .iter()
        .map(|one| one.path.as_str())
        .collect();
    assert_eq!(
        paths,
        ["AccessionNumber", "PatientID", "OriginalAttributesSequence"]
    );
    assert_eq!(preview.sop_instance_uid, ["1.2.3.4", "1.2.3.4"]);
    assert_eq!(bench.store.told.load(Ordering::SeqCst), 0);
    assert!(bench.store.decided("r", "1.2.3").unwrap().is_empty());
    let sent = bench.try_edit(&item(1)).unwrap();
    let file = bench.coercion.sent(&item(1), &bench.settings).unwrap();
    assert!(file.ends_with(&sent) && file[128..].starts_with(b"DICM"));
    // Where nothing is changed, the file is the stored one.
    let plain = DestinationSettings::default();
    assert_eq!(
        bench.coercion.sent(&item(1), &plain).unwrap(),
        *bench.file.lock()
    );
    assert!(
        bench
            .coercion
            .preview("pacs", &plain, "i1")
            .unwrap()
            .changes
            .is_empty()
    );
}

/// Whatever the bytes are: it is changed as asked, or it is not sent.
#[test]
fn damaged_instances_are_changed_as_asked_or_not_sent() {
    let steps = json!([
        { "If": { "Modality": "CT" }, "Scope": "Instance", "Set": { "StudyID": "{PatientID:slice(0,4)}" }, "Else": [ { "Remove": ["StudyID"] } ] },
        { "Set": { "PatientID": "CHANGED" }, "Suffix": { "RequestAttributesSequence[*].AccessionNumber": "-X" } },
        { "Remove": ["private", "0032,xxxx"], "Replace": { "StudyDescription": ["a", "b"] } },
    ]);
    let whole_file = {
        let data = data_set(|root| {
            root.set(Tag::SOP_CLASS_UID, Vr::UI, CT.into());
            root.set(Tag::SOP_INSTANCE_UID, Vr::UI, b"1.2.3.4".to_vec());
            root.set(Tag::STUDY_INSTANCE_UID, Vr::UI, b"1.2.3".to_vec());
            root.set(Tag(0x0008, 0x0060), Vr::CS, b"CT".to_vec());
            root.set(Tag(0x0008, 0x1030), Vr::LO, b"a CT".to_vec());
            root.set(Tag(0x0009, 0x0010), Vr::LO, b"OWNER".to_vec());
            root.set(Tag::PATIENT_ID, Vr::LO, b"SECRET".to_vec());
            root.set(Tag(0x0032, 0x1060), Vr::LO, b"asked".to_vec());
            let mut request = Elements::new();
            request.set(Tag::ACCESSION_NUMBER, Vr::SH, b"9".to_vec());
            request.set(Tag(0x0009, 0x1001), Vr::UN, b"own".to_vec());
            root.set_items(REQUEST, vec![request]);
            root.set(Tag::PIXEL_DATA, Vr::OW, vec![7; 64]);
        });
        file(&data)
    };
    let bench = bench(steps, whole_file.clone());
    let editor = bench.coercion.editor("pacs", &bench.settings);
    let mut random: u64 = 0x9E37_79B9_7F4A_7C15;
    let mut next = |most: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % most as u64).unwrap()
    };
    let (mut changed, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut file = whole_file.clone();
        for _ in 0..=next(3) {
            let at = 132 + next(file.len() - 132);
            match next(3) {
                0 => file[at] = u8::try_from(next(256)).unwrap(),
                1 => drop(file.remove(at)),
                _ => file.insert(at, [0, 0xFF, b'[', b'\\'][next(4)]),
            }
        }
        *bench.file.lock() = file;
        let Ok(stored) = stored(bench.host.host(), &item(1)) else {
            refused += 1;
            continue;
        };
        let syntax = stored.kind.transfer_syntax.clone();
        match edit(editor.as_ref(), &item(1), stored) {
            Ok(edited) => {
                let sent = edited.slices().concat();
                let data = DataSet::parse(&sent, &syntax).unwrap();
                let patient = data.root().get(Tag::PATIENT_ID).and_then(|one| one.bytes());
                assert_eq!(patient, Some(&b"CHANGED "[..]));
                changed += 1;
            }
            Err(NotEdited::Outcome(outcome)) => {
                assert_eq!(outcome.class, Class::Coercion, "{outcome:?}");
                assert!(!outcome.details.contains("panicked"), "{outcome:?}");
                refused += 1;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(
        changed > 1000 && refused > 1000,
        "{changed} changed, {refused} refused"
    );
}

#[test]
fn a_change_far_behind_in_a_value_is_a_change() {
    let long = format!("{}SECRET^NAME", "x".repeat(300));
    let bench = bench(
        json!([{ "Replace": { "ImageComments": ["SECRET\\^NAME", "-"] } }]),
        ct(&[("PatientID", "1"), ("ImageComments", &long)]),
    );
    let sent = bench.try_edit(&item(1)).unwrap();
    assert!(text_of(&sent, Tag(0x0020, 0x4000)).ends_with("x-"));
    let preview = bench.coercion.preview("pacs", &bench.settings, "i");
    let changes = preview.unwrap().changes;
    let change = changes.iter().find(|one| one.path == "ImageComments");
    let change = change.expect("it is told");
    assert_ne!(change.before, change.after);
}

/// What comes back of a lossy image has a SOP Instance UID that no item has.
fn lossy_comes_back(coerced: bool) {
    let mut bench = bench(
        json!([{ "Set": { "PatientID": "A-{PatientID}" } }]),
        ct(&[("PatientID", "1"), ("AccessionNumber", "9")]),
    );
    if !coerced {
        bench.settings.coerce = None;
    }
    bench.settings.compress = Some(crate::config::compress::Compression {
        transfer_syntax: "1.2.840.10008.1.2.4.50",
        lossy: true,
    });
    bench.host.on_transcode(|_, _| {
        let mut data = data_set(|root| {
            root.set(Tag::SOP_CLASS_UID, Vr::UI, CT.into());
            root.set(Tag::SOP_INSTANCE_UID, Vr::UI, b"1.2.99".to_vec());
            root.set(Tag::STUDY_INSTANCE_UID, Vr::UI, b"1.2.3".to_vec());
            root.set(Tag::PATIENT_ID, Vr::LO, b"1".to_vec());
        });
        data.extend_from_slice(b"\xE0\x7F\x10\0OB\0\0\xFF\xFF\xFF\xFF");
        data.extend_from_slice(b"\xFE\xFF\0\xE0\0\0\0\0\xFE\xFF\0\xE0\x04\0\0\0abcd");
        data.extend_from_slice(b"\xFE\xFF\xDD\xE0\0\0\0\0");
        let mut file = vec![0; 128];
        file.extend_from_slice(b"DICM\x02\0\x10\0UI\x16\0");
        file.extend_from_slice(b"1.2.840.10008.1.2.4.50");
        file.extend_from_slice(&data);
        Ok(file)
    });
    let sent = bench.try_edit(&item(1)).unwrap();
    let data = DataSet::parse(&sent, "1.2.840.10008.1.2.4.50").unwrap();
    let uid = text_of(&sent, Tag::SOP_INSTANCE_UID);
    assert!(uid.starts_with("2.25."));
    let study = crate::coercion::study_id(data.root()).unwrap();
    assert_eq!(bench.store.own_outputs(&[(&study, &uid)]).unwrap(), [true]);
}

#[test]
fn a_lossy_image_that_comes_back_is_known() {
    lossy_comes_back(false);
}

#[test]
fn a_lossy_image_of_another_patient_that_comes_back_is_known() {
    lossy_comes_back(true);
}
