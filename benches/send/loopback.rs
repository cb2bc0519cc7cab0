//! One study over one association, on loopback: every sender to a receiver as it ships and to a tuned one.

use std::path::Path;

use sendqueue_testkit::{Kind, plugin_path};
use serde_json::Value;

use crate::data::Data;
use crate::options::Options;
use crate::orthancs::{Ours, Own, Target};
use crate::programs::{dicom_storescu, send, storescu, tuned};
use crate::receiver::{AET, Manner, Receiver};
use crate::report::{self, Sample, Samples, figure, maybe};

/// Ours to a receiver as it ships, against Orthanc and `storescu` as they ship.
const AS_SHIPPED_CT: f64 = 25.0;
const AS_SHIPPED_SMALL: f64 = 150.0;
/// Ours to a tuned receiver, against the tuned senders of others.
const TUNED: f64 = 1.0;
/// CPU of ours against Orthanc's own POST, both to a tuned receiver.
const CPU: f64 = 1.0;

struct Contender<'a> {
    name: String,
    runs: usize,
    go: Box<dyn FnMut() -> Sample + 'a>,
    samples: Samples,
}

impl<'a> Contender<'a> {
    fn new(name: &str, runs: usize, go: impl FnMut() -> Sample + 'a) -> Self {
        Self {
            name: name.to_owned(),
            runs,
            go: Box::new(go),
            samples: Samples::default(),
        }
    }
}

/// What of a table the bars need.
struct Figures {
    names: Vec<String>,
    samples: Vec<Samples>,
}

impl Figures {
    fn of(&self, name: &str) -> Option<&Samples> {
        let at = self.names.iter().position(|one| one == name)?;
        Some(&self.samples[at])
    }
}

const RESUME: &str = "ours, from resume";
const ENQUEUE: &str = "ours, from enqueue";
const BEFORE: &str = "the library of --before, from resume";
const BESIDE: &str = "ours with --beside, from resume";
const POST: &str = "Orthanc's own POST, as it ships";
const POST_TUNED: &str = "Orthanc's own POST, TCP_NODELAY=1";
const STORESCU: &str = "storescu, as it ships";
const STORESCU_TUNED: &str = "storescu, TCP_NODELAY=1";
const DICOM_RS: &str = "dicom-rs storescu";

pub fn run(options: &Options, label: &str, kind: Kind, count: usize) {
    let full = Data::new(kind, count, 1);
    let slow = Data::new(kind, options.slow.min(count), 2);
    report::title(&format!("{count} {label}, one association"));
    if !options.dicom_storescu.is_file() {
        let path = options.dicom_storescu.display();
        println!(
            "{DICOM_RS} is left out: no {path} (scripts/receivers.sh target/tools dicom-rs)\n"
        );
    }
    report::head(
        &[
            "sender",
            "storescp",
            "instances",
            "instances/s",
            "ours (from resume) is so many times as fast",
            "CPU of Orthanc, ms per instance",
        ],
        2,
    );
    let shipped = table(options, label, &full, &slow, false);
    let tuned = table(options, label, &full, &slow, true);
    println!();
    bars(label, &shipped, &tuned);
}

fn bars(label: &str, shipped: &Figures, tuned: &Figures) {
    let as_shipped = if label.starts_with("small") {
        AS_SHIPPED_SMALL
    } else {
        AS_SHIPPED_CT
    };
    let faster = |table: &Figures, than: &str, bar: f64| {
        if let (Some(ours), Some(peer)) = (table.of(RESUME), table.of(than)) {
            let what = format!("{label}: ours / {than}");
            report::at_least(&what, ours.rate() / peer.rate(), bar);
        }
    };
    faster(shipped, BEFORE, TUNED);
    faster(tuned, BEFORE, TUNED);
    faster(shipped, POST, as_shipped);
    faster(shipped, STORESCU, as_shipped);
    faster(shipped, DICOM_RS, TUNED);
    faster(tuned, POST_TUNED, TUNED);
    faster(tuned, STORESCU_TUNED, TUNED);
    let cpu = |table: &Figures, name: &str| table.of(name).and_then(Samples::cpu_ms);
    if let (Some(ours), Some(peer)) = (cpu(tuned, RESUME), cpu(tuned, POST_TUNED)) {
        let what = format!("{label}: CPU of Orthanc, ours / {POST_TUNED}");
        report::at_most(&what, ours / peer, CPU);
    }
}

