//! The list of a `Lookup`: a table of CSV (RFC 4180) with a line of names, who is known under which key as what.
//!
//! Invariant: what is wrong with a list is told by the numbers of lines. What stands in them are names of patients.

use std::collections::HashMap;

/// The list, read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subjects {
    /// The names of the columns that are no keys, in their order. At least one.
    pub columns: Vec<String>,
    rows: HashMap<Vec<String>, Vec<String>>,
}

/// Most mistakes of a list that are told.
const MOST: usize = 10;

impl Subjects {
    /// `key`: the names of the columns that say who it is, in the order in which [`Subjects::find`] is asked.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(bytes: &[u8], key: &[String]) -> Result<Subjects, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rows = records(text)?.into_iter();
        let (_, names) = rows.next().ok_or("it has no line with names of columns")?;
        for (at, name) in names.iter().enumerate() {
            if name.is_empty() {
                return Err(format!("its column {} has no name", at + 1));
            }
            if names[..at].contains(name) {
                return Err(format!("its column {} has the name of another one", at + 1));
            }
        }
        let place = |name: &String| {
            let at = names.iter().position(|one| one == name);
            at.ok_or_else(|| format!("it has no column {name:?}, which Key names"))
        };
        let of_key = key.iter().map(place).collect::<Result<Vec<usize>, _>>()?;
        let of_values: Vec<usize> = (0..names.len()).filter(|at| !of_key.contains(at)).collect();
        let Some(first) = of_values.first() else {
            return Err("it has no column beside those of Key".to_owned());
        };
        let mut read = Subjects {
            columns: of_values.iter().map(|at| names[*at].clone()).collect(),
            rows: HashMap::new(),
        };
        let mut wrong: Vec<String> = Vec::new();
        let mut lines: HashMap<Vec<String>, usize> = HashMap::new();
        for (line, fields) in rows {
            if fields.len() != names.len() {
                let (count, of_names) = (fields.len(), names.len());
                wrong.push(format!(
                    "line {line} has {count} fields, the first line {of_names}"
                ));
                continue;
            }
            if fields[*first].is_empty() {
                wrong.push(format!(
                    "line {line} has nothing in the first column that is no key"
                ));
                continue;
            }
            let pick = |places: &[usize]| -> Vec<String> {
                places.iter().map(|at| fields[*at].clone()).collect()
            };
            let key = pick(&of_key);
            if let Some(before) = lines.insert(key.clone(), line) {
                wrong.push(format!("line {line} has the same key as line {before}"));
                continue;
            }
            read.rows.insert(key, pick(&of_values));
        }
        match wrong.len() {
            0 => Ok(read),
            count => {
                wrong.truncate(MOST);
                let more = count.saturating_sub(MOST);
                if more > 0 {
                    wrong.push(format!("and {more} more"));
                }
                Err(wrong.join("; "))
            }
        }
    }

    /// The values of the columns, of who has this key.
    pub fn find(&self, key: &[String]) -> Option<&[String]> {
        self.rows.get(key).map(Vec::as_slice)
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// The records that are not empty, each with the number of its first line. Fields are without the blanks around them.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    // As spreadsheets write them where a comma is the decimal point.
    let head = text.lines().next().unwrap_or_default();
    let separator = if head.contains(';') && !head.contains(',') {
        ';'
    } else {
        ','
    };
    let mut records = Vec::new();
    let (mut line, mut begun) = (1, 1);
    let mut fields: Vec<String> = Vec::new();
    let mut field = String::new();
    // Of a quoted field only what is in the quotes counts.
    let (mut quoted, mut closed) = (false, false);
    let mut letters = text.chars().peekable();
    loop {
        let letter = letters.next();
        if quoted {
            match letter {
                Some('"') if letters.peek() == Some(&'"') => {
                    letters.next();
                    field.push('"');
                }
                Some('"') => (quoted, closed) = (false, true),
                Some(letter) => {
                    line += usize::from(letter == '\n');
                    field.push(letter);
                }
                None => return Err(format!("line {begun} has a quote that is not closed")),
            }
            continue;
        }
        match letter {
            Some('"') if field.trim().is_empty() && !closed => {
                field.clear();
                quoted = true;
            }
            Some('"') => return Err(format!("line {line} has a quote inside of a field")),
            Some(letter) if letter == separator => {
                fields.push(std::mem::take(&mut field).trim().to_owned());
                closed = false;
            }
            Some('\r') if letters.peek() == Some(&'\n') => {}
            Some('\n' | '\r') | None => {
                fields.push(std::mem::take(&mut field).trim().to_owned());
                closed = false;
                if fields.iter().any(|field| !field.is_empty()) {
                    records.push((begun, std::mem::take(&mut fields)));
                }
                fields.clear();
                if letter.is_none() {
                    return Ok(records);
                }
                line += 1;
                begun = line;
            }
            Some(letter) if closed && !letter.is_whitespace() => {
                return Err(format!("line {line} has something behind a closing quote"));
            }
            Some(_) if closed => {}
            Some(letter) => field.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn parse(text: &str) -> Result<Subjects, String> {
        Subjects::parse(text.as_bytes(), &names(&["IssuerOfPatientID", "PatientID"]))
    }

    #[test]
    fn a_list_is_found_in_by_its_key_whatever_the_order_of_columns() {
        for text in [
            "\u{feff}PatientID,Subject,IssuerOfPatientID,Arm\r\n12345,T-001,A,left\r\n\r\n12345,\"T-002\",B,\r\n",
            "PatientID;Subject;IssuerOfPatientID;Arm\n 12345 ;T-001;A;left\n12345; \"T-002\" ;B;\n",
            "PatientID,Subject,IssuerOfPatientID,Arm\n12345,T-001,A,left\n12345,T-002,B,",
        ] {
            let list = parse(text).unwrap();
            assert_eq!(list.columns, ["Subject", "Arm"], "{text}");
            assert_eq!(list.len(), 2);
            assert_eq!(
                list.find(&names(&["A", "12345"])).unwrap(),
                ["T-001", "left"]
            );
            assert_eq!(list.find(&names(&["B", "12345"])).unwrap(), ["T-002", ""]);
            assert_eq!(list.find(&names(&["", "12345"])), None);
        }
    }

    #[test]
    fn quotes_hold_what_else_would_end_a_field() {
        let list =
            parse("PatientID,IssuerOfPatientID,Subject\n\"1,\"\"2\"\"\n3\",,\"a;b\"\n").unwrap();
        assert_eq!(list.find(&names(&["", "1,\"2\"\n3"])).unwrap(), ["a;b"]);
    }

    #[test]
    fn what_is_wrong_is_told_by_lines_and_names_nobody() {
        let head = "PatientID,IssuerOfPatientID,Subject\n";
        for (text, told) in [
            ("", "no line with names"),
            ("PatientID,Subject\n", "no column \"IssuerOfPatientID\""),
            ("PatientID,IssuerOfPatientID\n", "no column beside"),
            ("PatientID,IssuerOfPatientID,\n", "column 3 has no name"),
            ("PatientID,PatientID,A\n", "column 2 has the name"),
            (
                &format!("{head}SECRET,A,T1\nSECRET,A,T1\n"),
                "line 3 has the same key as line 2",
            ),
            (&format!("{head}SECRET,A\n"), "line 2 has 2 fields"),
            (&format!("{head}SECRET,A,\n"), "line 2 has nothing"),
            (
                &format!("{head}\"SECRET,A,T1\n"),
                "line 2 has a quote that is not closed",
            ),
            (
                &format!("{head}SEC\"RET,A,T1\n"),
                "line 2 has a quote inside",
            ),
            (
                &format!("{head}\"SECRET\"x,A,T1\n"),
                "behind a closing quote",
            ),
        ] {
            let found = parse(text).unwrap_err();
            assert!(found.contains(told), "{text}: {found}");
            assert!(!found.contains("SECRET"), "{found}");
        }
        assert!(Subjects::parse(b"\xff", &[]).unwrap_err().contains("UTF-8"));
        let many = format!("{head}{}", "x,A\n".repeat(30));
        assert!(parse(&many).unwrap_err().ends_with("and 20 more"));
    }
}
