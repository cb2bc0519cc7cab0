//! A safe Rust wrapper of the Orthanc plugin SDK.
//!
//! # Invariants
//!
//! - **No panic crosses into Orthanc.** Every `extern "C"` function goes through [`guard`]; a panic becomes an error
//!   code and one line in Orthanc's log. Plugins must be built with `panic = "unwind"`.
//! - **No call reaches Orthanc outside its life.** [`Host`] is a number, not a pointer: once `finalize` is over, or
//!   after a reload (`/tools/reset`), an old `Host` answers [`CallError::HostGone`] and does nothing else. Closing
//!   waits for calls in flight, at most [`CLOSE_TIMEOUT`].
//! - **What Orthanc allocates is freed by Orthanc**, by values with a destructor, also when an error is returned early.
//!   The one exception is a [`TranscodedFile`] that is dropped after `finalize`: it is leaked.
//! - **All globals survive a reload.** Orthanc may finalize and initialize a plugin again in the same process, with or
//!   without unloading the library; everything that was registered is dropped in between.
//! - **Text is data.** Log messages are escaped, HTTP headers stripped of control characters, and strings with an
//!   interior NUL refused, so that text from DICOM files and peers forges neither log lines nor headers.
//! - **This crate is where `unsafe` lives**; a plugin built on it can say `#![forbid(unsafe_code)]`.
//!
//! One library built with the header of Orthanc 1.10.1 runs in 1.10.1, 1.12.7 and 1.13.0: the services and layouts used
//! are the same. Newer services (thread names, integer metrics, log messages with an origin) are used by the version
//! of the running Orthanc.
//!
//! # A plugin
//!
//! ```
//! use orthanc_sdk::{Host, Plugin, Response};
//!
//! struct Hello;
//!
//! impl Plugin for Hello {
//!     const NAME: &'static str = "hello";
//!     const VERSION: &'static str = "1.0";
//!     const DESCRIPTION: &'static str = "Says hello";
//!     const MINIMUM_HOST: (u32, u32, u32) = (1, 10, 1);
//!
//!     fn initialize(host: Host) -> Result<Self, String> {
//!         host.register_rest("/hello", |_request| Response::text(200, "hello"))
//!             .map_err(|error| error.to_string())?;
//!         Ok(Hello)
//!     }
//!
//!     fn finalize(self) {}
//! }
//!
//! orthanc_sdk::export_plugin!(Hello);
//! ```
//!
//! # What a foreign exception does
//!
//! Orthanc turns its own exceptions into error codes. A C++ exception of another kind, thrown inside a service, would
//! end the process, as it does for a plugin's own thread in C++.

#![deny(unsafe_op_in_unsafe_fn)]
#![deny(missing_docs)]
#![warn(clippy::undocumented_unsafe_blocks)]
// C enumerations are signed on some platforms and unsigned on others: a cast that does nothing here is needed there.
#![allow(clippy::unnecessary_cast)]

mod answer;
mod callbacks;
mod change;
mod client;
mod context;
mod dicom_json;
mod dictionary;
pub mod environment;
mod error;
mod explorer;
#[cfg(feature = "fake-host")]
pub mod fake_host;
mod file;
mod filter;
#[doc(hidden)]
pub mod glue;
pub mod guard;
mod host;
mod http;
mod http_client;
mod instance;
pub mod log;
mod memory;
mod metrics;
mod plugin;
mod raw;
mod rest;
pub mod sockets;
mod version;

pub use change::{Change, ChangeType, ResourceType};
pub use client::{Answer, Client};
pub use context::CLOSE_TIMEOUT;
pub use error::CallError;
pub use file::{DicomFile, TranscodedFile};
pub use filter::IncomingRequest;
pub use host::Host;
pub use http::{Method, Request, Response};
pub use http_client::{HttpReply, HttpRequest};
pub use instance::{Origin, StoredInstance};
pub use plugin::Plugin;
pub use rest::MAX_ROUTES;
pub use version::HostVersion;