fn table(
    options: &Options,
    label: &str,
    full: &Data,
    slow: &Data,
    receiver_tuned: bool,
) -> Figures {
    let manner = Manner {
        tuned: receiver_tuned,
        ..Manner::default()
    };
    let receivers: Vec<Receiver> = (0..8).map(|_| Receiver::start(&manner)).collect();
    let [
        to_ours,
        to_own,
        to_own_tuned,
        to_scu,
        to_scu_tuned,
        to_rs,
        to_before,
        to_beside,
    ] = &receivers[..]
    else {
        unreachable!("eight were started")
    };
    // Who waits for an acknowledgement at every instance: all others at a receiver that lets them, the untuned at any.
    let pick = |waits: bool| {
        if waits {
            (slow, 1)
        } else {
            (full, options.runs)
        }
    };
    let (data, runs) = pick(options.over_rest() && !receiver_tuned);
    let ours = Ours::start(options, &[Target::local(to_ours)], 1, data);
    let queue = |library: &Path, more: &Value, receiver| {
        let settings = options.destination(1, more);
        Ours::start_with(library, &settings, &[Target::local(receiver)], data)
    };
    let before = options
        .before
        .as_ref()
        .map(|library| queue(library, &Value::Null, to_before));
    let beside = options
        .beside
        .as_ref()
        .map(|more| queue(&plugin_path(), more, to_beside));
    let (others, others_runs) = pick(!receiver_tuned);
    let own_tuned = Own::start(&[Target::local(to_own_tuned)], true, others);
    let own = (!receiver_tuned).then(|| Own::start(&[Target::local(to_own)], false, slow));
    let mut contenders = vec![
        Contender::new(RESUME, runs, || ours.send_queued()),
        Contender::new(ENQUEUE, runs, || ours.send_enqueuing()),
    ];
    for (name, queue) in [(BEFORE, &before), (BESIDE, &beside)] {
        if let Some(queue) = queue {
            contenders.push(Contender::new(name, runs, || queue.send_queued()));
        }
    }
    if let Some(own) = &own {
        contenders.push(Contender::new(POST, 1, || own.post()));
    }
    contenders.push(Contender::new(POST_TUNED, others_runs, || own_tuned.post()));

    let scu = |receiver: &Receiver, nodelay: bool, data: &Data| {
        let command = storescu(None, "127.0.0.1", receiver.port, AET, data);
        send(&mut tuned(command, nodelay), receiver, data)
    };
    if !receiver_tuned {
        contenders.push(Contender::new(STORESCU, 1, move || {
            scu(to_scu, false, slow)
        }));
    }
    contenders.push(Contender::new(STORESCU_TUNED, others_runs, move || {
        scu(to_scu_tuned, true, others)
    }));
    if options.dicom_storescu.is_file() {
        // It has no switch for TCP_NODELAY.
        contenders.push(Contender::new(DICOM_RS, 1, || {
            let mut command = dicom_storescu(&options.dicom_storescu, to_rs, slow);
            send(&mut command, to_rs, slow)
        }));
    }

    alternate(&mut contenders, options.runs, label);
    print(&contenders, receiver_tuned);
    contenders
        .into_iter()
        .map(|one| (one.name, one.samples))
        .unzip::<_, _, Vec<_>, Vec<_>>()
        .into()
}

impl From<(Vec<String>, Vec<Samples>)> for Figures {
    fn from((names, samples): (Vec<String>, Vec<Samples>)) -> Self {
        Self { names, samples }
    }
}

fn alternate(contenders: &mut [Contender], runs: usize, label: &str) {
    for run in 0..runs {
        for one in &mut *contenders {
            if run < one.runs {
                report::progress(&format!("{label}: {}, run {}", one.name, run + 1));
                one.samples.0.push((one.go)());
            }
        }
    }
}

fn print(contenders: &[Contender], receiver_tuned: bool) {
    let ours = contenders[0].samples.rate();
    let receiver = if receiver_tuned {
        "TCP_NODELAY=1"
    } else {
        "as it ships"
    };
    for one in contenders {
        report::row(&[
            one.name.clone(),
            receiver.to_owned(),
            one.samples.count().to_string(),
            figure(one.samples.rate()),
            figure(ours / one.samples.rate()),
            maybe(one.samples.cpu_ms()),
        ]);
    }
}
