//! Which HTTP requests Orthanc answers at all.
//!
//! Invariant: for a request that passes, one read lock, one `Arc` clone and what the closure looks at; nothing is
//! copied.

use std::borrow::Cow;
use std::ffi::{CStr, c_char};
use std::marker::PhantomData;
use std::sync::Arc;

use crate::callbacks::{self, Registry};
use crate::error::CallError;
use crate::host::Host;
use crate::http::Method;
use crate::{guard, raw};

pub(crate) type FilterHandler = Arc<dyn Fn(&IncomingRequest<'_>) -> bool + Send + Sync>;

pub(crate) static FILTERS: Registry<FilterHandler> = Registry::new(None);

/// An HTTP request as it came, before Orthanc has read its body.
///
/// What a route is called with may differ: of a form (`multipart/form-data`) Orthanc hands each part to the route as a
/// request of its own, with the headers of the part.
#[derive(Debug)]
pub struct IncomingRequest<'a> {
    method: Option<Method>,
    uri: *const c_char,
    count: usize,
    keys: *const *const c_char,
    values: *const *const c_char,
    life: PhantomData<&'a c_char>,
}

impl IncomingRequest<'_> {
    /// `None` for a method that is none of [`Method`].
    pub fn method(&self) -> Option<Method> {
        self.method
    }

    /// The path, decoded, without the query.
    pub fn uri(&self) -> Cow<'_, str> {
        // SAFETY: a C string that lives as long as this value, or null.
        unsafe { text(self.uri) }
    }

    /// The header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        if self.keys.is_null() || self.values.is_null() {
            return None;
        }
        (0..self.count).find_map(|at| {
            // SAFETY: both arrays hold `count` C strings or nulls, which live as long as this value.
            let key = unsafe { text(*self.keys.add(at)) };
            // SAFETY: as above.
            key.eq_ignore_ascii_case(name)
                .then(|| unsafe { text(*self.values.add(at)) })
        })
    }
}

/// # Safety
/// `text` must be null or a C string that is not changed during `'a`.
unsafe fn text<'a>(text: *const c_char) -> Cow<'a, str> {
    if text.is_null() {
        return Cow::Borrowed("");
    }
    // SAFETY: as the caller promises.
    unsafe { CStr::from_ptr(text) }.to_string_lossy()
}

pub(crate) fn register(host: Host, handler: FilterHandler) -> Result<(), CallError> {
    callbacks::add(&FILTERS, host, handler, |host| {
        let lease = host.lease()?;
        let params = raw::_OrthancPluginIncomingHttpRequestFilter2 {
            callback: Some(trampoline),
        };
        // SAFETY: the parameters are those of the service; the callback is a static function.
        unsafe {
            lease.invoke(
                raw::_OrthancPluginService_RegisterIncomingHttpRequestFilter2,
                &raw const params,
            )
        }
        .map_err(|code| lease.refused(code))
    })
}

unsafe extern "C" fn trampoline(
    method: raw::OrthancPluginHttpMethod,
    uri: *const c_char,
    _ip: *const c_char,
    count: u32,
    keys: *const *const c_char,
    values: *const *const c_char,
    _arguments: u32,
    _argument_keys: *const *const c_char,
    _argument_values: *const *const c_char,
) -> i32 {
    let passes = guard::catch("HTTP filter", || {
        let Some(list) = callbacks::handlers(&FILTERS) else {
            return true;
        };
        let request = IncomingRequest {
            method: Method::from_raw(method),
            uri,
            count: count as usize,
            keys,
            values,
            life: PhantomData,
        };
        list.iter().all(|handler| handler(&request))
    });
    // Anything but 0 and 1 is an error of Orthanc.
    i32::from(passes.unwrap_or(false))
}
