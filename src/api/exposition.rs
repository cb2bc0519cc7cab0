//! Prometheus' text format, version 0.0.4.
//!
//! Invariants:
//! - All samples of a family stand together, under its `# HELP` and `# TYPE`: a [`Family`] holds the text as long as it
//!   lives.
//! - Label values may hold anything: what would end the value or the line is escaped.

use std::fmt::{Display, Write};

pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Never falls but at a start; its name ends with `_total`.
    Counter,
    Gauge,
    Histogram,
}

/// The text as it grows.
#[derive(Debug, Default)]
pub struct Exposition(String);

/// The samples of one metric.
pub struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Exposition {
    /// `help`: one line without a backslash.
    pub fn family(&mut self, name: &'static str, kind: Kind, help: &str) -> Family<'_> {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        line(&mut self.0, format_args!("# HELP {name} {help}"));
        line(&mut self.0, format_args!("# TYPE {name} {kind}"));
        Family {
            text: &mut self.0,
            name,
        }
    }

    pub fn into_text(self) -> String {
        self.0
    }
}

impl Family<'_> {
    pub fn sample(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.write("", labels, value);
    }

    /// `buckets`: how many fell into each of `bounds` alone, and beyond the last one; `sum`: of all values.
    pub fn histogram(
        &mut self,
        labels: &[(&str, &str)],
        bounds: &[f64],
        buckets: &[u64],
        sum: f64,
    ) {
        let mut count = 0;
        let bounds = bounds.iter().map(f64::to_string);
        for (bound, bucket) in bounds.chain(["+Inf".to_owned()]).zip(buckets) {
            count += bucket;
            let labels = [labels, &[("le", bound.as_str())]].concat();
            self.write("_bucket", &labels, count);
        }
        self.write("_sum", labels, sum);
        self.write("_count", labels, count);
    }

    fn write(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        let pairs: Vec<String> = labels
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        let name = self.name;
        if pairs.is_empty() {
            line(self.text, format_args!("{name}{suffix} {value}"));
        } else {
            let pairs = pairs.join(",");
            line(self.text, format_args!("{name}{suffix}{{{pairs}}} {value}"));
        }
    }
}

fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    // Into a string nothing can fail.
    let _ = writeln!(text, "{line}");
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_values_may_hold_anything() {
        let mut page = Exposition::default();
        let mut family = page.family("a_total", Kind::Counter, "What it is.");
        family.sample(&[("name", "a\"} 1\nb\\n{é")], 7);
        family.sample(&[], 0.5);
        assert_eq!(
            page.into_text(),
            "# HELP a_total What it is.\n# TYPE a_total counter\n\
             a_total{name=\"a\\\"} 1\\nb\\\\n{é\"} 7\na_total 0.5\n"
        );
    }

    #[test]
    fn buckets_add_up() {
        let mut page = Exposition::default();
        let mut family = page.family("t_seconds", Kind::Histogram, "Time.");
        family.histogram(&[("to", "x")], &[0.000_001, 0.5, 1.0], &[1, 0, 2, 3], 12.5);
        let text = page.into_text();
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "t_seconds_bucket{to=\"x\",le=\"0.000001\"} 1",
                "t_seconds_bucket{to=\"x\",le=\"0.5\"} 1",
                "t_seconds_bucket{to=\"x\",le=\"1\"} 3",
                "t_seconds_bucket{to=\"x\",le=\"+Inf\"} 6",
                "t_seconds_sum{to=\"x\"} 12.5",
                "t_seconds_count{to=\"x\"} 6",
            ]
        );
    }
}
