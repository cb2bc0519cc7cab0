//! What would be sent of an instance, and what was sent.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use serde_json::{Value, json};

use super::{Done, Failed, Session, list, segment};
use crate::show::{field, say, table};

impl Session<'_> {
    /// Exit code 1 where it would not be sent.
    pub(super) fn preview(&self, destination: &str, instance: &str) -> Done {
        let path = format!("/destinations/{}/preview", segment(destination));
        let answer = self.client.post(&path, &json!({ "Instance": instance }))?;
        if !self.raw(&answer) {
            // Of a study or series one is taken.
            let taken = field(&answer, "Instance");
            if taken != instance {
                say!("instance {taken}:");
            }
            print(&answer);
        }
        Ok(super::code(answer["Problem"].is_null()))
    }

    /// The file goes to where the output is redirected.
    pub(super) fn sent(&self, id: u64) -> Done {
        let mut output = io::stdout();
        if output.is_terminal() {
            let why = "the DICOM file would go to the terminal: sendqueuectl sent ITEM > FILE";
            return Err(Failed::Use(why.to_owned()));
        }
        let path = format!("/items/{id}/sent");
        let (file, _) = self.client.get_bytes(&path, &[])?;
        let written = output.write_all(&file).and_then(|()| output.flush());
        written.map_err(Failed::Output)?;
        eprintln!(
            "sendqueuectl: made anew from the stored original, by the recipe of now: what was sent may differ"
        );
        Ok(ExitCode::SUCCESS)
    }
}

fn print(answer: &Value) {
    if !answer["Problem"].is_null() {
        say!("would not be sent: {}", field(answer, "Problem"));
        return;
    }
    if answer["Unchanged"] == true {
        say!("would be sent as it is stored");
        return;
    }
    say!(
        "would be sent as SOP instance {} in transfer syntax {}",
        field(answer, "SopInstanceUid"),
        field(answer, "TransferSyntax")
    );
    let shown = |change: &Value, key: &str| match &change[key] {
        Value::Null => "(not there)".to_owned(),
        value if value == "" => "(empty)".to_owned(),
        _ => field(change, key),
    };
    let rows: Vec<Vec<String>> = list(&answer["Changes"])
        .iter()
        .map(|change| {
            vec![
                field(change, "Path"),
                field(change, "Vr"),
                shown(change, "Before"),
                shown(change, "After"),
            ]
        })
        .collect();
    table(&["ELEMENT", "VR", "BEFORE", "AFTER"], &rows);
}
