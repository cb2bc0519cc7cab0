//! The HTTP client: other systems made of a closure.

use std::ffi::c_void;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::output::{bytes, text};
use super::services::{HostState, OUT_OF_RANGE, shielded};
use super::{FakeHost, memory};
use crate::http::Method;
use crate::raw;

/// What a plugin calls another system with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingCall {
    /// The HTTP method.
    pub method: Method,
    /// The URL.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Seconds.
    pub timeout: u32,
}

pub(super) type Network = dyn Fn(&OutgoingCall) -> Result<(u16, Vec<u8>), i32> + Send + Sync;

/// What Orthanc makes of a status that is not 2xx (`ErrorCode_NetworkProtocol`; some have codes of their own).
const NETWORK_PROTOCOL: i32 = 9;

impl FakeHost {
    /// All other systems: gets a call; answers a status and a body, or Orthanc's error code. Without it nobody answers
    /// (error 9). It may be called by many threads at once and may block.
    pub fn on_http<F>(&self, network: F)
    where
        F: Fn(&OutgoingCall) -> Result<(u16, Vec<u8>), i32> + Send + Sync + 'static,
    {
        *self.state().network.lock() = Arc::new(network);
    }
}

/// # Safety
/// The parameters of `CallHttpClient2`.
pub(super) unsafe fn call(state: &HostState, params: *const c_void) -> Result<(), i32> {
    // SAFETY: as the caller promises.
    unsafe {
        let p = &*params.cast::<raw::_OrthancPluginCallHttpClient2>();
        let method = Method::from_raw(p.method).ok_or(OUT_OF_RANGE)?;
        let headers = (0..p.headersCount as usize)
            .map(|at| (text(*p.headersKeys.add(at)), text(*p.headersValues.add(at))))
            .collect();
        let call = OutgoingCall {
            method,
            url: text(p.url),
            headers,
            body: match method {
                Method::Post | Method::Put => bytes(p.body.cast(), p.bodySize).to_vec(),
                Method::Get | Method::Delete => Vec::new(),
            },
            timeout: p.timeout,
        };
        let network = Arc::clone(&state.network.lock());
        let (status, body) = shielded(|| network(&call))?;
        *p.httpStatus = status;
        if !(200..300).contains(&status) {
            // As Orthanc 1.10.1: what is in the output parameters then is nobody's.
            (*p.answerBody).data = memory::NOBODYS;
            return Err(NETWORK_PROTOCOL);
        }
        let mut names = Map::new();
        names.insert(
            "Content-Length".to_owned(),
            Value::from(body.len().to_string()),
        );
        memory::fill(p.answerHeaders, Value::Object(names).to_string().as_bytes());
        if method != Method::Delete {
            memory::fill(p.answerBody, &body);
        }
    }
    Ok(())
}
