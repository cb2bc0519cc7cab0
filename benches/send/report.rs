//! What is printed.

use crate::options::Options;

/// One run: so many instances in so many seconds, and the seconds of CPU that Orthanc used.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub count: usize,
    pub seconds: f64,
    pub cpu: Option<f64>,
}

impl Sample {
    /// Instances per second.
    pub fn rate(&self) -> f64 {
        self.count as f64 / self.seconds
    }

    fn cpu_ms(&self) -> Option<f64> {
        self.cpu.map(|cpu| cpu * 1e3 / self.count as f64)
    }
}

/// Runs of one sender.
#[derive(Debug, Default)]
pub struct Samples(pub Vec<Sample>);

impl Samples {
    /// Of the rates.
    pub fn rate(&self) -> f64 {
        median(self.0.iter().map(Sample::rate).collect())
    }

    /// Of the seconds.
    pub fn seconds(&self) -> f64 {
        median(self.0.iter().map(|sample| sample.seconds).collect())
    }

    /// CPU time of Orthanc for one instance in ms, over all runs: the kernel counts in steps of 10 ms.
    pub fn cpu_ms(&self) -> Option<f64> {
        let each: Option<Vec<f64>> = self.0.iter().map(Sample::cpu_ms).collect();
        let each = each.filter(|each| !each.is_empty())?;
        Some(each.iter().sum::<f64>() / each.len() as f64)
    }

    pub fn count(&self) -> usize {
        self.0.first().map_or(0, |sample| sample.count)
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// What and where, above all tables. Ends the program where "as it ships" would be a lie.
pub fn heading(options: &Options) {
    if std::env::var_os("TCP_NODELAY").is_some() {
        eprintln!("TCP_NODELAY is set: unset it, nothing would be measured as it ships");
        std::process::exit(2);
    }
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    let congestion =
        std::fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control").unwrap_or_default();
    println!(
        "Destinations: {}; {cores} cores, load {load} at the start, TCP congestion control {}; median of {}.",
        options.destination(1, &options.settings),
        congestion.trim(),
        options.runs
    );
}

pub fn title(text: &str) {
    println!("\n### {text}\n");
}

/// What a flag leaves out, or the machine.
pub fn note(text: &str) {
    println!("\n{text}");
}

/// The head of a table: the first `left` columns hold text.
pub fn head(columns: &[&str], left: usize) {
    row(columns);
    let rule: Vec<&str> = (0..columns.len())
        .map(|at| if at < left { "---" } else { "---:" })
        .collect();
    println!("|{}|", rule.join("|"));
}

pub fn row<T: AsRef<str>>(cells: &[T]) {
    let cells: Vec<&str> = cells.iter().map(AsRef::as_ref).collect();
    println!("| {} |", cells.join(" | "));
}

/// As many digits as a figure deserves.
pub fn figure(value: f64) -> String {
    match value {
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 10.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

/// A figure that may be absent.
pub fn maybe(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), figure)
}

/// A bar that wants at least so much.
pub fn at_least(what: &str, value: f64, bar: f64) {
    verdict(what, value, value >= bar, &format!("at least {bar}"));
}

/// A bar that wants at most so much.
pub fn at_most(what: &str, value: f64, bar: f64) {
    verdict(what, value, value <= bar, &format!("at most {bar}"));
}

fn verdict(what: &str, value: f64, pass: bool, bar: &str) {
    let word = if pass { "PASS" } else { "MISS" };
    println!("{word} {what}: {} ({bar})", figure(value));
}

/// Progress, on standard error.
pub fn progress(text: &str) {
    eprintln!("… {text}");
}
