//! `route`: what the rules say of a file, or of what Orthanc has.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cli::Sender;
use crate::show::{field, number, say, table};

/// There is a file of this name, or it can be nothing else.
pub fn is_file(what: &str) -> bool {
    let is_path = what.starts_with(['.', '/']) || what.contains('\\') || what.ends_with(".dcm");
    is_path || Path::new(what).is_file()
}

/// The question: a file where there is one of this name, else an identifier.
///
/// # Errors
/// The file cannot be read.
pub fn question(what: &str, sender: &Sender) -> Result<Value, String> {
    let mut body = if is_file(what) {
        let file = std::fs::read(what).map_err(|error| format!("{what}: {error}"))?;
        json!({ "File": STANDARD.encode(file) })
    } else {
        json!({ "Resource": what })
    };
    let given = [
        ("CallingAet", &sender.calling_aet),
        ("CalledAet", &sender.called_aet),
        ("RemoteIp", &sender.remote_ip),
        ("Origin", &sender.origin),
    ];
    for (key, value) in given {
        if let Some(value) = value {
            body[key] = json!(value);
        }
    }
    Ok(body)
}

pub fn print(answer: &Value) {
    let (all, asked) = (number(answer, "Instances"), number(answer, "Asked"));
    if asked < all {
        say!("{all} instances; the rules were asked about {asked} of them");
    }
    let answers = answer["Answers"].as_array().map_or(&[][..], Vec::as_slice);
    if answers.is_empty() {
        say!("there is no instance");
    }
    for (index, one) in answers.iter().enumerate() {
        if index > 0 {
            say!("");
        }
        let example = field(one, "Example");
        if all > 1 {
            say!("{} instances, such as {example}", number(one, "Instances"));
        }
        say!("goes to: {}", names(&one["Destinations"]));
        if one["Undecided"]
            .as_array()
            .is_some_and(|some| !some.is_empty())
        {
            say!("undecided (error queue): {}", names(&one["Undecided"]));
        }
        if one["OwnOutput"] == true {
            say!("the queue has sent this, changed on its way, and it came back: no rule is asked");
            continue;
        }
        let rules = one["Rules"].as_array().into_iter().flatten();
        let rows: Vec<Vec<String>> = rules.flat_map(rows).collect();
        table(&["RULE", "VERDICT", "WHY"], &rows);
    }
}

fn names(list: &Value) -> String {
    let names = list.as_array().into_iter().flatten();
    let names: Vec<String> = names
        .filter_map(|name| name.as_str().map(crate::show::plain))
        .collect();
    match names.len() {
        0 => "nowhere".to_owned(),
        _ => names.join(", "),
    }
}

/// A rule, and a line for each of its destinations.
fn rows(rule: &Value) -> Vec<Vec<String>> {
    let verdict = match field(rule, "Verdict").as_str() {
        "Matches" => "matches",
        "DoesNotMatch" => "does not match",
        _ => "undecided",
    };
    let first = vec![field(rule, "Rule"), verdict.to_owned(), field(rule, "Why")];
    let to = rule["To"].as_array().into_iter().flatten().map(|to| {
        let goes = if to["Goes"] == true {
            "goes to"
        } else {
            "not to"
        };
        vec![
            String::new(),
            format!("  {goes} {}", field(to, "Destination")),
            field(to, "Why"),
        ]
    });
    std::iter::once(first).chain(to).collect()
}
