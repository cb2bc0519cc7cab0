//! `Coercions` and `Serials`: how what is sent differs from what is stored.
//!
//! Invariants:
//! - Two recipes are the same if the same is written, there and in all that they refer to: so a reload sees a change.

mod recipe;

pub use recipe::{If, Recipe, Serial, Step};
