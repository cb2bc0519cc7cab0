//! From Orthanc to the queue.
//!
//! ```text
//!   OnStoredInstance ─ notices ─┐ (wakes)
//!                               ▼
//!   Orthanc's /changes ─► reconcile ─► facts ─► routing ─► enlist ─► store.enqueue (items + cursor)
//!                            │    ▲
//!       late, begin, unlogged, sweep: what the log does not tell, or not in its order
//!       whole: what came earlier, of a study that a rule takes whole
//! ```

mod addresses;
mod again;
mod announce;
pub mod arrivals;
pub mod ask;
mod begin;
pub mod changes;
mod describe;
pub mod enlist;
mod enter;
pub mod facts;
mod gaps;
mod heard;
mod late;
pub mod notices;
pub mod own;
mod place;
pub mod progress;
pub mod recent;
pub mod reconcile;
pub mod rule_figures;
mod sweep;
mod tags;
pub mod timing;
mod unlogged;
mod whole;

#[cfg(test)]
mod tests;
