//! What is wrong with a configuration, told so that a person can mend it at one go.
//!
//! Invariants:
//! - Whatever comes from the configuration passes through [`quoted`]: one line, bounded, without
//!   control characters, so that it cannot forge lines of the log.
//! - A mistake has the path of the very value that is wrong.

use std::fmt;

use serde_json::Value;

/// Most characters of the configuration that are repeated in a message.
const LONGEST: usize = 80;
/// Most names that are listed as allowed.
const MOST_NAMES: usize = 30;
/// Longer words are not compared: the nearest one is found in quadratic time.
const LONGEST_WORD: usize = 64;

/// One mistake in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where, such as `SendQueue.Rules[0].To[1]`.
    pub path: String,
    /// What stands there, as JSON, cut to some 80 characters; or `nothing`, or `an unknown key`.
    pub found: String,
    /// What may stand there.
    pub allowed: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: found {}; allowed: {}",
            self.path, self.found, self.allowed
        )
    }
}

/// All the mistakes of a configuration. As text, it is one message with one line for each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mistakes(pub Vec<Mistake>);

impl Mistakes {
    pub(super) fn add(&mut self, path: &str, found: impl Into<String>, allowed: impl Into<String>) {
        self.0.push(Mistake {
            path: path.to_owned(),
            found: found.into(),
            allowed: allowed.into(),
        });
    }
}

impl Mistakes {
    /// How many there are, in words.
    pub fn headline(&self) -> String {
        format!(
            "{} in the configuration of the send queue:",
            counted(self.0.len(), "mistake")
        )
    }
}

/// `1 rule`, `2 rules`.
pub fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline())?;
        for mistake in &self.0 {
            write!(f, "\n  {mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// `value` as JSON, in one printable line of bounded length.
pub(super) fn quoted(value: &Value) -> String {
    printable(&value.to_string())
}

/// `text` as a JSON string, in one printable line of bounded length.
pub(super) fn quoted_text(text: &str) -> String {
    // Cut before it is quoted, so that the closing quote is always there.
    let cut = cut(text);
    printable_all(&Value::from(cut).to_string())
}

/// `text` in one printable line of bounded length.
pub(super) fn printable(text: &str) -> String {
    printable_all(&cut(text))
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn printable_all(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        // Also what is invisible or turns the direction of what follows.
        let hidden = matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
            || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}');
        if c.is_control() || hidden {
            out.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            out.push(c);
        }
    }
    out
}

/// Path of the entry `key` of the object at `path`: `A.b`, or `A["b/c"]` for an unusual key.
pub fn member(path: &str, key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !key.is_empty() && key.len() <= LONGEST && key.chars().all(plain) {
        format!("{path}.{key}")
    } else {
        format!("{path}[{}]", quoted_text(key))
    }
}

/// `a name of Coercions, one of "A", "B" (did you mean "B"?)`; or `a name of Coercions, which is empty`.
pub(super) fn name_of<'a>(
    section: &str,
    names: impl IntoIterator<Item = &'a str>,
    found: Option<&str>,
) -> String {
    let mut names = names.into_iter().peekable();
    match names.peek() {
        Some(_) => format!("a name of {section}, {}", one_of(names, found)),
        None => format!("a name of {section}, which is empty"),
    }
}

/// `one of "A", "B" (did you mean "B"?)`.
pub(super) fn one_of<'a>(names: impl IntoIterator<Item = &'a str>, found: Option<&str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let list: Vec<String> = names
        .iter()
        .take(MOST_NAMES)
        .map(|n| quoted_text(n))
        .collect();
    let mut text = match names.len() {
        0 => return "nothing: there is none".to_owned(),
        1 => list.join(""),
        n if n > MOST_NAMES => format!("one of {}, … ({n} in all)", list.join(", ")),
        _ => format!("one of {}", list.join(", ")),
    };
    if let Some(name) = found.and_then(|found| nearest(found, &names)) {
        text.push_str(&format!(" (did you mean {}?)", quoted_text(name)));
    }
    text
}

/// The name that `word` was probably meant to be: the same but for upper and lower case, or but for
/// a third of its letters.
pub(super) fn nearest<'a>(word: &str, names: &[&'a str]) -> Option<&'a str> {
    let word = letters(word)?;
    names
        .iter()
        .filter_map(|name| {
            let letters = letters(name)?;
            let distance = distance(&word, &letters);
            (distance <= word.len().max(letters.len()) / 3).then_some((distance, *name))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

fn letters(word: &str) -> Option<Vec<char>> {
    (word.len() <= LONGEST_WORD).then(|| word.to_lowercase().chars().collect())
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from `a` to `b`.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_only_a_near_one() {
        let names = ["Associations", "BatchSize", "Level", "Low"];
        let table = [
            ("Assocations", Some("Associations")),
            ("associations", Some("Associations")),
            ("BatchSzie", Some("BatchSize")),
            ("Levle", Some("Level")),
            ("LOW", Some("Low")),
            ("Retry", None),
            ("", None),
        ];
        for (word, expected) in table {
            assert_eq!(nearest(word, &names), expected, "{word}");
        }
        assert_eq!(nearest("b", &["a"]), None);
        assert_eq!(nearest(&"a".repeat(10_000), &["a"]), None);
    }

    #[test]
    fn what_was_found_is_one_bounded_printable_line() {
        let value = Value::from("a\nb\u{1b}[31m\u{85}\u{202e}");
        assert_eq!(quoted(&value), "\"a\\nb\\u001b[31m\\u0085\\u202e\"");
        let long = quoted(&Value::from("é".repeat(1000)));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with('…'));
        assert_eq!(quoted_text("a\"b"), "\"a\\\"b\"");
    }

    #[test]
    fn unusual_keys_are_quoted_in_a_path() {
        assert_eq!(member("A", "b-1_C"), "A.b-1_C");
        assert_eq!(member("A", "0008,1030"), "A[\"0008,1030\"]");
        assert_eq!(member("A", "x/\"y\n"), "A[\"x/\\\"y\\n\"]");
        assert_eq!(member("A", ""), "A[\"\"]");
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (0..100).map(|n| format!("modality{n}")).collect();
        let text = one_of(names.iter().map(String::as_str), Some("modality77x"));
        assert!(
            text.contains("… (100 in all) (did you mean \"modality77\"?)"),
            "{text}"
        );
    }
}
