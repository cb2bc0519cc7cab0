//! REST routes: which closure belongs to which C callback.
//!
//! Orthanc hands a C callback the URI, but not the pattern that matched. So each route gets a C function of its own,
//! out of a fixed number made by the compiler: function N looks up closure N.

use std::ffi::c_char;
use std::sync::Arc;

use crate::context::c_string;
use crate::error::CallError;
use crate::host::Host;
use crate::http::{Request, Response};
use crate::{answer, context, guard, raw};
use parking_lot::RwLock;

/// How many routes a plugin can register.
pub const MAX_ROUTES: usize = 64;

pub(crate) type RestHandler = Box<dyn Fn(&Request) -> Response + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Route {
    pattern: Arc<str>,
    handler: Arc<RestHandler>,
}

static ROUTES: RwLock<Vec<Route>> = RwLock::new(Vec::new());

type Trampoline = unsafe extern "C" fn(
    *mut raw::OrthancPluginRestOutput,
    *const c_char,
    *const raw::OrthancPluginHttpRequest,
) -> raw::OrthancPluginErrorCode;

/// Tables of trampolines: 8 × 8.
const fn eight<const N: usize>() -> [Trampoline; 8] {
    [
        trampoline::<N, 0>,
        trampoline::<N, 1>,
        trampoline::<N, 2>,
        trampoline::<N, 3>,
        trampoline::<N, 4>,
        trampoline::<N, 5>,
        trampoline::<N, 6>,
        trampoline::<N, 7>,
    ]
}

static TRAMPOLINES: [[Trampoline; 8]; MAX_ROUTES / 8] = [
    eight::<0>(),
    eight::<1>(),
    eight::<2>(),
    eight::<3>(),
    eight::<4>(),
    eight::<5>(),
    eight::<6>(),
    eight::<7>(),
];

pub(crate) fn register(host: Host, pattern: &str, handler: RestHandler) -> Result<(), CallError> {
    let lease = host.lease()?;
    let text = c_string("the route's pattern", pattern)?;
    let mut routes = ROUTES.write();
    let slot = routes.len();
    let Some(&callback) = TRAMPOLINES.get(slot / 8).and_then(|row| row.get(slot % 8)) else {
        return Err(CallError::TooManyRoutes { limit: MAX_ROUTES });
    };
    let params = raw::_OrthancPluginRestCallback {
        pathRegularExpression: text.as_ptr(),
        callback: Some(callback),
    };
    // SAFETY: the parameters are those of the service; Orthanc copies the pattern, the callback is a static function.
    unsafe {
        lease.invoke(
            raw::_OrthancPluginService_RegisterRestCallbackNoLock,
            &raw const params,
        )
    }
    .map_err(|code| lease.refused(code))?;
    routes.push(Route {
        pattern: pattern.into(),
        handler: Arc::new(handler),
    });
    Ok(())
}

/// Forgets all routes; the caller drops them.
pub(crate) fn take_all() -> Vec<Route> {
    std::mem::take(&mut *ROUTES.write())
}

unsafe extern "C" fn trampoline<const ROW: usize, const COLUMN: usize>(
    output: *mut raw::OrthancPluginRestOutput,
    uri: *const c_char,
    request: *const raw::OrthancPluginHttpRequest,
) -> raw::OrthancPluginErrorCode {
    // SAFETY: passed on as they came from Orthanc.
    let code = guard::code("REST callback", || unsafe {
        serve(ROW * 8 + COLUMN, output, uri, request)
    });
    code as raw::OrthancPluginErrorCode
}

/// # Safety
/// The pointers must be null or what Orthanc hands to a REST callback, valid during the call.
unsafe fn serve(
    slot: usize,
    output: *mut raw::OrthancPluginRestOutput,
    uri: *const c_char,
    request: *const raw::OrthancPluginHttpRequest,
) -> i32 {
    let route = ROUTES.read().get(slot).cloned();
    let (Some(route), Some(host)) = (route, context::current()) else {
        return raw::OrthancPluginErrorCode_UnknownResource as i32;
    };
    if output.is_null() || request.is_null() {
        return raw::OrthancPluginErrorCode_NullPointer as i32;
    }
    // SAFETY: not null, and valid as the caller promises.
    let Some(request) = (unsafe { Request::from_raw(uri, request) }) else {
        return raw::OrthancPluginErrorCode_ParameterOutOfRange as i32;
    };
    let name = format!("REST callback {}", route.pattern);
    let Ok(response) = guard::catch(&name, || (route.handler)(&request)) else {
        return raw::OrthancPluginErrorCode_InternalError as i32;
    };
    // SAFETY: Orthanc's output lives during the callback, and is answered only here.
    match unsafe { answer::send(host, output, &response) } {
        Ok(()) => 0,
        Err(CallError::Code { code, .. }) => code,
        Err(_) => raw::OrthancPluginErrorCode_InternalError as i32,
    }
}
