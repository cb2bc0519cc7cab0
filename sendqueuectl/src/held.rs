//! Destinations to which nothing goes now, and why.

use serde_json::{Map, Value, json};

use crate::show::{field, plain};
use crate::times::Times;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub destination: String,
    pub state: String,
    /// Since when, or until when, as a person reads it; empty where that is not known.
    when: String,
}

impl Held {
    /// `None`: something goes there.
    pub fn of(destination: &Value, times: &Times) -> Option<Held> {
        let state = field(destination, "State");
        let when = match state.as_str() {
            "Paused" => "PausedSince",
            "Unreachable" => "UnreachableSince",
            "OutsideWindow" => "NextWindow",
            _ => "",
        };
        (state != "Ready").then(|| Held {
            // As it is: requests are made of it too.
            destination: destination["Name"].as_str().unwrap_or_default().to_owned(),
            when: times.short(destination, when),
            state,
        })
    }

    pub fn words(&self) -> String {
        let name = plain(&self.destination);
        let when = |word: &str| match self.when.as_str() {
            "" => String::new(),
            when => format!(" {word} {when}"),
        };
        match self.state.as_str() {
            "Paused" => format!(
                "{name} is paused{}: nothing is sent before it is resumed",
                when("since")
            ),
            "Unreachable" => format!(
                "{name} cannot be reached{}: what goes there waits until it answers again",
                when("since")
            ),
            "OutsideWindow" => format!(
                "{name} is outside its time windows: nothing is sent before one opens{}",
                when("at")
            ),
            "NotConfigured" => {
                format!("{name} is not among Orthanc's modalities: nothing is sent to it")
            }
            state => format!("{name} is {state}"),
        }
    }

    /// The filter of an operation, of this destination alone; `None`: it asks for another one.
    pub fn narrowed(&self, filter: &Map<String, Value>) -> Option<Value> {
        let asked = filter.get("Destination").and_then(Value::as_str);
        if asked.is_some_and(|name| name != self.destination) {
            return None;
        }
        let mut filter = filter.clone();
        // Everything, but of this one.
        filter.remove("All");
        filter.insert("Destination".to_owned(), json!(self.destination));
        filter.insert("DryRun".to_owned(), true.into());
        Some(Value::Object(filter))
    }
}
