//! Prometheus' text format as a scrape reads it, and `promtool`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use sendqueue_testkit::Queue;

/// One line of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// One answer of `/sendqueue/metrics`.
#[derive(Debug)]
pub struct Page {
    pub samples: Vec<Sample>,
}

pub fn scrape(queue: &Queue) -> Page {
    read(&queue.get("/sendqueue/metrics").ok().text())
}

/// Reads an answer; each sample must belong to the family that stands above it.
pub fn read(text: &str) -> Page {
    let mut families = BTreeMap::new();
    let mut samples = Vec::new();
    let mut family = String::new();
    assert!(text.ends_with('\n'), "{text}");
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, words) = help.split_once(' ').expect("a help text");
            assert!(!words.is_empty(), "{line}");
            family = name.to_owned();
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').expect("a type");
            assert_eq!(name, family, "{line}");
            let before = families.insert(name.to_owned(), kind.to_owned());
            assert_eq!(before, None, "{name} stands twice");
        } else {
            let sample = sample(line);
            let part = sample.name.strip_prefix(&family);
            let allowed: &[&str] = match families[&family].as_str() {
                "histogram" => &["_bucket", "_sum", "_count"],
                _ => &[""],
            };
            assert!(part.is_some_and(|part| allowed.contains(&part)), "{line}");
            samples.push(sample);
        }
    }
    Page { samples }
}

fn sample(line: &str) -> Sample {
    let end = line.find(['{', ' ']).expect("a value");
    let name = line[..end].to_owned();
    let mut labels = BTreeMap::new();
    let mut rest = &line[end..];
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        loop {
            let (label, after) = rest.split_once("=\"").expect("a label");
            let (value, after) = quoted(after);
            labels.insert(label.to_owned(), value);
            match after.strip_prefix(',') {
                Some(next) => rest = next,
                None => {
                    rest = after.strip_prefix('}').expect("the end of the labels");
                    break;
                }
            }
        }
    }
    let value = rest.strip_prefix(' ').expect("a value").parse();
    Sample {
        name,
        labels,
        value: value.unwrap_or_else(|error| panic!("{error}: {line}")),
    }
}

/// Up to the closing quote, and what follows it.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => match letters.next().expect("an escape").1 {
                'n' => value.push('\n'),
                other @ ('\\' | '"') => value.push(other),
                other => panic!("\\{other} is no escape"),
            },
            other => value.push(other),
        }
    }
    panic!("no closing quote: {text}")
}

impl Page {
    /// The one sample with exactly these labels.
    #[track_caller]
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.find(name, labels)
            .unwrap_or_else(|| panic!("no {name} {labels:?} in {:#?}", self.samples))
    }

    pub fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let wanted: BTreeMap<String, String> = labels
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let mut fitting = self
            .samples
            .iter()
            .filter(|one| one.name == name && one.labels == wanted);
        let found = fitting.next().map(|one| one.value);
        assert_eq!(fitting.next(), None, "twice");
        found
    }

    /// The same of a destination.
    #[track_caller]
    pub fn of(&self, name: &str, destination: &str) -> f64 {
        self.get(name, &[("destination", destination)])
    }

    /// The values of a second label at a destination, those with 0 left out.
    pub fn by(&self, name: &str, destination: &str, label: &str) -> BTreeMap<String, f64> {
        self.samples
            .iter()
            .filter(|one| one.name == name && one.value != 0.0)
            .filter(|one| {
                one.labels
                    .get("destination")
                    .is_some_and(|at| at == destination)
            })
            .map(|one| (one.labels[label].clone(), one.value))
            .collect()
    }

    /// Values of a label, over all samples.
    pub fn values_of(&self, label: &str) -> BTreeSet<&str> {
        let all = self.samples.iter();
        all.filter_map(|one| one.labels.get(label))
            .map(String::as_str)
            .collect()
    }
}

/// Runs Debian's `promtool` (package `prometheus`) with this on its standard input; answers whether it was content, and
/// what it said.
pub fn promtool(arguments: &[&str], input: &str) -> (bool, String) {
    let mut child = Command::new("promtool")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("promtool (Debian package prometheus): {error}"));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.success(), said)
}

/// `promtool check metrics` has nothing to say.
#[track_caller]
pub fn is_proper(text: &str) {
    let (well, said) = promtool(&["check", "metrics"], text);
    assert!(well && said.is_empty(), "{said}\n{text}");
}
