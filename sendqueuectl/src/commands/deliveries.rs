//! What was sent where, for longer than items are kept.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use serde_json::Value;

use super::search::{is_orthanc_id, is_uid};
use super::{Done, Failed, Session, list};
use crate::cli::Sent;
use crate::client::ClientError;
use crate::show::{field, number, plain, say, status, table};
use crate::times::Times;

/// Lines asked for at once: the most that the server answers. Of a table it would answer more, but then for long.
const PAGE: usize = 1000;

impl Session<'_> {
    pub(super) fn deliveries(&self, what: &Sent) -> Done {
        if let Some(id) = what.id {
            return self.delivery(id);
        }
        // Else an accession number would be found to have none.
        if let Some(study) = what.study.as_ref().filter(|one| !is_study(one)) {
            return Err(Failed::Use(format!(
                "--study {study:?}: neither Orthanc's ID nor a Study Instance UID; an accession number is --accession"
            )));
        }
        let mut arguments = Vec::new();
        for (name, value) in [("since", &what.since), ("until", &what.until)] {
            if let Some(value) = value {
                let asked = self.times.asked(value).map_err(Failed::Use)?;
                arguments.push((name, asked));
            }
        }
        for (name, value) in [
            ("study", &what.study),
            ("accession", &what.accession),
            ("destination", &what.destination),
        ] {
            if let Some(value) = value {
                arguments.push((name, value.clone()));
            }
        }
        match what.csv {
            true if self.json => Err(Failed::Use("either --csv or --json".to_owned())),
            true => self.deliveries_as_csv(&arguments),
            false => self.deliveries_as_table(&arguments),
        }
    }

    fn deliveries_as_table(&self, arguments: &[(&str, String)]) -> Done {
        let mut lines: Vec<Value> = Vec::new();
        loop {
            let after = lines.last().map_or(0, |last| number(last, "ID"));
            let page = page(arguments, PAGE, after);
            let answer = self.client.get("/deliveries", &page)?;
            if list(&answer).is_empty() {
                break;
            }
            lines.extend(list(&answer).iter().cloned());
        }
        if !self.raw(&lines.clone().into()) {
            let rows: Vec<Vec<String>> = lines.iter().map(|one| row(one, &self.times)).collect();
            let (first, last) = (self.times.heading("FIRST"), self.times.heading("LAST"));
            table(
                &[
                    "ID",
                    "ACCESSION",
                    "STUDY",
                    "DESTINATION",
                    "INSTANCES",
                    "WARNINGS",
                    &first,
                    &last,
                ],
                &rows,
            );
        }
        Ok(ExitCode::SUCCESS)
    }

    /// As the server writes it, page by page. A terminal gets none that steers it.
    fn deliveries_as_csv(&self, arguments: &[(&str, String)]) -> Done {
        let mut output = io::stdout();
        let is_terminal = output.is_terminal();
        let mut after = 0;
        loop {
            let mut page = page(arguments, PAGE, after);
            page.push(("format", "csv".to_owned()));
            let (text, is_all) = self.client.get_bytes("/deliveries", &page)?;
            let records = records(&text)
                .ok_or_else(|| ClientError::Strange("/sendqueue/deliveries".to_owned()))?;
            let shown = if after == 0 { text.as_slice() } else { records };
            let written = match is_terminal {
                true => output.write_all(for_terminal(shown).as_bytes()),
                false => output.write_all(shown),
            };
            match written.and_then(|()| output.flush()) {
                // Whoever has read enough closes it.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => break,
                written => written.map_err(Failed::Output)?,
            }
            match last_number(records).filter(|last| *last > after) {
                Some(last) if !is_all => after = last,
                _ => break,
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    fn delivery(&self, id: u64) -> Done {
        let answer = self.client.get(&format!("/deliveries/{id}"), &[])?;
        if self.raw(&answer) {
            return Ok(ExitCode::SUCCESS);
        }
        for name in [
            "Study",
            "StudyInstanceUid",
            "AccessionNumber",
            "Destination",
            "Instances",
            "Warnings",
            "Bytes",
        ] {
            say!("{name:<17}{}", field(&answer, name));
        }
        for name in ["FirstDelivery", "LastDelivery"] {
            say!("{name:<17}{}", self.times.words(&answer, name));
        }
        say!("");
        if answer["Closed"] == true {
            say!("Orthanc has deleted the study, and its items are gone: these figures are left.");
            return Ok(ExitCode::SUCCESS);
        }
        let rows: Vec<Vec<String>> = list(&answer["List"])
            .iter()
            .map(|one| {
                vec![
                    self.times.cell(one, "Time"),
                    field(one, "Class"),
                    status(one, "DimseStatus"),
                    field(one, "Confirmation"),
                    field(one, "Item"),
                    field(one, "SopInstanceUid"),
                    field(one, "SentAs"),
                ]
            })
            .collect();
        let time = self.times.heading("TIME");
        table(
            &[
                &time,
                "CLASS",
                "STATUS",
                "CONFIRMATION",
                "ITEM",
                "SOP INSTANCE",
                "SENT AS",
            ],
            &rows,
        );
        Ok(ExitCode::SUCCESS)
    }
}

fn is_study(text: &str) -> bool {
    is_orthanc_id(text) || is_uid(text)
}

fn page<'a>(arguments: &[(&'a str, String)], limit: usize, after: u64) -> Vec<(&'a str, String)> {
    let mut page = arguments.to_vec();
    page.push(("limit", limit.to_string()));
    page.push(("after", after.to_string()));
    page
}

