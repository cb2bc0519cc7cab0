//! The words of the send queue, for the plugin and for its command line alike.
//!
//! - [`item`]: states and their moves, outcome classes, what follows from them. No I/O; imports nothing of ours.
//! - [`config`]: the section `SendQueue` of Orthanc's configuration, validated whole.
//!
//! Invariant: nothing here needs Orthanc, its SDK or a database, so that what reads a configuration builds without
//! them.
#![forbid(unsafe_code)]

pub mod config;
pub mod item;
