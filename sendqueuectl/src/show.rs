//! Text for people.
//!
//! Invariant: whatever came from outside passes [`plain`], so that it cannot steer the terminal.

use std::io::{self, Write as _};
use std::process::ExitCode;

use serde_json::{Value, json};

use crate::exit::End;

/// `println!` for pipes: whoever has read enough (`| head`) closes it, which is no fault; the exit code stays the same.
macro_rules! say {
    ($($text:tt)*) => { $crate::show::line(format_args!($($text)*)) };
}
pub(crate) use say;

pub fn line(text: std::fmt::Arguments<'_>) {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("sendqueuectl: the output cannot be written: {error}");
            std::process::exit(End::CannotBeAsked as i32);
        }
        _ => {}
    }
}

/// Says why a command failed: to people, or with `--json` as JSON on one line.
pub fn failed(as_json: bool, why: &str, end: End) -> ExitCode {
    if as_json {
        let told = json!({ "Error": why, "ExitCode": end as u8 });
        eprintln!("{}", plain(&told.to_string()));
    } else {
        eprintln!("sendqueuectl: {}", plain(why));
    }
    end.into()
}

/// Without control characters and what turns the direction of text: each is shown as its number.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if (c.is_control() && c != '\n') || hidden {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// A field as text: a text as it is, nothing as nothing, all else as JSON. On one line.
pub fn field(value: &Value, key: &str) -> String {
    match value.get(key) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => plain(text).replace('\n', " "),
        Some(other) => plain(&other.to_string()),
    }
}

/// `1 item`, `2 items`.
pub fn items(count: u64) -> String {
    match count {
        1 => "1 item".to_owned(),
        _ => format!("{count} items"),
    }
}

pub fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}

/// A DIMSE status as the standard writes it.
pub fn status(value: &Value, key: &str) -> String {
    match value.get(key).and_then(Value::as_u64) {
        Some(status) => format!("{status:04X}"),
        None => String::new(),
    }
}

pub fn seconds(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} min", seconds / 60),
        3600..86_400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

/// Prints rows under a heading, each column as wide as its widest; where there are none, that.
pub fn table(heading: &[&str], rows: &[Vec<String>]) {
    let mut widths: Vec<usize> = heading.iter().map(|text| text.chars().count()).collect();
    for row in rows {
        for (width, text) in widths.iter_mut().zip(row) {
            *width = (*width).max(text.chars().count());
        }
    }
    let heading: Vec<String> = heading.iter().map(|text| (*text).to_owned()).collect();
    for row in std::iter::once(&heading).chain(rows) {
        let mut line = String::new();
        for (width, text) in widths.iter().zip(row) {
            line.push_str(text);
            line.push_str(&" ".repeat(width + 2 - text.chars().count()));
        }
        say!("{}", line.trim_end());
    }
    if rows.is_empty() {
        say!("(none)");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        let hostile = "a\u{1b}[31mb\u{7}c\rd\u{9b}2Je\u{202e}f\tg";
        let shown = plain(hostile);
        assert!(shown.chars().all(|c| !c.is_control()), "{shown:?}");
        assert_eq!(
            shown,
            "a\\u001b[31mb\\u0007c\\u000dd\\u009b2Je\\u202ef\\u0009g"
        );
        let value = serde_json::json!({ "x": "a\nb\u{1b}", "n": null, "o": {"\u{1b}": 1} });
        assert_eq!(field(&value, "x"), "a b\\u001b");
        assert_eq!(field(&value, "n"), "");
        assert!(!field(&value, "o").contains('\u{1b}'));
    }

    #[test]
    fn ages_are_readable() {
        assert_eq!(seconds(59), "59 s");
        assert_eq!(seconds(90_061), "1 d 1 h");
    }
}
