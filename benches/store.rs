//! What the verbs of the store cost, at growing backlogs.
//!
//! `cargo bench --bench store -- [--backlog 10000,1000000] [--measure 50000] [--batch 100]
//! [--per-study 250] [--dir FOLDER] [--events instance.stored,instance.delivered]`
//!
//! A backlog of pending items for another destination and for the same one is made first; then
//! `--measure` items are enqueued, claimed and finished. Identifiers look like Orthanc's (SHA-1), so
//! that the indexes see keys as random as in life. With `--events` they are told of as `SendQueue.Events` has it, and
//! what is told of an arrival is made in the time that is measured.

use std::path::PathBuf;
use std::time::Instant;

use OrthancSendQueue::item::{Announcement, Ids, Outcome, Priority, State, Timestamp};
use OrthancSendQueue::store::sqlite::SqliteStore;
use OrthancSendQueue::store::{
    AttemptMade, Book, Claims, Cursor, Ending, Filter, Finish, Intake, Journal, NewItem, Outbox,
    Page, Pick, Stored, Upkeep,
};

type Failed = Box<dyn std::error::Error>;

const DESTINATIONS: [&str; 4] = ["pacs", "archive", "research", "teaching"];
const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

struct Options {
    backlogs: Vec<u64>,
    measure: u64,
    batch: u64,
    per_study: u64,
    dir: PathBuf,
    events: Vec<Announcement>,
}

fn options() -> Result<Options, Failed> {
    let mut options = Options {
        backlogs: vec![10_000, 100_000],
        measure: 20_000,
        batch: 100,
        per_study: 250,
        dir: std::env::temp_dir(),
        events: Vec::new(),
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        match arg.as_str() {
            "--backlog" => {
                options.backlogs = value()?
                    .split(',')
                    .map(str::parse)
                    .collect::<Result<_, _>>()?;
            }
            "--measure" => options.measure = value()?.parse()?,
            "--batch" => options.batch = value()?.parse()?,
            "--per-study" => options.per_study = value()?.parse()?,
            "--events" => {
                let kind = |word| Announcement::parse(word).ok_or("unknown event");
                options.events = value()?.split(',').map(kind).collect::<Result<_, _>>()?;
            }
            "--dir" => options.dir = value()?.into(),
            // What cargo itself passes.
            "--bench" => {}
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    Ok(options)
}

/// An identifier of Orthanc's form, the same for the same number.
fn orthanc_id(kind: u64, number: u64) -> String {
    let mut random = fastrand::Rng::with_seed(kind << 56 ^ number);
    let part = |random: &mut fastrand::Rng| format!("{:08x}", random.u32(..));
    (0..5)
        .map(|_| part(&mut random))
        .collect::<Vec<_>>()
        .join("-")
}

fn new_item(number: u64, per_study: u64) -> NewItem {
    let study = number / per_study;
    let group = orthanc_id(1, study);
    NewItem {
        ids: Ids {
            instance: orthanc_id(3, number),
            sop_instance_uid: format!("1.2.826.0.1.3680043.8.498.{}{:020}", study, number),
            series: orthanc_id(2, number / per_study.min(60)),
            study: group.clone(),
            patient: orthanc_id(0, study),
        },
        destination: DESTINATIONS[usize::try_from(study).unwrap_or(0) % DESTINATIONS.len()].into(),
        rule: Some("Rule 0".into()),
        remote_aet: Some("MODALITY".into()),
        priority: Priority::ALL[1 + usize::try_from(study).unwrap_or(0) % 2],
        group,
        place: 0,
        not_before: None,
        latest: None,
        expires: Some(NOW.plus_seconds(604_800.0)),
        size_bytes: 524_288,
        failed: None,
        reception: OrthancSendQueue::store::Reception::default(),
    }
}

/// As arrival makes it (`src/arrival/announce.rs`).
fn stored(item: &NewItem) -> Stored {
    let ids = &item.ids;
    let data = serde_json::json!({
        "TraceID": "019aa3f1-7d2c-7b1e-8d52-0f6f3a1c9e77",
        "Tenant": "ORTHANC",
        "Instance": ids.instance,
        "Series": ids.series,
        "Study": ids.study,
        "Patient": ids.patient,
        "StudyInstanceUid": ids.sop_instance_uid,
        "SeriesInstanceUid": ids.sop_instance_uid,
        "SopInstanceUid": ids.sop_instance_uid,
        "SopClassUid": "1.2.840.10008.5.1.4.1.1.2",
        "TransferSyntaxUid": "1.2.840.10008.1.2.1",
        "CallingAet": item.remote_aet,
        "CalledAet": "ORTHANC",
        "RemoteIp": "192.0.2.10",
        "Origin": "DicomProtocol",
        "ReceptionTime": "20261120T235959",
        "SizeBytes": item.size_bytes,
    });
    Stored {
        name: format!("{}.{}", ids.instance, ids.series),
        study: ids.study.clone(),
        instance: ids.instance.clone(),
        data: data.to_string(),
    }
}

/// Time that went by, processor time of this thread and bytes that this process wrote (write-ahead log and
/// checkpoints), where the system tells: on a machine with other work only the latter two can be compared.
#[derive(Default)]
struct Spent {
    seconds: f64,
    cpu: f64,
    written: u64,
}

impl Spent {
    fn on<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let written = written_bytes();
        let (start, cpu) = (Instant::now(), cpu_seconds());
        let answer = run();
        self.seconds += start.elapsed().as_secs_f64();
        self.cpu += cpu_seconds() - cpu;
        self.written += written_bytes() - written;
        answer
    }

    fn per_item(&self, count: u64) -> String {
        let rate = count as f64 / self.seconds;
        format!(
            "{rate:>6.0}/s, cpu {:>4.1} µs, {:.1} kB",
            self.cpu * 1e6 / count as f64,
            self.written as f64 / 1e3 / count as f64
        )
    }
}

fn cpu_seconds() -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|stat| stat.split(' ').next()?.parse::<f64>().ok())
        .map_or(0.0, |nanos| nanos / 1e9)
}

