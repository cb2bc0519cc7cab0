//! What a look at the queue costs: each request of the page's views, at a million items.
//!
//! `cargo bench --bench page -- [rounds]` (200 by default). The database: half sent, 300,000 in the error queue in four
//! kinds at each of thirty destinations, 20,000 studies, the rest waits. Each request stands beside Orthanc's own
//! `/system` and `/statistics`, asked in the same rounds, with two times: that of a client on the same machine, a
//! connection for each request, and what the process of Orthanc used of the processors for it. The bar is for the
//! latter, which others on the machine lengthen little.
//!
//! With `SENDQUEUE_BESIDE` set to the library of another version, first views are those of both, in turns.

mod cpu;
mod fill;
mod first_view;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sendqueue_testkit::{Orthanc, OrthancConfig, OrthancVersion, Study, plugin_path};
use serde_json::json;

use cpu::Cpu;
use fill::{Filled, destinations};

/// Milliseconds of the server that the requests of one refresh may take together.
const REFRESH: f64 = 10.0;
/// Milliseconds of a search, Orthanc's own looking included, which has little here.
const SEARCH: f64 = 200.0;

const SYSTEM: &str = "/system";
const STATISTICS: &str = "/statistics";

/// What every view asks for, at each refresh.
const ALWAYS: &str = "/sendqueue/destinations";

struct Figures {
    path: String,
    status: u16,
    bytes: usize,
    client: Times,
    server: Times,
}

/// Milliseconds, sorted once all are there.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    fn median(&self) -> f64 {
        self.0[self.0.len() / 2]
    }

    fn percentile99(&self) -> f64 {
        self.0[self.0.len() * 99 / 100]
    }

    fn sort(&mut self) {
        self.0.sort_by(f64::total_cmp);
    }
}

