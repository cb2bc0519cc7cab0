//! Real files of many makers, forwarded by the queue and by Orthanc's own SCU to the same receivers: never worse than
//! it.
//!
//! Invariants:
//! - What Orthanc's SCU delivers, the queue delivers, announced as the same SOP class and instance.
//! - To a receiver of everything the data set goes as the file has it, or (what only Orthanc can send) as Orthanc sends
//!   it.
//! - To a receiver of Implicit VR Little Endian every element has the value that DCMTK makes of it in Orthanc.
//!
//! The files: those of pydicom and of pydicom-data, in DIR/corpus of `scripts/receivers.sh`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write;

use sendqueue_testkit::dicom::{IMPLICIT_VR_LE, Part10, elements_of_defined_length};
use sendqueue_testkit::queue::{self, Queue};
use sendqueue_testkit::scp::StoreRecord;
use sendqueue_testkit::{FaultScp, receiver};
use serde_json::{Value, json};

struct File {
    name: String,
    bytes: Vec<u8>,
    /// Its SOP instance UID, as a look at the bytes tells: only to keep files of one instance apart.
    uid: String,
}

fn corpus() -> VecDeque<File> {
    let files = receiver::corpus().into_iter().map(|(name, bytes)| File {
        name,
        uid: uid_in(&bytes),
        bytes,
    });
    files.collect()
}

/// What stands behind the first (0008,0018), in whatever transfer syntax; of a deflated one that of the meta
/// information.
fn uid_in(bytes: &[u8]) -> String {
    let tags = [[8, 0, 0x18, 0], [0, 8, 0, 0x18], [2, 0, 3, 0]];
    let value = tags.iter().find_map(|tag| {
        let at = bytes.windows(4).position(|four| four == tag)?;
        bytes.get(at + 8..)
    });
    let value = value.unwrap_or_default().iter();
    value
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'.')
        .map(|byte| char::from(*byte))
        .collect()
}

/// What a receiver has, by SOP instance UID.
type Came = BTreeMap<String, StoreRecord>;

fn came(scp: &FaultScp, before: usize) -> Came {
    let stores = scp.stores().into_iter().skip(before);
    stores
        .map(|store| (store.sop_instance_uid.clone(), store))
        .collect()
}

#[derive(Default)]
struct Figures {
    delivered: usize,
    by_orthanc: usize,
    /// Byte for byte as in the file, of those delivered.
    as_stored: usize,
    wrong: String,
}

impl Figures {
    fn compare(
        &mut self,
        file: &File,
        item: &Value,
        ours: Option<&StoreRecord>,
        orthancs: Option<&StoreRecord>,
    ) {
        self.delivered += usize::from(ours.is_some());
        self.by_orthanc += usize::from(orthancs.is_some());
        let success = item["State"] == "Success";
        if success != ours.is_some() {
            self.blame(file, &format!("it did not come as it is told: {item:#}"));
        }
        let as_stored = ours.is_some_and(|ours| is_of(&file.bytes, bytes(ours)));
        self.as_stored += usize::from(as_stored);
        let (Some(ours), Some(orthancs)) = (ours, orthancs) else {
            if orthancs.is_some() {
                self.blame(
                    file,
                    &format!("only Orthanc delivers it: {}", item["Details"]),
                );
            }
            return;
        };
        if ours.sop_class_uid != orthancs.sop_class_uid {
            self.blame(
                file,
                &format!(
                    "as {}, by Orthanc as {}",
                    ours.sop_class_uid, orthancs.sop_class_uid
                ),
            );
        }
        if ours.transfer_syntax != orthancs.transfer_syntax {
            self.blame(
                file,
                &format!(
                    "in {}, by Orthanc in {}",
                    ours.transfer_syntax, orthancs.transfer_syntax
                ),
            );
            return;
        }
        if as_stored || bytes(ours) == bytes(orthancs) {
            return;
        }
        if ours.transfer_syntax != IMPLICIT_VR_LE {
            self.blame(file, "neither as in the file nor as by Orthanc");
            return;
        }
        let [ours, orthancs] = [ours, orthancs].map(|one| elements_of_defined_length(bytes(one)));
        if ours != orthancs {
            let pairs = ours.iter().zip(&orthancs);
            let first = pairs.filter(|(ours, orthancs)| ours != orthancs).take(3);
            let first: Vec<String> = first
                .map(|(ours, orthancs)| format!("{ours:.200} | {orthancs:.200}"))
                .collect();
            let lines = (ours.len(), orthancs.len());
            self.blame(file, &format!("other elements {lines:?}: {first:#?}"));
        }
    }

