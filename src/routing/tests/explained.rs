//! What is said of an evaluation.

use super::*;
use crate::routing::explain::{Explanation, Said};

/// What is said of each rule, and of its destinations.
fn explained(section: Value, arrival: &Arrival, tags: Result<Value, String>) -> Vec<String> {
    let settings = settings(section);
    let mut read = || Ok(TagValues::read(tags.clone()?.to_string().as_bytes()).unwrap());
    let senders = senders(&settings);
    let came_from = |name: &str| senders.sent(arrival, name, &|_| Vec::new());
    let mut said = Explanation::default();
    let source = &mut Whole(&mut read);
    let study = Study::default();
    let found = resolve(&settings, arrival, study, &came_from, source, &mut said);
    said.finish(&found);
    let rules = said.0.iter();
    rules
        .map(|rule| {
            let word = match rule.said {
                Said::Matches => "yes",
                Said::DoesNotMatch => "no",
                Said::Undecided => "open",
            };
            let to = rule.to.iter().map(|to| {
                let goes = if to.goes { "goes" } else { "stays" };
                let why = to.why.as_deref().unwrap_or("by this rule");
                format!(" | {} {goes}: {why}", to.destination)
            });
            format!("{word}: {}{}", rule.why, to.collect::<String>())
        })
        .collect()
}

#[test]
fn why_a_rule_does_not_match() {
    let sources = json!({ "A": { "CallingAet": "MR1" }, "B": { "CallingAet": "CT1" } });
    let tags = json!({ "0008,0060": "CT", "0008,0050": "" });
    let table = [
        (
            json!({ "When": { "CallingAet": ["CT8", "CT9"] } }),
            "When.CallingAet is \"CT1\", the rule asks for \"CT8\" or \"CT9\"",
        ),
        (
            json!({ "When": { "CalledAet": "regex:^A" } }),
            "When.CalledAet is not known, the rule asks for \"regex:^A\"",
        ),
        (
            json!({ "When": { "Tags": { "Modality": "MR" } } }),
            "When.Tags.Modality is \"CT\", the rule asks for \"MR\"",
        ),
        (
            json!({ "When": { "Tags": { "0010,0010": "X" } } }),
            "When.Tags.0010,0010 is missing, the rule asks for \"X\"",
        ),
        (
            json!({ "When": { "Tags": { "AccessionNumber": "present" } } }),
            "When.Tags.AccessionNumber is \"\", the rule asks for one that has a value (\"present\")",
        ),
        (
            json!({ "When": { "Source": "A" } }),
            "When.Source: it comes from none of them, the rule asks for \"A\"",
        ),
        (
            json!({ "Unless": { "Source": ["A", "B"] } }),
            "Unless.Source is \"B\", the rule holds back \"A\" or \"B\"",
        ),
        (
            json!({ "Unless": { "Tags": { "Modality": ["SR", "CT"] } } }),
            "Unless.Tags.Modality is \"CT\", the rule holds back \"SR\" or \"CT\"",
        ),
    ];
    for (rule, why) in table {
        let mut rule = rule;
        rule["To"] = json!(["pacs"]);
        let section = json!({ "Sources": sources, "Rules": [rule] });
        let said = explained(section, &from("CT1"), Ok(tags.clone()));
        assert_eq!(said, [format!("no: {why}")]);
    }
    // A long value is cut.
    let section =
        json!({ "Rules": [{ "To": ["pacs"], "When": { "Tags": { "Modality": "CT" } } }] });
    let long = Ok(json!({ "0008,0060": "é".repeat(1000) }));
    let said = explained(section, &from("CT1"), long);
    assert!(said[0].contains("é…\"") && said[0].len() < 300, "{said:?}");
}

#[test]
fn why_an_instance_goes_where_it_goes() {
    let rules = json!({ "Rules": [
        { "Name": "copies", "To": ["research"], "Anonymized": true, "When": { "CallingAet": "NOBODY" } },
        { "Name": "ct", "To": ["pacs", "research"], "When": { "Tags": { "Modality": "CT" } }, "Stop": true },
        { "Name": "rest", "To": ["pacs", "archive"] },
    ] });
    let ct = Ok(json!({ "0008,0060": "CT" }));
    assert_eq!(
        explained(rules.clone(), &from("PACS"), ct.clone())[1..],
        [
            "yes: all that When asks for holds | pacs stays: the instance came from there (\"AllowLoop\") | research goes: by this rule",
            "no: the rule \"ct\" before it has taken it (\"Stop\")",
        ]
    );
    let mut copy = from("CT1");
    copy.anonymized = true;
    assert_eq!(
        explained(rules.clone(), &copy, ct)[1],
        "no: it is a copy that Orthanc has anonymised, and the rule does not say \"Anonymized\": true"
    );
    let open = "it would be in the error queue";
    assert_eq!(
        explained(rules, &from("CT1"), Err("locked".to_owned()))[1..],
        [
            format!(
                "open: it hangs on Tags.Modality: the tags cannot be read: locked \
                 | pacs stays: whether it goes there is undecided: {open} \
                 | research stays: whether it goes there is undecided: {open}"
            ),
            format!(
                "yes: it asks for nothing: it takes everything \
                 | pacs stays: a rule before this one names it, and decides \
                 | archive stays: it hangs on the rule \"ct\" before this one, which is undecided (\"Stop\"): {open}"
            ),
        ]
    );
    let twice = json!({ "Rules": [{ "To": ["pacs"] }, { "To": ["pacs"], "Unless": { "CallingAet": "X" } }] });
    assert_eq!(
        explained(twice, &from("CT1"), Err(String::new()))[1],
        "yes: nothing that Unless names holds | pacs goes: a rule before this one names it, and decides"
    );
}