/// Bytes that went through a system call that writes.
fn written_bytes() -> u64 {
    std::fs::read_to_string("/proc/self/io")
        .ok()
        .and_then(|io| {
            let line = io.lines().find(|line| line.starts_with("wchar"))?;
            line.split_whitespace().nth(1)?.parse().ok()
        })
        .unwrap_or(0)
}

fn enqueue(store: &SqliteStore, from: u64, count: u64, options: &Options) -> Result<Spent, Failed> {
    let mut spent = Spent::default();
    let mut next = from;
    while next < from + count {
        let end = (from + count).min(next + options.batch);
        let items: Vec<NewItem> = (next..end)
            .map(|number| new_item(number, options.per_study))
            .collect();
        let cursor = Cursor {
            seq: end.try_into()?,
            date: "20261120T235959".into(),
        };
        let now = NOW.plus_seconds(end as f64 / 1000.0);
        let reached = cursor.into();
        spent.on(|| {
            let stored: Vec<Stored> = match options.events.is_empty() {
                true => Vec::new(),
                false => items.iter().map(stored).collect(),
            };
            let intake = Intake::arrival(&items).telling(&stored);
            store.enqueue(&intake.up_to(Some(&reached)), now)
        })?;
        next = end;
    }
    Ok(spent)
}

/// Claims and finishes `count` items, `at_once` results in one transaction; answers what claim took, and finish.
fn deliver(store: &SqliteStore, count: u64, at_once: usize) -> Result<(u64, Spent, Spent), Failed> {
    let (mut claiming, mut finishing) = (Spent::default(), Spent::default());
    let (mut done, mut turn) = (0, 0);
    while done < count {
        let destination = DESTINATIONS[turn % DESTINATIONS.len()];
        turn += 1;
        let claim = claiming.on(|| store.claim(destination, Pick::MostUrgent, 100))?;
        let Some(claim) = claim else {
            continue;
        };
        let results: Vec<Finish> = claim
            .items
            .iter()
            .map(|item| Finish {
                id: item.id,
                ending: Ending::Complete(AttemptMade {
                    started: NOW,
                    duration_us: 5_000,
                    outcome: Outcome::of_status(0, ""),
                    counted: true,
                    sent_as: None,
                    altered: Some(false),
                    confirm: None,
                }),
            })
            .collect();
        for results in results.chunks(at_once) {
            // Some 5 ms for each.
            let now = NOW.plus_seconds(done as f64 / 200.0);
            done += finishing.on(|| store.finish(claim.token, results, now))?;
        }
    }
    Ok((done, claiming, finishing))
}