fn main() {
    let rounds = std::env::args()
        .skip(1)
        .find_map(|arg| arg.parse().ok())
        .unwrap_or(200);
    let (mut orthanc, filled) = start();
    let views = views(&filled, &resources(&orthanc));
    let mut paths = vec![SYSTEM.to_owned(), STATISTICS.to_owned(), ALWAYS.to_owned()];
    paths.extend(
        views
            .iter()
            .flat_map(|view| [&view.all[..], &view.choice.concat()].concat()),
    );
    let mut known = std::collections::HashSet::new();
    paths.retain(|path| known.insert(path.clone()));
    let mut figures: Vec<Figures> = paths.into_iter().map(unmeasured).collect();
    let mut cpu = Cpu::of(&orthanc);
    let mut idle = Times::default();
    // The first round finds caches empty and statements unprepared.
    for round in 0..=rounds {
        for one in &mut figures {
            measure(&orthanc, &mut cpu, one, round > 0);
        }
        // What goes on in Orthanc without a request.
        std::thread::sleep(Duration::from_millis(100));
        idle.0.push(milliseconds(cpu.since_last()) * 10.0);
    }
    for one in &mut figures {
        one.client.sort();
        one.server.sort();
    }
    print(&figures, &views);
    idle.sort();
    println!(
        "\nWithout requests the server takes {:.1} ms each second.",
        idle.median()
    );
    let beside = std::env::var_os("SENDQUEUE_BESIDE").map(|library| other(&mut orthanc, &library));
    first_view::print(&orthanc, beside.as_ref());
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// An Orthanc on a full database; its destinations are paused, so that nothing moves meanwhile.
fn start() -> (Orthanc, Filled) {
    let mut orthanc =
        Orthanc::start(OrthancVersion::Machine, config(&plugin_path())).expect("Orthanc");
    for name in destinations() {
        let path = format!("/sendqueue/destinations/{name}/pause");
        assert_eq!(orthanc.post_json(&path, &json!({})).status, 200);
    }
    let database = database(&orthanc);
    orthanc.stop();
    let begun = Instant::now();
    let filled = fill::fill(&database);
    eprintln!("filled in {:.0} s", begun.elapsed().as_secs_f64());
    orthanc.restart().expect("Orthanc");
    (orthanc, filled)
}

/// One with another library, on a copy of the database.
fn other(orthanc: &mut Orthanc, library: &OsStr) -> Orthanc {
    let mut other =
        Orthanc::start(OrthancVersion::Machine, config(Path::new(library))).expect("Orthanc");
    let (from, to) = (database(orthanc), database(&other));
    orthanc.stop();
    other.stop();
    fs::copy(from, to).expect("a copy");
    orthanc.restart().expect("Orthanc");
    other.restart().expect("Orthanc");
    other
}

fn database(orthanc: &Orthanc) -> PathBuf {
    let about = orthanc.get("/sendqueue").json();
    PathBuf::from(about["Database"].as_str().expect("a path"))
}

fn config(library: &Path) -> OrthancConfig {
    let mut config = OrthancConfig::new()
        .env("TCP_NODELAY", "1")
        .plugin(library)
        .set("SendQueue", json!({ "HistoryDays": 365 }));
    for name in destinations() {
        config = config.modality(&name, &name.to_uppercase(), 1);
    }
    config
}

/// A study that Orthanc has, with items: its identifier, and that of one of its instances.
fn resources(orthanc: &Orthanc) -> (String, String) {
    let stored = orthanc.store_all(&Study::new(2, 50).build());
    let study = orthanc
        .get(&format!("/instances/{}/study", stored[0]))
        .json();
    let study = study["ID"].as_str().expect("an identifier").to_owned();
    let body = json!({ "Resources": [study], "Destinations": destinations() });
    let answer = orthanc.post_json("/sendqueue/items", &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    (study, stored[0].clone())
}

/// The requests of a view's refresh.
struct View {
    name: &'static str,
    /// Each of these,
    all: Vec<String>,
    /// and those of one of these.
    choice: Vec<Vec<String>>,
    /// Milliseconds that they may take together.
    bar: f64,
}

fn views(filled: &Filled, resources: &(String, String)) -> Vec<View> {
    let (study, instance) = resources;
    let below = |paths: &[&str]| -> Vec<String> {
        paths
            .iter()
            .map(|path| format!("/sendqueue/{path}"))
            .collect()
    };
    let list = |path: &str, filters: &[&str]| -> Vec<String> {
        filters
            .iter()
            .map(|filter| format!("/sendqueue/{path}?limit=100&order=desc{filter}"))
            .collect()
    };
    let items = list(
        "items",
        &[
            "",
            "&since=500000",
            "&state=Pending",
            "&state=Scheduled,Pending,Retry",
            "&state=Success",
            "&state=Failure",
            "&state=Retry",
            "&state=Cancelled",
            "&destination=pacs",
            "&destination=pacs&state=Retry",
            "&class=Success",
            "&class=Rejected",
            "&class=Unreachable",
            "&class=Busy&state=Retry",
            "&class=Missing&destination=archive",
            "&class=Expired&destination=pacs",
            "&class=Success&status=none&destination=pacs",
            "&state=Pending&status=none",
            "&status=0",
            "&status=43264",
            "&status=1",
            "&status=none",
            "&status=none&state=Success",
            &format!("&study={}", filled.study),
            &format!("&study={study}"),
            &format!("&instance={instance}"),
            "&newer-than=3600",
            "&older-than=259200",
            "&older-than=259200&newer-than=262800",
            "&older-than=31536000&state=Failure",
        ],
    );
    // How many there are of the kind, and the first of them.
    let errors = [
        "?",
        "?destination=pacs",
        "?class=Rejected",
        "?status=43264",
        "?status=none",
        "?destination=pacs&class=Rejected&status=43264",
        "?destination=pacs&class=Rejected&status=1",
        "?class=Missing",
    ]
    .map(|kind| {
        let summary = format!("/sendqueue/errors/summary{kind}");
        let list = format!("/sendqueue/errors{kind}&limit=100&order=desc");
        vec![summary, list.replace("?&", "?")]
    });
    // As many as the page asks for.
    let studies: Vec<String> = items
        .iter()
        .map(|path| {
            path.replace("/items?limit=100", "/studies?limit=51")
                .replace("&order=desc", "")
        })
        .collect();
    let resource = below(&[
        &format!("studies/{}", filled.study),
        &format!("studies/{study}"),
        &format!("instances/{instance}"),
    ]);
    let item = below(&[
        &format!("items/{}", filled.failed),
        &format!("items/{}", filled.sent),
    ]);
    let search = below(&[
        &format!("search?q={}", filled.failed),
        &format!("search?q={}", filled.study),
        &format!("search?q={study}"),
        "search?q=DOE",
    ]);
    let one_of = |paths: Vec<String>| paths.into_iter().map(|path| vec![path]).collect();
    let view = |name, all: &[&str], choice| View {
        name,
        all: below(all),
        choice,
        bar: REFRESH,
    };
    let items_of_study = format!("items?study={study}&order=desc&limit=100");
    vec![
        view("overview", &["verdict"], Vec::new()),
        view(
            "overview, each tenth second while something is sent",
            // The destinations once more, behind the figures.
            &["verdict", "history?hours=24", "history", "destinations"],
            Vec::new(),
        ),
        view("health, each quarter of a minute", &["health"], Vec::new()),
        view("error queue", &["errors/summary"], Vec::new()),
        view("a kind of failure", &[], errors.to_vec()),
        view("studies", &[], one_of(studies)),
        view("items", &[], one_of(items)),
        view("one item", &[], one_of(item)),
        View {
            bar: SEARCH,
            ..view("search", &[], one_of(search))
        },
        view("a resource", &[&items_of_study], one_of(resource)),
        view("monitoring", &["metrics"], Vec::new()),
    ]
}

fn unmeasured(path: String) -> Figures {
    Figures {
        path,
        status: 0,
        bytes: 0,
        client: Times::default(),
        server: Times::default(),
    }
}

fn measure(orthanc: &Orthanc, cpu: &mut Cpu, one: &mut Figures, counts: bool) {
    cpu.since_last();
    let begun = Instant::now();
    let answer = orthanc.get(&one.path);
    let took = begun.elapsed();
    one.status = answer.status;
    one.bytes = answer.body.len();
    // Orthanc has the last byte sent before it puts the request away.
    std::thread::sleep(Duration::from_millis(1));
    if counts {
        one.client.0.push(milliseconds(took));
        one.server.0.push(milliseconds(cpu.since_last()));
    }
}

fn print(figures: &[Figures], views: &[View]) {
    let find = |path: &str| figures.iter().find(|one| one.path == path);
    let (Some(system), Some(statistics), Some(always)) =
        (find(SYSTEM), find(STATISTICS), find(ALWAYS))
    else {
        return;
    };
    println!(
        "| request | server, median (ms) | of /system | client, median (ms) | 99th percentile (ms) | of /system \
         | of /statistics | bytes |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for one in figures {
        let status = match one.status {
            200 => String::new(),
            status => format!(" **{status}**"),
        };
        println!(
            "| `{}`{status} | {:.2} | {:.1} | {:.2} | {:.2} | {:.1} | {:.1} | {} |",
            one.path,
            one.server.median(),
            one.server.median() / system.server.median(),
            one.client.median(),
            one.client.percentile99(),
            one.client.median() / system.client.median(),
            one.client.median() / statistics.client.median(),
            one.bytes
        );
    }
    println!();
    println!(
        "| refresh of the view (with `{ALWAYS}`) | server, medians together (ms) | bar | met | client (ms) |"
    );
    println!("|---|---:|---:|---|---:|");
    for view in views {
        let together = |median: fn(&Figures) -> f64| {
            let median = |path: &String| find(path).map(median);
            let own: f64 = view.all.iter().filter_map(median).sum();
            let sum = |paths: &Vec<String>| -> f64 { paths.iter().filter_map(median).sum() };
            let slowest = view.choice.iter().map(sum).fold(0.0, f64::max);
            median(&always.path).unwrap_or_default() + own + slowest
        };
        let took = together(|one| one.server.median());
        let client = together(|one| one.client.median());
        let bar = view.bar;
        let met = if took < bar { "yes" } else { "NO" };
        let slowest = if view.choice.is_empty() {
            ""
        } else {
            ", its slowest filter"
        };
        println!(
            "| {}{slowest} | {took:.1} | {bar:.0} | {met} | {client:.1} |",
            view.name
        );
    }
}
