//! Orthancs as senders: with the queue, and by their own POST.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use sendqueue_testkit::{Orthanc, OrthancConfig, OrthancVersion, plugin_path};
use serde_json::{Map, Value, json};

use crate::data::Data;
use crate::options::Options;
use crate::receiver::{AET, Receiver};
use crate::report::Sample;

/// Between two looks at a receiver's folder; Orthanc itself is asked only once all files are there.
const STEP: Duration = Duration::from_millis(5);
/// Between two looks at the queue for failures while files are missing.
const DOUBT: Duration = Duration::from_secs(5);
const LONG: Duration = Duration::from_secs(600);
/// Ticks of `/proc/PID/stat` per second: USER_HZ, 100 on every Linux.
const TICKS: f64 = 100.0;

/// Where a destination is.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    pub name: &'a str,
    pub host: &'a str,
    pub receiver: &'a Receiver,
}

impl<'a> Target<'a> {
    pub fn local(receiver: &'a Receiver) -> Self {
        Self {
            name: "sink",
            host: "127.0.0.1",
            receiver,
        }
    }
}

fn configuration(targets: &[Target<'_>], tuned: bool) -> OrthancConfig {
    let mut config = OrthancConfig::new();
    if tuned {
        config = config.env("TCP_NODELAY", "1");
    }
    targets.iter().fold(config, |config, target| {
        let entry = json!({ "AET": AET, "Host": target.host, "Port": target.receiver.port });
        config.modality_with(target.name, entry)
    })
}

/// A panic ends the receivers that run by then.
pub fn start(config: OrthancConfig) -> Orthanc {
    Orthanc::start(OrthancVersion::under_test(), config).unwrap_or_else(|error| {
        panic!("(no native transport yet? --transport Rest) Orthanc does not start: {error}")
    })
}

fn load(orthanc: &Orthanc, data: &Data) -> Vec<String> {
    orthanc.store_all(&data.instances);
    let ids = orthanc.get("/studies").json();
    let ids = ids.as_array().expect("a list of studies").iter();
    ids.map(|id| id.as_str().expect("an ID").to_owned())
        .collect()
}

/// User and system time of the process so far, in seconds, ended threads included.
pub fn cpu(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    // The name may hold spaces: what follows its closing parenthesis starts with field 3.
    let (_, fields) = stat.rsplit_once(')').expect("a name in parentheses");
    let fields: Vec<&str> = fields.split_whitespace().collect();
    let ticks = |at: usize| fields[at - 3].parse::<f64>().expect("ticks");
    (ticks(14) + ticks(15)) / TICKS
}

/// An Orthanc with the queue, with a study that goes to all of its destinations.
pub struct Ours<'a> {
    orthanc: Orthanc,
    studies: Vec<String>,
    targets: Vec<Target<'a>>,
    count: usize,
}

/// What a hospital with several sites asks for, for `--beside '{"Coerce": "sites"}'`.
fn recipe() -> Value {
    json!([{
        "If": { "PatientID": "present" },
        "Prefix": { "PatientID": "A-" },
        "Suffix": { "AccessionNumber": "A" },
        "Set": { "IssuerOfPatientID": "SITE_A" },
    }])
}

