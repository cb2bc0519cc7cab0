//! What sentences are made of.

use super::Known;
use crate::item::{Timestamp, told};

/// Characters of what others said.
pub const LONGEST: usize = 160;

impl Known {
    /// `since 06:13 (9 h)`.
    pub fn since(&self, time: Timestamp) -> String {
        told::since(self.ahead.wall(time), self.wall(), &self.zone)
    }

    /// `06:13`.
    pub fn clock(&self, time: Timestamp) -> String {
        told::clock(self.ahead.wall(time), self.wall(), &self.zone)
    }

    /// `9 h`.
    pub fn age(&self, time: Timestamp) -> String {
        told::age(self.now.since(time))
    }

    fn wall(&self) -> Timestamp {
        self.ahead.wall(self.now)
    }
}

/// What others said, so that it can stand in a sentence: on one line, of visible characters, cut to a sane length,
/// without the full stop at its end.
pub fn data(text: &str) -> String {
    let visible = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let text = visible.collect::<String>();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let text = text.trim_end_matches('.');
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text.to_owned(),
    }
}

/// `325 wait`, `1 waits`, `nothing waits`.
pub fn waiting(count: u64) -> String {
    match count {
        0 => "nothing waits".to_owned(),
        1 => "1 waits".to_owned(),
        many => format!("{many} wait"),
    }
}

/// `a`, `a and b`, `a, b and c`.
pub fn names(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
