//! What is deleted from Orthanc, or would be, and why the rest stays.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::{Done, Session, list};
use crate::cli::Kept;
use crate::show::{field, number, plain, say, table};

impl Session<'_> {
    pub(super) fn retention(&self, what: &Kept) -> Done {
        if what.run {
            return self.run_retention(what.dry_run);
        }
        let mut arguments = vec![
            ("limit", what.limit.to_string()),
            ("after", what.after.to_string()),
        ];
        arguments.extend(what.study.clone().map(|study| ("study", study)));
        if what.deleted {
            arguments.push(("order", "desc".to_owned()));
            return self.deletions(&arguments);
        }
        let told = self.client.get("/retention", &arguments)?;
        if self.raw(&told) {
            return Ok(ExitCode::SUCCESS);
        }
        let settings = &told["Settings"];
        if settings.is_null() {
            say!("nothing is deleted from Orthanc: the configuration has no Retention");
            return Ok(ExitCode::SUCCESS);
        }
        self.say_settings(&told);
        let row = |one: &Value| {
            let becomes = match one["Goes"] == true {
                true => "goes".to_owned(),
                false => field(one, "Sentence"),
            };
            let mut row = ["ID", "Study", "AccessionNumber"]
                .map(|key| field(one, key))
                .to_vec();
            row.push(becomes);
            row
        };
        let rows: Vec<Vec<String>> = list(&told["Studies"]).iter().map(row).collect();
        say!("");
        table(
            &["ID", "STUDY", "ACCESSION", "GOES, OR WHY IT STAYS"],
            &rows,
        );
        if u32::try_from(rows.len()).is_ok_and(|rows| rows == what.limit) {
            eprintln!("(there may be more: --after, --limit)");
        }
        Ok(ExitCode::SUCCESS)
    }

    fn say_settings(&self, told: &Value) {
        let settings = &told["Settings"];
        let safe: Vec<&str> = list(&settings["Safe"])
            .iter()
            .filter_map(Value::as_str)
            .collect();
        match settings["DryRun"] == true {
            true => say!("DryRun: nothing is deleted"),
            false => say!("what is proven elsewhere is deleted from Orthanc by itself"),
        }
        say!(
            "proven at {}, {} days after the last arrival and delivery",
            plain(&safe.join(" and ")),
            field(settings, "DeleteAfterDays")
        );
        let last = &told["LastPass"];
        if told["Running"] == true {
            say!("all studies are being looked at now");
        } else if last.is_null() {
            say!("no study was looked at since Orthanc was started");
        }
        if last.is_null() {
            return;
        }
        let goes = &last["Goes"];
        say!(
            "{}: {} studies; {} {} ({} instances, {} bytes)",
            self.times.words(last, "Ended"),
            field(last, "Studies"),
            field(goes, "Studies"),
            match last["DryRun"] == true {
                true => "would go",
                false => "go",
            },
            field(goes, "Instances"),
            field(goes, "Bytes")
        );
        if number(&last["Deleted"], "Studies") > 0 {
            say!(
                "deleted by that: {} studies",
                field(&last["Deleted"], "Studies")
            );
        }
    }

    fn run_retention(&self, dry_run: bool) -> Done {
        let body = match dry_run {
            true => json!({ "DryRun": true }),
            false => json!({}),
        };
        let begun = self.client.post("/retention/run", &body)?;
        if !self.raw(&begun) {
            let what = match begun["DryRun"] == true {
                true => "nothing is deleted",
                false => "what is proven elsewhere is deleted",
            };
            say!("all studies are looked at: {what}; sendqueuectl retention says what comes of it");
        }
        Ok(ExitCode::SUCCESS)
    }

    fn deletions(&self, arguments: &[(&str, String)]) -> Done {
        let deleted = self.client.get("/deletions", arguments)?;
        if self.raw(&deleted) {
            return Ok(ExitCode::SUCCESS);
        }
        let row = |one: &Value| {
            let safe = list(&one["Safe"]).iter().map(|at| field(at, "Destination"));
            vec![
                field(one, "ID"),
                self.times.cell(one, "Begun"),
                field(one, "Study"),
                field(one, "AccessionNumber"),
                format!("{} of {}", field(one, "Deleted"), field(one, "Instances")),
                safe.collect::<Vec<_>>().join(", "),
                field(one, "Kept"),
            ]
        };
        let rows: Vec<Vec<String>> = list(&deleted).iter().map(row).collect();
        let time = self.times.heading("TIME");
        let heading = [
            "ID",
            &time,
            "STUDY",
            "ACCESSION",
            "DELETED",
            "SAFE AT",
            "WHY THE REST STAYED",
        ];
        table(&heading, &rows);
        Ok(ExitCode::SUCCESS)
    }
}
