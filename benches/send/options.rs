//! Flags.

use std::path::PathBuf;
use std::str::FromStr;

use serde_json::{Value, json};

const USAGE: &str = "flags (defaults in brackets):
  --only LIST              ct,small,three,receive,link,quickack [all]
  --quick                  small studies, one run each: does it work?
  --ct N                   instances of the CT study [300]
  --small N                instances of the small study [1000]
  --slow N                 instances for those who wait at every one [100]
  --runs N                 runs, of which the median counts [3]
  --three N                slices of the CT that goes to three receivers [500]
  --transport NAME         the destinations' Transport [SENDQUEUE_BENCH_TRANSPORT, else Native]
  --settings JSON          more settings of the destinations, such as {\"BatchSize\": 1000}
  --before PATH            another library, such as the one before a change, beside this one (ct, small)
  --beside JSON            these settings of the destination beside those of --settings (ct, small), such as
                           {\"Coerce\": \"sites\"}, a recipe that changes three tags
  --associations LIST      associations over the link [1,4,8,16]
  --per-association N      instances for each association over the link [60]
  --delay MS               delay of the link, each way [20]
  --quickack N             instances of a measurement with quickack [50]
  --dicom-storescu PATH    dicom-rs' sender [SENDQUEUE_TOOLS or target/tools, then bin/dicom-storescu]";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Ct,
    Small,
    Three,
    Receive,
    Link,
    QuickAck,
}

const SECTIONS: [(&str, Section); 6] = [
    ("ct", Section::Ct),
    ("small", Section::Small),
    ("three", Section::Three),
    ("receive", Section::Receive),
    ("link", Section::Link),
    ("quickack", Section::QuickAck),
];

/// The far end, for a run of this program inside a namespace.
#[derive(Debug, Clone)]
pub struct Inside {
    /// Namespace of the peer's programs; the same as this one where the link leads back.
    pub peer: Option<String>,
    /// The peer's address as seen from here.
    pub there: String,
    /// Our address as seen by the peer.
    pub here: String,
    /// `netem`, `tun` or `veth`.
    pub method: String,
    /// What `scripts/netns.sh` knows the pair by.
    pub pair: String,
}

#[derive(Debug, Clone)]
pub struct Options {
    pub sections: Vec<Section>,
    pub ct: usize,
    pub small: usize,
    pub slow: usize,
    pub runs: usize,
    pub three: usize,
    pub transport: String,
    pub settings: Value,
    pub before: Option<PathBuf>,
    pub beside: Option<Value>,
    pub associations: Vec<usize>,
    pub per_association: usize,
    pub delay_ms: u64,
    pub quickack: usize,
    pub dicom_storescu: PathBuf,
    pub inside: Option<Inside>,
}

impl Options {
    fn new() -> Self {
        let tools = std::env::var_os("SENDQUEUE_TOOLS").map_or_else(
            || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/tools"),
            PathBuf::from,
        );
        Self {
            sections: SECTIONS.map(|(_, section)| section).to_vec(),
            ct: 300,
            small: 1000,
            slow: 100,
            runs: 3,
            three: 500,
            transport: std::env::var("SENDQUEUE_BENCH_TRANSPORT")
                .unwrap_or_else(|_| "Native".to_owned()),
            settings: json!({}),
            before: None,
            beside: None,
            associations: vec![1, 4, 8, 16],
            per_association: 60,
            delay_ms: 20,
            quickack: 50,
            dicom_storescu: tools.join("bin/dicom-storescu"),
            inside: None,
        }
    }

    /// What the command line says; ends the program when it says something else.
    pub fn from_args() -> Self {
        // Cargo adds `--bench`.
        let args: Vec<String> = std::env::args()
            .skip(1)
            .filter(|arg| arg != "--bench")
            .collect();
        if args.iter().any(|arg| matches!(&**arg, "--help" | "-h")) {
            println!("{USAGE}");
            std::process::exit(0);
        }
        Self::parse(&args).unwrap_or_else(|message| {
            eprintln!("{message}\n{USAGE}");
            std::process::exit(2);
        })
    }

    fn parse(args: &[String]) -> Result<Self, String> {
        let mut options = Self::new();
        if args.iter().any(|arg| arg == "--quick") {
            options.quick();
        }
        let mut args = args.iter().filter(|arg| *arg != "--quick");
        while let Some(flag) = args.next() {
            let text = args.next().ok_or(format!("{flag}: what?"))?;
            match &**flag {
                "--only" => options.sections = list(flag, text, section)?,
                "--ct" => options.ct = positive(flag, text)?,
                "--small" => options.small = positive(flag, text)?,
                "--slow" => options.slow = positive(flag, text)?,
                "--runs" => options.runs = positive(flag, text)?,
                "--three" => options.three = positive(flag, text)?,
                "--transport" => options.transport.clone_from(text),
                "--settings" => options.settings = object(flag, text)?,
                "--before" => options.before = Some(text.into()),
                "--beside" => options.beside = Some(object(flag, text)?),
                "--associations" => {
                    options.associations = list(flag, text, |one| positive(flag, one).ok())?;
                }
                "--per-association" => options.per_association = positive(flag, text)?,
                "--delay" => options.delay_ms = number(flag, text)?,
                "--quickack" => options.quickack = positive(flag, text)?,
                "--dicom-storescu" => options.dicom_storescu = text.into(),
                "--inside" => options.inside = Some(Inside::parse(text)?),
                _ => return Err(format!("{flag}: unknown")),
            }
        }
        Ok(options)
    }

    fn quick(&mut self) {
        self.ct = 40;
        self.small = 100;
        self.slow = 20;
        self.runs = 1;
        self.three = 60;
        self.associations = vec![1, 4];
        self.per_association = 20;
        self.quickack = 15;
    }

    /// The settings of a destination with so many associations.
    pub fn destination(&self, associations: usize, more: &Value) -> Value {
        let mut settings = json!({ "Transport": self.transport, "Associations": associations });
        for (key, value) in more.as_object().into_iter().flatten() {
            settings[key] = value.clone();
        }
        settings
    }

    /// Whether the plugin sends by Orthanc's own SCU, which waits as that one does.
    pub fn over_rest(&self) -> bool {
        self.transport == "Rest"
    }

    /// The same flags for a run of this program inside a namespace.
    pub fn for_inside(&self, section: Section, inside: &Inside) -> Vec<String> {
        let name = SECTIONS.iter().find(|(_, one)| *one == section);
        let (name, _) = name.expect("every section has a name");
        let associations: Vec<String> = self.associations.iter().map(usize::to_string).collect();
        [
            ("--only", (*name).to_owned()),
            ("--slow", self.slow.to_string()),
            ("--runs", self.runs.to_string()),
            ("--transport", self.transport.clone()),
            ("--settings", self.settings.to_string()),
            ("--associations", associations.join(",")),
            ("--per-association", self.per_association.to_string()),
            ("--delay", self.delay_ms.to_string()),
            ("--quickack", self.quickack.to_string()),
            ("--inside", inside.to_text()),
        ]
        .into_iter()
        .flat_map(|(flag, text)| [flag.to_owned(), text])
        .collect()
    }
}

impl Inside {
    fn to_text(&self) -> String {
        let peer = self.peer.as_deref().unwrap_or("-");
        [&*self.pair, &*self.method, peer, &*self.here, &*self.there].join(",")
    }

    fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split(',').collect();
        let [pair, method, peer, here, there] = fields[..] else {
            return Err(format!("--inside: {text}"));
        };
        Ok(Self {
            peer: Some(peer.to_owned()).filter(|name| name != "-"),
            there: there.to_owned(),
            here: here.to_owned(),
            method: method.to_owned(),
            pair: pair.to_owned(),
        })
    }
}

fn object(flag: &str, text: &str) -> Result<Value, String> {
    serde_json::from_str(text)
        .ok()
        .filter(Value::is_object)
        .ok_or(format!("{flag}: {text} is no JSON object"))
}

fn section(name: &str) -> Option<Section> {
    let found = SECTIONS.iter().find(|(one, _)| *one == name);
    found.map(|(_, section)| *section)
}

fn list<T>(flag: &str, text: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    text.split(',')
        .map(|one| read(one).ok_or(format!("{flag}: {one} is unknown")))
        .collect()
}

fn number<T: FromStr>(flag: &str, text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("{flag}: {text} is no number"))
}

fn positive(flag: &str, text: &str) -> Result<usize, String> {
    match number(flag, text)? {
        0 => Err(format!("{flag}: at least 1")),
        n => Ok(n),
    }
}