impl<'a> Ours<'a> {
    pub fn start(
        options: &Options,
        targets: &[Target<'a>],
        associations: usize,
        data: &Data,
    ) -> Self {
        let settings = options.destination(associations, &options.settings);
        Self::start_with(&plugin_path(), &settings, targets, data)
    }

    /// With this library, and these settings for each destination.
    pub fn start_with(
        library: &Path,
        settings: &Value,
        targets: &[Target<'a>],
        data: &Data,
    ) -> Self {
        let destinations: Map<String, Value> = targets
            .iter()
            .map(|target| (target.name.to_owned(), settings.clone()))
            .collect();
        // The queue's own TcpNoDelay is left at its default.
        let mut config = configuration(targets, false)
            .plugin(library)
            .set("SendQueue", json!({ "Destinations": destinations }));
        // Only where it is asked for: another library may not know it.
        if settings.get("Coerce").is_some() {
            config = config.set("/SendQueue/Coercions", json!({ "sites": recipe() }));
        }
        let orthanc = start(config);
        Self {
            studies: load(&orthanc, data),
            orthanc,
            targets: targets.to_vec(),
            count: data.count(),
        }
    }

    fn counts(&self) -> Value {
        self.orthanc.get("/sendqueue").ok().json()["Counts"].clone()
    }

    fn count_of(&self, state: &str) -> u64 {
        self.counts()[state].as_u64().expect("a count")
    }

    fn tell(&self, verb: &str) {
        for target in &self.targets {
            let path = format!("/sendqueue/destinations/{}/{verb}", target.name);
            let _ = self.orthanc.post_json(&path, &json!({})).ok();
        }
    }

    fn enqueue(&self) {
        let names: Vec<&str> = self.targets.iter().map(|target| target.name).collect();
        let body = json!({ "Resources": self.studies, "Destinations": names });
        let _ = self.orthanc.post_json("/sendqueue/items", &body).ok();
    }

    fn clear(&self) {
        for target in &self.targets {
            target.receiver.clear();
        }
    }

    /// From the POST that queues the study.
    pub fn send_enqueuing(&self) -> Sample {
        self.clear();
        let before = self.count_of("Success");
        self.timed(before, || self.enqueue())
    }

    /// From `resume`, with everything queued.
    pub fn send_queued(&self) -> Sample {
        self.clear();
        let before = self.count_of("Success");
        self.tell("pause");
        self.enqueue();
        let all = (self.count * self.targets.len()) as u64;
        self.wait(|| self.count_of("Pending") == all);
        self.timed(before, || self.tell("resume"))
    }

    fn timed(&self, success_before: u64, begin: impl FnOnce()) -> Sample {
        let all = success_before + (self.count * self.targets.len()) as u64;
        let cpu_before = cpu(self.orthanc.pid());
        let begun = Instant::now();
        begin();
        let arrived = || {
            self.targets
                .iter()
                .all(|t| t.receiver.count() >= self.count)
        };
        self.wait(arrived);
        self.wait(|| self.count_of("Success") == all);
        let seconds = begun.elapsed().as_secs_f64();
        let cpu = cpu(self.orthanc.pid()) - cpu_before;
        for target in &self.targets {
            assert_eq!(target.receiver.count(), self.count, "{}", target.name);
        }
        Sample {
            count: self.count,
            seconds,
            cpu: Some(cpu),
        }
    }

    fn wait(&self, mut condition: impl FnMut() -> bool) {
        let begun = Instant::now();
        let mut doubted = begun;
        while !condition() {
            thread::sleep(STEP);
            if doubted.elapsed() > DOUBT {
                doubted = Instant::now();
                let counts = self.counts();
                if counts["Failure"] != 0 || begun.elapsed() > LONG {
                    let errors = self.orthanc.get("/sendqueue/errors/summary").text();
                    panic!(
                        "not all is sent: {counts}\n{errors}\n{}",
                        self.orthanc.log()
                    );
                }
            }
        }
    }
}

/// An Orthanc without the plugin, and its own POST of a study to all of its modalities at once.
pub struct Own<'a> {
    orthanc: Orthanc,
    studies: Vec<String>,
    targets: Vec<Target<'a>>,
    count: usize,
}

impl<'a> Own<'a> {
    pub fn start(targets: &[Target<'a>], tuned: bool, data: &Data) -> Self {
        let orthanc = start(configuration(targets, tuned));
        Self {
            studies: load(&orthanc, data),
            orthanc,
            targets: targets.to_vec(),
            count: data.count(),
        }
    }

    pub fn post(&self) -> Sample {
        for target in &self.targets {
            target.receiver.clear();
        }
        let cpu_before = cpu(self.orthanc.pid());
        let begun = Instant::now();
        thread::scope(|scope| {
            for target in &self.targets {
                scope.spawn(|| {
                    let path = format!("/modalities/{}/store", target.name);
                    let body = json!({ "Resources": self.studies });
                    let answer = self.orthanc.post_json(&path, &body).ok().json();
                    assert_eq!(answer["FailedInstancesCount"], 0, "{answer}");
                });
            }
        });
        let seconds = begun.elapsed().as_secs_f64();
        let cpu = cpu(self.orthanc.pid()) - cpu_before;
        for target in &self.targets {
            assert_eq!(target.receiver.count(), self.count, "{}", target.name);
        }
        Sample {
            count: self.count,
            seconds,
            cpu: Some(cpu),
        }
    }
}
