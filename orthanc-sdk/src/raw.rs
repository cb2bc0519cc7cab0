//! What bindgen makes of the installed header, and the numbers of services that are newer than the oldest header
//! this crate builds with. Never public: every use stands in a module that knows the rules.

#![allow(
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    dead_code,
    missing_docs
)]
#![allow(clippy::all, clippy::undocumented_unsafe_blocks)]

use std::ffi::c_char;

include!(concat!(env!("OUT_DIR"), "/bindings.rs"));

/// `SetMetricsIntegerValue`, Orthanc 1.12.1.
pub const SERVICE_SET_METRICS_INTEGER: _OrthancPluginService = 43;
/// `SetCurrentThreadName`, Orthanc 1.12.2.
pub const SERVICE_SET_THREAD_NAME: _OrthancPluginService = 44;
/// `LogMessage`, Orthanc 1.12.4.
pub const SERVICE_LOG_MESSAGE: _OrthancPluginService = 45;

/// Parameters of [`SERVICE_SET_METRICS_INTEGER`].
#[repr(C)]
pub struct SetMetricsInteger {
    pub name: *const c_char,
    pub value: i64,
    pub kind: i32,
}

/// Parameters of [`SERVICE_LOG_MESSAGE`].
#[repr(C)]
pub struct LogMessage {
    pub message: *const c_char,
    pub plugin: *const c_char,
    pub file: *const c_char,
    pub line: u32,
    pub category: i32,
    pub level: i32,
}

/// The "generic" category of Orthanc's log.
pub const LOG_CATEGORY_GENERIC: i32 = 1;
