//! `Coercions` and `Serials`: how what is sent differs from what is stored.
//!
//! Invariants:
//! - A recipe that is valid can be evaluated: its tags, filters, serials and sources are known, what it writes may fit
//!   where it is written, and it leaves alone what says which instance it is.
//! - Two recipes are the same if the same is written, there and in all that they refer to: so a reload sees a change.

mod fits;
mod kept;
mod parse;
mod read;
mod recipe;
mod remarks;
mod serial;
mod template;

pub(super) use parse::Words;
pub(super) use read::{RecipeReader, Recipes, STEP_KEYS};
pub use recipe::{Edit, If, Recipe, Removal, Serial, Step, Target};
pub(super) use remarks::{leftovers, names_source};
pub(super) use serial::{Serials, serials};
pub use template::{Filter, From, Part, Template};
