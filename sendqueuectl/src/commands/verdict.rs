//! Without a command: what needs a person, and the figures on one line.

use serde_json::{Value, json};

use super::{Done, Session, code, list, waiting};
use crate::client::ClientError;
use crate::show::{field, number, say};

impl Session<'_> {
    /// Exit code 1 if something needs a person.
    pub(super) fn verdict(&self) -> Done {
        let queue = self.client.queue()?;
        let verdict = self.client.get("/verdict", &[])?;
        let sent = self.sent_in_a_day()?;
        let (waits, failed) = (
            waiting(&queue["Counts"]),
            number(&queue["Counts"], "Failure"),
        );
        let well = list(&verdict).is_empty();
        let mut all = json!({ "Verdict": verdict, "Waiting": waits, "Failed": failed });
        if let Some(sent) = sent {
            all["SentIn24Hours"] = sent.into();
        }
        if self.raw(&all) {
            return Ok(code(well));
        }
        if well {
            say!("all is well");
        }
        for one in list(&verdict) {
            let severity = field(one, "Severity").to_lowercase();
            say!("{severity}: {}", field(one, "Sentence"));
            let advice = field(one, "Advice");
            if !advice.is_empty() {
                say!("    {advice}");
            }
        }
        let sent = sent.map_or_else(String::new, |sent| format!("{sent} sent in 24 h, "));
        say!("{waits} waiting, {sent}{failed} failed");
        Ok(code(well))
    }

    /// `None`: a plugin of an older version does not tell.
    fn sent_in_a_day(&self) -> Result<Option<u64>, ClientError> {
        let history = match self.client.get("/history", &[("hours", "24".to_owned())]) {
            Err(ClientError::BadInput(_)) => return Ok(None),
            history => history?,
        };
        let hours = list(&history)
            .iter()
            .flat_map(|one| list(&one["Instances"]));
        Ok(Some(hours.filter_map(Value::as_u64).sum()))
    }
}
