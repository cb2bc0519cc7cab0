//! A persistent send queue for Orthanc: what arrives is queued for its destinations and sent until it is
//! acknowledged.
//!
//! ```text
//!   Orthanc ─ arrival ─► routing ─► store ◄─ dispatch ─► transport ─► destinations
//!                                     ▲          ▲
//!                                     └── api ───┘
//! ```
//!
//! - [`item`]: the words: states, outcome classes, what follows from them. [`config`]: the section `SendQueue` of
//!   Orthanc's configuration, validated whole. Both are in `words/`, a crate of its own, so that `sendqueuectl` builds
//!   without the rest.
//! - [`arrival`]: from Orthanc's `/changes` to items. [`routing`]: which rules apply.
//! - [`store`]: the durable queue. [`dispatch`]: a lane per destination. [`destinations`]: what kinds there are, and
//!   the way to each. [`transport`]: by C-STORE, by our own SCU or Orthanc's.
//! - [`coercion`]: how what is sent differs from what is stored.
//! - [`service`]: threads that are looked after. [`clock`]: the queue's own time, which advances whatever happens to
//!   the machine's clock.
//! - [`cut`]: ends what Orthanc would wait for when it stops.
//! - [`webhook`]: posts to an address of an administrator's choice.
//! - [`deliveries`]: keeps what was delivered, for years after the items are gone.
//! - [`retention`]: deletes from Orthanc what is proven elsewhere.
//! - [`events`]: tells other systems what happened.
//! - [`verdict`]: what needs a person, in one sentence each.
//! - [`alert`]: what an administrator is told by webhook.
//! - [`api`]: `/sendqueue`. [`ui`]: the operator's page on top of it. [`gauges`]: the main figures among Orthanc's own
//!   metrics. [`plugin`]: builds, starts and stops all of it.
#![forbid(unsafe_code)]
// The library's name is the file's: libOrthancSendQueue.so.
#![allow(non_snake_case)]

pub mod alert;
pub mod api;
pub mod arrival;
pub mod clock;
pub mod coercion;
pub mod cut;
pub mod deliveries;
pub mod destinations;
pub mod dispatch;
pub mod events;
mod failpoint;
pub mod gauges;
pub mod plugin;
pub mod protection;
pub mod reload;
pub mod retention;
pub mod routing;
pub mod service;
pub mod store;
pub mod transport;
pub mod ui;
pub mod verdict;
pub mod webhook;

pub use sendqueue_words::{config, item};

orthanc_sdk::export_plugin!(plugin::SendQueue);
