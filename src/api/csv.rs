//! Tables for spreadsheets: comma-separated values (RFC 4180).
//!
//! Invariants:
//! - A text from outside stays one field of one record, whatever is in it.
//! - A spreadsheet takes none for a formula: one that begins like a formula has an apostrophe before it.

use orthanc_sdk::Response;

pub const CONTENT_TYPE: &str = "text/csv; charset=utf-8";

/// The table as it grows.
#[derive(Debug)]
pub struct Table(String);

/// What stands in a field.
#[derive(Clone, Copy)]
pub enum Field<'a> {
    /// From outside.
    Text(&'a str),
    /// Of our own making: a number, a time, a word.
    Word(&'a dyn std::fmt::Display),
}

impl Table {
    pub fn new(heading: &[&str]) -> Table {
        Table(heading.join(",") + "\r\n")
    }

    pub fn add(&mut self, record: &[Field<'_>]) {
        for (at, field) in record.iter().enumerate() {
            if at > 0 {
                self.0.push(',');
            }
            match field {
                Field::Text(text) => self.0.push_str(&quoted(text)),
                Field::Word(word) => self.0.push_str(&word.to_string()),
            }
        }
        self.0.push_str("\r\n");
    }

    /// As a file that a browser keeps under this name.
    pub fn answer(self, name: &str) -> Response {
        let kept = format!("attachment; filename=\"{name}\"");
        Response::new(200, CONTENT_TYPE, self.0).with_header("Content-Disposition", &kept)
    }
}

fn quoted(text: &str) -> String {
    // OWASP's list of what begins a formula; in some countries a field ends with a semicolon.
    let begins = |text: &str| {
        text.starts_with([
            '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
        ])
    };
    let guard = match begins(text) || text.split([';', '\t', '\n', '\r']).skip(1).any(begins) {
        true => "'",
        false => "",
    };
    match text.contains([',', '"', '\r', '\n']) {
        true => format!("\"{guard}{}\"", text.replace('"', "\"\"")),
        false => format!("{guard}{text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stays_one_field() {
        let mut table = Table::new(&["ID", "Name", "Note"]);
        table.add(&[
            Field::Word(&7),
            Field::Text("a,\"b\"\r\nc"),
            Field::Text(""),
        ]);
        table.add(&[Field::Word(&-8), Field::Text("Ä 1"), Field::Text("x\ny")]);
        let answer = table.answer("some.csv");
        assert_eq!(
            String::from_utf8(answer.body.clone()).unwrap(),
            "ID,Name,Note\r\n7,\"a,\"\"b\"\"\r\nc\",\r\n-8,Ä 1,\"x\ny\"\r\n"
        );
        assert_eq!(answer.content_type, "text/csv; charset=utf-8");
        assert_eq!(
            answer.header("Content-Disposition"),
            Some("attachment; filename=\"some.csv\"")
        );
    }

    #[test]
    fn no_text_is_a_formula() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            (
                "=HYPERLINK(\"x\",\"y\")",
                "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"",
            ),
            ("A;=1+1", "'A;=1+1"),
            ("A;\u{ff1d}1", "'A;\u{ff1d}1"),
            ("A;1", "A;1"),
            ("1-2", "1-2"),
            ("A=1", "A=1"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
