//! From Orthanc to the queue.
//!
//! ```text
//!   OnStoredInstance ─ notices ─┐ (wakes)
//!                               ▼
//!   Orthanc's /changes ─► reconcile ─► facts ─► routing ─► enlist ─► store.enqueue (items + cursor)
//! ```

pub mod changes;
pub mod enlist;
pub mod facts;
pub mod notices;
pub mod progress;
pub mod recent;
pub mod reconcile;
pub mod timing;
