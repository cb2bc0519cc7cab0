//! What the tests, benches and demos of the send queue share: real Orthancs, DICOM receivers that misbehave on
//! request, studies made up on the spot, and DCMTK's tools.
//!
//! Invariants of everything here:
//! - Nothing sleeps a fixed time: callers wait for a condition, with a generous deadline.
//! - What was started is killed when its value is dropped, also in a test that panics.
//! - Ports are free ones, leased to this process until it ends ([`net::free_port`]); folders are temporary.

#![forbid(unsafe_code)]

pub mod archive;
pub mod browser;
pub mod certificates;
pub mod dcmtk;
pub mod dicom;
pub mod disk;
pub mod net;
pub mod orthanc;
pub mod plugin;
pub mod power;
pub mod proc;
pub mod queue;
pub mod receiver;
pub mod scp;
pub mod sender;
pub mod wait;
pub mod webhook;

pub use archive::{Archive, QueryScp};
pub use browser::Browser;
pub use certificates::Certificates;
pub use dicom::{Instance, Kind, Study};
pub use disk::SmallDisk;
pub use net::free_port;
pub use orthanc::{Orthanc, OrthancConfig, OrthancVersion};
pub use plugin::plugin_path;
pub use power::PowerCut;
pub use queue::Queue;
pub use receiver::{ClientCertificate, Receiver, ReceiverKind, ReceiverOptions};
pub use scp::{Association, FaultScp, Respond, StoreRequest};
pub use wait::{poll, wait_until};
pub use webhook::Webhook;