fn row(line: &Value, times: &Times) -> Vec<String> {
    vec![
        field(line, "ID"),
        field(line, "AccessionNumber"),
        field(line, "Study"),
        field(line, "Destination"),
        field(line, "Instances"),
        field(line, "Warnings"),
        times.cell(line, "FirstDelivery"),
        times.cell(line, "LastDelivery"),
    ]
}

/// What follows the heading of a table; `None`: it is no such table.
fn records(text: &[u8]) -> Option<&[u8]> {
    let end = text.windows(2).position(|two| two == b"\r\n")? + 2;
    text.starts_with(b"ID,").then_some(&text[end..])
}

/// The first field of the last record. A field in quotes may have lines.
fn last_number(records: &[u8]) -> Option<u64> {
    let (mut is_quoted, mut begin) = (false, 0);
    for (at, byte) in records.iter().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted && at + 1 < records.len() => begin = at + 1,
            _ => {}
        }
    }
    let number = records[begin..].split(|byte| *byte == b',').next()?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

fn for_terminal(text: &[u8]) -> String {
    plain(&String::from_utf8_lossy(text).replace("\r\n", "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_goes_on_after_its_last_record() {
        for (lines, last) in [
            ("", None),
            ("7,a\r\n", Some(7)),
            ("7,a\r\n8,\"b,\"\"c\r\n9,\"\r\n", Some(8)),
            ("7,a\r\n12,'=\r\n", Some(12)),
        ] {
            let text = format!("ID,Name\r\n{lines}");
            let found = records(text.as_bytes()).unwrap();
            assert_eq!(found, lines.as_bytes());
            assert_eq!(last_number(found), last, "{lines}");
        }
        assert_eq!(records(b"<html>\r\n"), None);
        assert_eq!(records(b""), None);
        assert_eq!(for_terminal(b"7,a\x1b\r\n"), "7,a\\u001b\n");
    }

    #[test]
    fn rows_are_read_by_people_and_steer_no_terminal() {
        let line = serde_json::json!({
            "ID": 7, "Study": "27f7126f", "AccessionNumber": "A\u{1b}", "Destination": "pacs", "Instances": 12,
            "Warnings": 1, "FirstDelivery": "20260312T081502.123456", "LastDelivery": "20260312T081647.654321",
        });
        let expected = [
            "7",
            "A\\u001b",
            "27f7126f",
            "pacs",
            "12",
            "1",
            "2026-03-12 08:15:02",
            "2026-03-12 08:16:47",
        ];
        assert_eq!(row(&line, &Times::new(true)), expected);
    }
}
