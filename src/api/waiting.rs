//! `/sendqueue/items/…` by filter: what a person does to what waits.

use orthanc_sdk::Request;

use super::error::ApiError;
use super::input::Body;
use super::sweep::{Swept, before, narrowed};
use super::types::{
    CancelledItems, PrioritizedItems, PriorityFilter, RedirectedItems, RemovedItems, SentItems,
    WaitingFilter, WaitingRedirect,
};
use super::{Answer, Api, ok};
use crate::item::{Priority, State};
use crate::store::{Among, Filter, Level, Operation, Page};

const WAITING: [State; 3] = [State::Scheduled, State::Pending, State::Retry];

/// The fields that narrow an operation down.
const NARROW: [&str; 7] = [
    "IDs",
    "Destination",
    "Study",
    "State",
    "Rule",
    "OlderThanSeconds",
    "MadeBefore",
];

impl Api {
    pub fn cancel_items(&self, request: &Request) -> Answer {
        let body = Body::of::<WaitingFilter>(request)?;
        ok(&CancelledItems::from(
            self.of_waiting(&Operation::Cancel, &body)?,
        ))
    }

    pub fn remove_items(&self, request: &Request) -> Answer {
        let body = Body::of::<WaitingFilter>(request)?;
        ok(&RemovedItems::from(
            self.of_waiting(&Operation::Remove, &body)?,
        ))
    }

    pub fn redirect_items(&self, request: &Request) -> Answer {
        let body = Body::of::<WaitingRedirect>(request)?;
        let to = self.redirect_target(&body)?;
        ok(&RedirectedItems::from(
            self.of_waiting(&Operation::Redirect { to }, &body)?,
        ))
    }

    pub fn prioritize_items(&self, request: &Request) -> Answer {
        let body = Body::of::<PriorityFilter>(request)?;
        let priority = body.priority("Priority")?.ok_or_else(|| {
            let allowed = Priority::ALL.map(Priority::as_str).join(", ");
            ApiError::field("Priority", "nothing", &allowed)
        })?;
        let operation = Operation::Prioritize(priority);
        ok(&PrioritizedItems::from(self.of_waiting(&operation, &body)?))
    }

    pub fn send_items_now(&self, request: &Request) -> Answer {
        let body = Body::of::<WaitingFilter>(request)?;
        // What is sent now no longer waits for what the filter may say.
        let paused = self.paused(&self.waiting_filter(&body)?)?;
        let Swept {
            done,
            running,
            dry_run,
        } = self.of_waiting(&Operation::SendNow, &body)?;
        ok(&SentItems {
            sent: done,
            running,
            paused,
            dry_run,
        })
    }

    fn of_waiting(&self, operation: &Operation, body: &Body) -> Result<Swept, ApiError> {
        let filter = self.waiting_filter(body)?;
        self.sweep(Among::Waiting, operation, &filter, body)
    }

    fn waiting_filter(&self, body: &Body) -> Result<Filter, ApiError> {
        let study = body
            .text("Study")?
            .map(|text| self.identifier("Study", Level::Study, text))
            .transpose()?;
        let filter = Filter {
            ids: body.ids("IDs")?,
            destination: body.text("Destination")?,
            study,
            states: body.states("State", &WAITING)?,
            rule: body.text("Rule")?,
            created_before: before(body, "MadeBefore", self.clock.now())?,
            ..Filter::default()
        };
        narrowed(filter, body, &NARROW)
    }

    /// The destinations of which something that fits waits until a person resumes them.
    fn paused(&self, filter: &Filter) -> Result<Vec<String>, ApiError> {
        let mut paused = Vec::new();
        for record in self.store.destinations()? {
            let asked = filter.destination.as_ref();
            if record.paused_since.is_none() || asked.is_some_and(|asked| *asked != record.name) {
                continue;
            }
            let filter = Filter {
                destination: Some(record.name.clone()),
                states: filter.states.or(Some(WAITING.into_iter().collect())),
                ..filter.clone()
            };
            if !self.store.items(&filter, Page::after(0, 1))?.is_empty() {
                paused.push(record.name);
            }
        }
        Ok(paused)
    }
}
