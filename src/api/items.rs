//! `/sendqueue/items`.

use orthanc_sdk::Request;

use super::error::ApiError;
use super::input::{Body, Query, quoted};
use super::lookup::is_orthanc_id;
use super::sweep::is_elsewhere;
use super::types::{self, ItemDetailed, ItemsQuery, Nothing, RedirectTo};
use super::{Answer, Api, ok};
use crate::item::{Item, State};
use crate::store::{Filter, Level, Moved};

impl Api {
    pub fn items(&self, request: &Request) -> Answer {
        let query = Query::of::<ItemsQuery>(request)?;
        self.list(&self.items_filter(&query)?, &query)
    }

    /// What lists of items and of studies have in common.
    pub(super) fn items_filter(&self, query: &Query) -> Result<Filter, ApiError> {
        let instance = query
            .text("instance")
            .map(|text| self.identifier("instance", Level::Instance, text))
            .transpose()?;
        let filter = Filter {
            states: query.states()?,
            instance,
            ..self.list_filter(query)?
        };
        let study = match (&filter.study, &filter.instance) {
            // The study's part of the queue is searched, not all of it.
            (None, Some(instance)) => self.study_of_instance(instance),
            (study, _) => study.clone(),
        };
        Ok(Filter { study, ..filter })
    }

    /// What lists of items and the error queue have in common.
    pub(super) fn list_filter(&self, query: &Query) -> Result<Filter, ApiError> {
        let now = self.clock.now();
        let ago = |seconds: Option<u64>| seconds.map(|seconds| now.plus_seconds(-(seconds as f64)));
        let study = query
            .text("study")
            .map(|text| self.identifier("study", Level::Study, text))
            .transpose()?;
        Ok(Filter {
            destination: query.text("destination"),
            study,
            class: query.class()?,
            status: query.status()?,
            confirmation: query.confirmation()?,
            created_before: ago(query.seconds("older-than")?),
            created_after: ago(query.seconds("newer-than")?),
            ..Filter::default()
        })
    }

    /// The page of items that a query asks for.
    pub(super) fn list(&self, filter: &Filter, query: &Query) -> Answer {
        let items = self.store.items(filter, query.page()?)?;
        let list: Vec<types::Item> = items.iter().map(types::Item::from).collect();
        ok(&list)
    }

    pub fn item(&self, request: &Request, id: i64) -> Answer {
        Query::none(request)?;
        let (item, attempts) = self.store.item(id)?.ok_or_else(|| no_item(id))?;
        ok(&ItemDetailed::new(&item, &attempts))
    }

    pub fn remove(&self, id: i64) -> Answer {
        match self.store.remove(id)? {
            Moved::Done(_) => ok(&types::Removed {}),
            Moved::Refused(state) => Err(refused(id, "removed", state)),
            Moved::Unknown => Err(no_item(id)),
        }
    }

    pub fn replay(&self, request: &Request, id: i64) -> Answer {
        Body::of::<Nothing>(request)?;
        let expires = self.expiry(&self.known_item(id)?.destination);
        self.moved(id, "replayed", self.store.replay(id, expires)?)
    }

    pub fn cancel(&self, request: &Request, id: i64) -> Answer {
        let now = self.clock.now();
        Body::of::<Nothing>(request)?;
        let item = self.known_item(id)?;
        let moved = self.store.cancel(id, now)?;
        if let (State::Running, Some(lane)) = (item.state, self.lanes.get(&item.destination)) {
            lane.recall();
        }
        self.moved(id, "cancelled", moved)
    }

    pub fn send_now(&self, request: &Request, id: i64) -> Answer {
        Body::of::<Nothing>(request)?;
        self.known_item(id)?;
        let moved = self.store.send_now(id)?;
        let item = self.moved_item(id, "sent now", moved)?;
        let destination = self.store.destination(&item.item.destination)?;
        ok(&types::ItemSentNow {
            paused: destination.is_some_and(|record| record.paused_since.is_some()),
            item,
        })
    }

    pub fn redirect(&self, request: &Request, id: i64) -> Answer {
        let body = Body::of::<RedirectTo>(request)?;
        let item = self.known_item(id)?;
        let to = self.redirect_target(&body)?;
        is_elsewhere(&to, &item.destination)?;
        let expires = self.expiry(&to);
        self.moved(id, "redirected", self.store.redirect(id, &to, expires)?)
    }

    pub(super) fn known_item(&self, id: i64) -> Result<Item, ApiError> {
        let (item, _) = self.store.item(id)?.ok_or_else(|| no_item(id))?;
        Ok(item)
    }

    /// The item as it is now; `done` says what could not be done with it.
    fn moved(&self, id: i64, done: &str, moved: Moved) -> Answer {
        ok(&self.moved_item(id, done, moved)?)
    }

    fn moved_item(&self, id: i64, done: &str, moved: Moved) -> Result<ItemDetailed, ApiError> {
        match moved {
            Moved::Done(item) => {
                self.notifier.ready(&item.destination);
                let (item, attempts) = self.store.item(id)?.ok_or_else(|| no_item(id))?;
                Ok(ItemDetailed::new(&item, &attempts))
            }
            Moved::Refused(state) => Err(refused(id, done, state)),
            Moved::Unknown => Err(no_item(id)),
        }
    }

    /// The field `To`, which must be a modality of Orthanc.
    pub(super) fn redirect_target(&self, body: &Body) -> Result<String, ApiError> {
        let to = body
            .text("To")?
            .ok_or_else(|| ApiError::field("To", "nothing", "the name of a destination"))?;
        if !self.is_configured(&to)? {
            return Err(unknown_destination(&to));
        }
        Ok(to)
    }

    /// The study of an instance, if Orthanc still has it.
    fn study_of_instance(&self, instance: &str) -> Option<String> {
        if !is_orthanc_id(instance) {
            return None;
        }
        let study = self
            .client
            .get_json(&format!("/instances/{instance}/study"))
            .ok()?;
        Some(study.get("ID")?.as_str()?.to_owned())
    }
}

fn no_item(id: i64) -> ApiError {
    ApiError::not_found(format!("no item {id}"))
}

pub(super) fn unknown_destination(name: &str) -> ApiError {
    ApiError::not_found(format!(
        "no destination {}: Orthanc has no modality of this name",
        quoted(name)
    ))
}

fn refused(id: i64, done: &str, state: State) -> ApiError {
    ApiError::conflict(format!("item {id} cannot be {done} while it is {state}"))
}
