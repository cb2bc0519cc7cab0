//! `storescu`, tuned and as it ships, to Orthanc: without the plugin, and with it.
//!
//! The plugin's only destination is paused, so that receiving and queueing are measured and no sending. What the plugin
//! costs shows against an Orthanc that has `TCP_NODELAY=1` in its environment, because the plugin sets that itself.

use std::time::Duration;

use sendqueue_testkit::{Kind, Orthanc, OrthancConfig, plugin_path, wait_until};
use serde_json::json;

use crate::data::Data;
use crate::options::Options;
use crate::orthancs::{cpu, start};
use crate::programs::{run as run_program, storescu, tuned};
use crate::report::{self, Sample, Samples, figure, maybe};

/// With the plugin against an Orthanc without that is tuned too.
const BAR: f64 = 0.95;
const LONG: Duration = Duration::from_secs(60);

/// Who receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Host {
    AsItShips,
    Tuned,
    WithPlugin,
}

impl Host {
    pub const ALL: [Self; 3] = [Self::AsItShips, Self::Tuned, Self::WithPlugin];

    pub fn name(self) -> &'static str {
        match self {
            Self::AsItShips => "Orthanc as it ships",
            Self::Tuned => "Orthanc, TCP_NODELAY=1",
            Self::WithPlugin => "Orthanc with the plugin",
        }
    }

    pub fn start(self) -> Orthanc {
        let config = OrthancConfig::new();
        match self {
            Self::AsItShips => start(config),
            Self::Tuned => start(config.env("TCP_NODELAY", "1")),
            Self::WithPlugin => {
                let rules = json!({ "Rules": [ { "To": ["sink"] } ] });
                let config = config.plugin(plugin_path()).modality("sink", "SINK", 1);
                let orthanc = start(config.set("SendQueue", rules));
                let pause = "/sendqueue/destinations/sink/pause";
                let _ = orthanc.post_json(pause, &json!({})).ok();
                orthanc
            }
        }
    }

    /// It has stored all, and the queue knows.
    pub fn check(self, orthanc: &Orthanc, count: usize) {
        let stored = orthanc.get("/statistics").ok().json()["CountInstances"].clone();
        assert_eq!(stored, count, "instances in Orthanc");
        if self == Self::WithPlugin {
            let queued = || orthanc.get("/sendqueue").ok().json()["Counts"]["Pending"] == count;
            wait_until(queued, LONG, "all is queued");
        }
    }
}

pub fn run(options: &Options) {
    report::title("Receiving: storescu to Orthanc");
    report::head(
        &[
            "study",
            "storescu",
            "receiver",
            "instances",
            "instances/s",
            "CPU of Orthanc, ms per instance",
        ],
        3,
    );
    let mut bars = Vec::new();
    for (label, kind, count) in [
        ("CT of 512 KB", Kind::Ct512K, options.ct),
        ("small of 2 KB", Kind::Small, options.small),
    ] {
        let short = Data::new(kind, options.slow.min(count), 5);
        let long = Data::new(kind, count, 6);
        for sender_tuned in [false, true] {
            bars.push(compare(options, label, &short, &long, sender_tuned));
        }
    }
    println!();
    for (what, ratio) in bars {
        report::at_least(&what, ratio, BAR);
    }
}

fn compare(
    options: &Options,
    label: &str,
    short: &Data,
    long: &Data,
    sender_tuned: bool,
) -> (String, f64) {
    let mut samples = Host::ALL.map(|host| (host, Samples::default()));
    for run in 0..options.runs {
        for (host, samples) in &mut samples {
            // An Orthanc as it ships holds its answers back: it waits with any sender.
            let waits = *host == Host::AsItShips;
            if waits && run > 0 {
                continue;
            }
            let data = if waits || !sender_tuned { short } else { long };
            report::progress(&format!(
                "receive: {label}, {}, run {}",
                host.name(),
                run + 1
            ));
            samples.0.push(once(data, sender_tuned, *host));
        }
    }
    let sender = if sender_tuned {
        "TCP_NODELAY=1"
    } else {
        "as it ships"
    };
    for (host, samples) in &samples {
        report::row(&[
            label.to_owned(),
            sender.to_owned(),
            host.name().to_owned(),
            samples.count().to_string(),
            figure(samples.rate()),
            maybe(samples.cpu_ms()),
        ]);
    }
    let [_, (_, without), (_, with)] = &samples;
    (
        format!("receive: {label}, storescu {sender}: with the plugin / tuned without"),
        with.rate() / without.rate(),
    )
}

fn once(data: &Data, sender_tuned: bool, host: Host) -> Sample {
    let orthanc = host.start();
    let command = storescu(None, "127.0.0.1", orthanc.dicom_port(), "ORTHANC", data);
    let cpu_before = cpu(orthanc.pid());
    let seconds = run_program(&mut tuned(command, sender_tuned));
    let cpu = cpu(orthanc.pid()) - cpu_before;
    host.check(&orthanc, data.count());
    Sample {
        count: data.count(),
        seconds,
        cpu: Some(cpu),
    }
}
