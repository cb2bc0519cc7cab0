//! Outputs: how the instances that are changed on their way look to Orthanc should they come back.
//!
//! Invariants:
//! - An output is remembered before it is sent; that its study has outputs is on the disk by then (one sync for each
//!   study, none for each instance).
//! - It is remembered for ever, longer than items are: a receiver may send a study back years later.
//! - What is no output costs nothing while none was remembered, and one look into an index afterwards.

use super::Result;
use crate::item::Timestamp;

/// For what changes instances on their way, and for arrival.
pub trait Outputs: Send + Sync {
    /// An instance of `study` is about to be sent so that a receiver that sends it back makes it one of `sent_study`
    /// (both Orthanc's identifiers). `renamed`: the SOP Instance UID that it has then, where it is not its own. Nothing
    /// is to be remembered of what keeps both.
    fn remember_output(
        &self,
        sent_study: &str,
        study: &str,
        renamed: Option<&str>,
        now: Timestamp,
    ) -> Result<()>;
    /// Which of these instances (Orthanc's identifier of the study, SOP Instance UID) are outputs that came back.
    fn own_outputs(&self, arrivals: &[(&str, &str)]) -> Result<Vec<bool>>;
}