    fn blame(&mut self, file: &File, what: &str) {
        let _ = writeln!(self.wrong, "{}: {what}", file.name);
    }
}

fn bytes(store: &StoreRecord) -> &[u8] {
    store.bytes.as_deref().expect("bytes are kept")
}

/// Whether a data set is that of the file; what is deflated may have become even (PS3.5 A.5).
fn is_of(file: &[u8], data_set: &[u8]) -> bool {
    let Some(meta) = Part10::read(file) else {
        return false;
    };
    let wanted = &file[meta.data_set_offset..];
    data_set == wanted || data_set.strip_suffix(&[0]) == Some(wanted)
}

#[test]
fn never_worse_than_orthancs_own_scu() {
    let mut files = corpus();
    let count = files.len();
    let receivers = [FaultScp::start("ALL"), FaultScp::start("IMPLICIT")];
    receivers[1].accept_transfer_syntaxes(|syntax| syntax == IMPLICIT_VR_LE);
    for scp in &receivers {
        scp.keep_bytes(true);
    }
    let config = queue::config_for(&[&receivers[0], &receivers[1]]).set("DicomScuTimeout", 30);
    let mut figures = [Figures::default(), Figures::default()];
    let (mut refused, mut stored) = (Vec::new(), 0);
    let queue = Queue::start(config);
    while !files.is_empty() {
        // Of the files of one instance one at a time.
        let mut uids = BTreeSet::new();
        let mut round: Vec<(File, String)> = Vec::new();
        let mut later = VecDeque::new();
        for file in files {
            if !uids.insert(file.uid.clone()) {
                later.push_back(file);
                continue;
            }
            let answer = queue.post("/instances", &file.bytes);
            if answer.status != 200 {
                refused.push(file.name);
                continue;
            }
            let answer = answer.json();
            if answer["Status"] == "AlreadyStored" {
                later.push_back(file);
                continue;
            }
            let id = answer["ID"].as_str().expect("an identifier").to_owned();
            round.push((file, id));
        }
        files = later;
        stored += round.len();
        queue.wait_for_rest(2 * round.len() as u64);
        for (scp, figures) in receivers.iter().zip(&mut figures) {
            let name = queue::name_of(scp);
            let items = queue.items(&format!("destination={name}"));
            let items: BTreeMap<&str, &Value> = items
                .iter()
                .map(|item| (item["Instance"].as_str().unwrap_or_default(), item))
                .collect();
            let ours = came(scp, 0);
            for (_, id) in &round {
                // What it refuses to send it says with a status.
                queue.post_json(
                    &format!("/modalities/{name}/store"),
                    &json!({ "Resources": [id] }),
                );
            }
            let orthancs = came(scp, ours.len());
            let told: BTreeSet<&str> = items
                .values()
                .filter_map(|item| item["SopInstanceUid"].as_str())
                .collect();
            assert_eq!(told.len(), round.len(), "two of one instance");
            for (file, id) in &round {
                let item = items[id.as_str()];
                let uid = item["SopInstanceUid"].as_str().unwrap_or_default();
                figures.compare(file, item, ours.get(uid), orthancs.get(uid));
            }
            scp.clear();
        }
        for (_, id) in &round {
            let _ = queue.delete(&format!("/instances/{id}")).ok();
        }
        for item in queue.items("") {
            let _ = queue
                .delete(&format!("/sendqueue/items/{}", item["ID"]))
                .ok();
        }
    }
    println!(
        "{count} files; Orthanc does not store {}: {refused:#?}; of the other {stored}",
        refused.len()
    );
    for (scp, figures) in receivers.iter().zip(&figures) {
        println!(
            "to {}: {} delivered, {} as in the file; {} by Orthanc's own SCU",
            scp.aet(),
            figures.delivered,
            figures.as_stored,
            figures.by_orthanc
        );
        print!("{}", figures.wrong);
    }
    assert!(figures.iter().all(|figures| figures.wrong.is_empty()));
    assert!(figures.iter().all(|figures| figures.delivered > 0));
}
