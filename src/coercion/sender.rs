//! How an instance came to Orthanc, asked for once and only if a recipe needs it.

use std::cell::OnceCell;
use std::sync::Arc;

use orthanc_sdk::Client;
use serde_json::Value;

use super::NotChanged;
use crate::config::settings::Source;
use crate::item::Item;
use crate::routing::{Arrival, is_from};
use crate::transport::missing;

/// Who knows how an instance came.
pub trait Sender {
    fn arrival(&self, item: &Item) -> Result<Arrival, NotChanged>;
}

/// By Orthanc's metadata: one call.
impl Sender for Client {
    fn arrival(&self, item: &Item) -> Result<Arrival, NotChanged> {
        let uri = format!("/instances/{}/metadata?expand", item.ids.instance);
        let not_now = |why: String| {
            NotChanged::NotNow(format!(
                "Orthanc does not tell how the instance came: {why}"
            ))
        };
        let answer = match self.get(&uri) {
            Ok(answer) if answer.is_success() => answer,
            failed => {
                if missing::is_gone(*self, &item.ids.instance).unwrap_or(false) {
                    return Err(NotChanged::Outcome(missing::outcome()));
                }
                return Err(not_now(match failed {
                    Ok(answer) => format!("HTTP status {}", answer.status),
                    Err(error) => error.to_string(),
                }));
            }
        };
        let answer: Value =
            serde_json::from_slice(&answer.body).map_err(|error| not_now(error.to_string()))?;
        let text = |key: &str| {
            let text = answer.get(key).and_then(Value::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        Ok(Arrival {
            ids: item.ids.clone(),
            size_bytes: item.size_bytes,
            remote_aet: text("RemoteAET"),
            called_aet: text("CalledAET"),
            remote_ip: text("RemoteIP"),
            origin: text("Origin"),
            anonymized: text("AnonymizedFrom").is_some(),
            modified: text("ModifiedFrom").is_some(),
        })
    }
}

/// The instance that is changed, beside its bytes.
pub struct About<'a> {
    pub item: &'a Item,
    /// `Sources`.
    pub sources: &'a [Arc<Source>],
    sender: &'a dyn Sender,
    arrival: OnceCell<Arrival>,
}

impl<'a> About<'a> {
    pub fn new(item: &'a Item, sources: &'a [Arc<Source>], sender: &'a dyn Sender) -> About<'a> {
        About {
            item,
            sources,
            sender,
            arrival: OnceCell::new(),
        }
    }

    pub fn arrival(&self) -> Result<&Arrival, NotChanged> {
        if let Some(arrival) = self.arrival.get() {
            return Ok(arrival);
        }
        let arrival = self.sender.arrival(self.item)?;
        Ok(self.arrival.get_or_init(|| arrival))
    }

    /// The one entry of `Sources` that it comes from.
    pub fn source(&self) -> Result<String, NotChanged> {
        let arrival = self.arrival()?;
        let from = self.sources.iter().filter(|one| is_from(one, arrival));
        let from: Vec<&str> = from.map(|one| one.name.as_str()).collect();
        match from.as_slice() {
            [name] => Ok((*name).to_owned()),
            [] => Err(unknown(
                "{Source}: the instance comes from none of the Sources",
                arrival,
            )),
            all => {
                let all = all.join(", ");
                let why =
                    format!("{{Source}}: the instance comes from several of the Sources: {all}");
                Err(unknown(&why, arrival))
            }
        }
    }

    pub fn remote_aet(&self) -> Result<String, NotChanged> {
        let known = self
            .item
            .remote_aet
            .as_deref()
            .filter(|aet| !aet.is_empty());
        if let Some(known) = known {
            return Ok(known.to_owned());
        }
        let arrival = self.arrival()?;
        arrival.remote_aet.clone().ok_or_else(|| {
            let why = "{RemoteAet}: the instance came to Orthanc without a calling AET";
            unknown(why, arrival)
        })
    }

    pub fn called_aet(&self) -> Result<String, NotChanged> {
        let arrival = self.arrival()?;
        arrival.called_aet.clone().ok_or_else(|| {
            let why = "{CalledAet}: the instance came to Orthanc without a called AET";
            unknown(why, arrival)
        })
    }
}

/// With who sent it, as far as Orthanc knows: the AET and the address, or the way it came.
fn unknown(why: &str, arrival: &Arrival) -> NotChanged {
    let known = [&arrival.remote_aet, &arrival.remote_ip];
    let mut from: Vec<&str> = known.into_iter().flatten().map(String::as_str).collect();
    if arrival.remote_aet.is_none() {
        from.extend(arrival.origin.as_deref());
    }
    NotChanged::Impossible(match from.as_slice() {
        [] => why.to_owned(),
        from => format!("{why} (from {})", from.join(", ")),
    })
}
