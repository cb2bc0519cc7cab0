//! The configuration: Orthanc's JSON → `raw` → `validate` → [`settings`].
//!
//! Invariants:
//! - [`Settings`](settings::Settings) cannot be invalid: only [`load`] makes them, and only from a
//!   configuration without a single mistake.
//! - All mistakes are told at once, before a thread starts.
//! - No I/O but for [`base_directory`] and [`files`], which look at the file system.

mod alerts;
mod altering;
pub mod coercion;
pub mod compress;
mod condition_remarks;
mod conditions;
pub mod confirm;
mod current;
pub mod deidentify;
mod destination;
pub mod events;
pub mod files;
mod host;
mod in_force;
mod mistake;
mod names;
mod raw;
pub mod remark;
pub mod retention;
mod rule_in_force;
mod rule_remarks;
pub mod settings;
mod silent;
mod sum;
mod validate;
mod vocabulary;
mod webhook;
mod window;

#[cfg(test)]
mod tests;

pub use current::Current;
pub use host::base_directory;
pub use in_force::{InForce, RetryInForce, in_force};
pub use mistake::{Mistake, Mistakes, counted, member};
pub use rule_in_force::{RuleInForce, rule_in_force};
pub use validate::load;
pub use vocabulary::ORIGINS;
