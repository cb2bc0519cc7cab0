//! Addresses of the hosts of modalities, for machines that share an AET.
//!
//! Invariant: a name is resolved at most once a minute, whatever came of it: arrivals wait for the answer.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, ToSocketAddrs};

use crate::item::Timestamp;

const KEPT_SECONDS: f64 = 60.0;

#[derive(Default)]
pub struct Addresses(RefCell<HashMap<String, (Timestamp, Vec<IpAddr>)>>);

impl Addresses {
    /// Of a name or an address; none where it cannot be resolved.
    pub fn of(&self, host: &str, now: Timestamp) -> Vec<IpAddr> {
        let bare = host.trim_matches(['[', ']']);
        if let Ok(address) = bare.parse() {
            return vec![address];
        }
        let mut known = self.0.borrow_mut();
        if let Some((since, found)) = known.get(host) {
            if *since <= now && now < since.plus_seconds(KEPT_SECONDS) {
                return found.clone();
            }
        }
        let found: Vec<IpAddr> = match (host, 0).to_socket_addrs() {
            Ok(found) => found.map(|address| address.ip()).collect(),
            Err(error) => {
                log::warn!(
                    "which of the modalities that share an AET has sent cannot be told: the host name {host:?} cannot be resolved: {error}"
                );
                Vec::new()
            }
        };
        known.insert(host.to_owned(), (now, found.clone()));
        found
    }
}