/// Milliseconds of the median of some runs.
fn median<T>(mut run: impl FnMut() -> OrthancSendQueue::store::Result<T>) -> Result<f64, Failed> {
    let mut times = Vec::new();
    for _ in 0..11 {
        let start = Instant::now();
        run()?;
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// Resident memory of this process in MiB, where the system tells.
fn resident() -> u64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|status| {
            let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
            line.split_whitespace().nth(1)?.parse::<u64>().ok()
        })
        .map_or(0, |kib| kib / 1024)
}

fn run(backlog: u64, options: &Options) -> Result<(), Failed> {
    let path = options
        .dir
        .join(format!("bench-store-{}.db", std::process::id()));
    let remove = || {
        for suffix in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
        }
    };
    remove();
    let store = SqliteStore::open(&path)?;
    store.announce(&options.events, 60_000_000, NOW)?;
    let filling = enqueue(&store, 0, backlog, options)?;
    drop(store);
    let start = Instant::now();
    let store = SqliteStore::open(&path)?;
    let opening = start.elapsed().as_secs_f64() * 1e3;
    let per_second = |count: u64, seconds: f64| count as f64 / seconds;
    let enqueuing = enqueue(&store, backlog, options.measure, options)?;
    let (done, claiming, finishing) = deliver(&store, options.measure, usize::MAX)?;
    // As a C-STORE SCU has it: each result is written before the next instance is sent.
    enqueue(&store, backlog + options.measure, options.measure, options)?;
    let (one_by_one, _, telling) = deliver(&store, options.measure, 1)?;
    let first = Page::after(0, 100);
    let page = |filter: Filter| median(|| store.items(&filter, first));
    println!(
        "{backlog:>9} | fill {} | enqueue {} | claim {} | finish {} | claim+finish {:.0}/s | \
         open {opening:.1} ms | {} MiB on disk | {} MiB resident",
        filling.per_item(backlog.max(1)),
        enqueuing.per_item(options.measure),
        claiming.per_item(done),
        finishing.per_item(done),
        per_second(done, claiming.seconds + finishing.seconds),
        store.size_bytes()? >> 20,
        resident(),
    );
    println!(
        "          | finish one by one {}",
        telling.per_item(one_by_one)
    );
    println!(
        "          | counts {:.3} ms | destinations {:.3} ms | next_due {:.3} ms | page by state {:.3} ms | \
         by destination {:.3} ms | all {:.3} ms | study {:.3} ms",
        median(|| store.counts())?,
        median(|| store.destinations())?,
        median(|| store.next_due())?,
        page(Filter {
            states: Some(State::Pending.into()),
            ..Filter::default()
        })?,
        page(Filter {
            destination: Some("pacs".into()),
            ..Filter::default()
        })?,
        page(Filter::default())?,
        page(Filter {
            study: Some(orthanc_id(1, 3)),
            ..Filter::default()
        })?,
    );
    let start = Instant::now();
    let mut pruned = 0;
    loop {
        match store.prune(NOW.plus_seconds(1e6), 1000)? {
            0 => break,
            count => pruned += count,
        }
    }
    println!(
        "          | prune {:.0}/s",
        per_second(pruned, start.elapsed().as_secs_f64())
    );
    drop(store);
    remove();
    Ok(())
}

fn main() -> Result<(), Failed> {
    let options = options()?;
    println!(
        "batches of {}, {} instances a study, {} items measured, in {}",
        options.batch,
        options.per_study,
        options.measure,
        options.dir.display()
    );
    for backlog in &options.backlogs {
        run(*backlog, &options)?;
    }
    Ok(())
}
