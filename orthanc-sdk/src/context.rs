//! The one place that knows Orthanc's context pointer.
//!
//! # Invariants
//!
//! - The pointer is handed out only inside a [`Lease`]. A lease first counts itself, then looks at the pointer;
//!   closing first clears the pointer, then looks at the count. Both with sequential consistency, so either the lease
//!   sees the cleared pointer, or closing sees the lease and waits.
//! - The generation is stored before the pointer, so a lease that sees a new pointer also sees its generation.

use std::ffi::{CStr, CString, c_void};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

use crate::error::CallError;
use crate::host::Host;
use crate::raw;
use crate::version::HostVersion;
use parking_lot::RwLock;

/// How long the end of `finalize` waits for calls of other threads that are still inside Orthanc. A plugin whose
/// `finalize` joins its threads never waits here.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

const POLL: Duration = Duration::from_millis(1);

static CONTEXT: AtomicPtr<raw::OrthancPluginContext> = AtomicPtr::new(ptr::null_mut());
static GENERATION: AtomicU64 = AtomicU64::new(0);
static IN_FLIGHT: AtomicUsize = AtomicUsize::new(0);
static CURRENT: RwLock<Option<Host>> = RwLock::new(None);

type Plain = unsafe extern "C" fn(
    *mut raw::OrthancPluginContext,
    raw::_OrthancPluginService,
    *const c_void,
) -> raw::OrthancPluginErrorCode;
type Unwinding = unsafe extern "C-unwind" fn(
    *mut raw::OrthancPluginContext,
    raw::_OrthancPluginService,
    *const c_void,
) -> raw::OrthancPluginErrorCode;

/// Proof that Orthanc's context is valid, for as long as the value lives.
pub(crate) struct Lease {
    context: NonNull<raw::OrthancPluginContext>,
}

impl Lease {
    pub(crate) fn take(generation: u64) -> Result<Self, CallError> {
        IN_FLIGHT.fetch_add(1, SeqCst);
        let context = CONTEXT.load(SeqCst);
        match NonNull::new(context) {
            Some(context) if GENERATION.load(SeqCst) == generation => Ok(Self { context }),
            _ => {
                IN_FLIGHT.fetch_sub(1, SeqCst);
                Err(CallError::HostGone)
            }
        }
    }

    /// Calls one service of Orthanc; `Err` is Orthanc's error code.
    ///
    /// # Safety
    /// `params` must point to the parameters which the header defines for `service`, and what they point to must be
    /// valid for the duration of the call.
    pub(crate) unsafe fn invoke<T>(
        &self,
        service: raw::_OrthancPluginService,
        params: *const T,
    ) -> Result<(), i32> {
        // SAFETY: the lease keeps the context alive (see the module's invariants).
        let invoke = unsafe { (*self.context.as_ptr()).InvokeService };
        let Some(invoke) = invoke else {
            return Err(raw::OrthancPluginErrorCode_NullPointer as i32);
        };
        // SAFETY: the same function, but allowed to unwind: a C++ exception that Orthanc does not turn into a code then
        // ends the process in a defined way instead of being undefined behaviour.
        let invoke = unsafe { std::mem::transmute::<Plain, Unwinding>(invoke) };
        // SAFETY: the context is valid, and the caller vouches for the parameters.
        let code = unsafe { invoke(self.context.as_ptr(), service, params.cast::<c_void>()) };
        if code == raw::OrthancPluginErrorCode_Success {
            Ok(())
        } else {
            Err(code as i32)
        }
    }

    /// Gives back memory that Orthanc allocated.
    ///
    /// # Safety
    /// `memory` must come from a service of this context, and must not be used or freed again.
    pub(crate) unsafe fn free(&self, memory: *mut c_void) {
        // SAFETY: the caller vouches for the memory.
        unsafe { self.free_function().call(memory) };
    }

    /// Orthanc's function to free memory, for what outlives the lease.
    pub(crate) fn free_function(&self) -> Free {
        // SAFETY: the lease keeps the context alive.
        Free(unsafe { (*self.context.as_ptr()).Free })
    }

    /// Orthanc's words for one of its error codes.
    pub(crate) fn error_description(&self, code: i32) -> String {
        let mut target = ptr::null();
        let params = raw::_OrthancPluginGetErrorDescription {
            target: &mut target,
            error: code as _,
        };
        // SAFETY: the parameters are those of the service; `target` outlives the call.
        let done = unsafe {
            self.invoke(
                raw::_OrthancPluginService_GetErrorDescription,
                &raw const params,
            )
        };
        if done.is_err() || target.is_null() {
            return "unknown error code".to_owned();
        }
        // SAFETY: on success `target` is a string constant of Orthanc.
        unsafe { CStr::from_ptr(target) }
            .to_string_lossy()
            .into_owned()
    }

    /// The error for a code, described.
    pub(crate) fn refused(&self, code: i32) -> CallError {
        CallError::Code {
            code,
            description: self.error_description(code),
        }
    }
}

/// The context's `Free`: the C library's (1.10.1, 1.12.7, 1.13.0), so it is there for as long as the process.
#[derive(Clone, Copy)]
pub(crate) struct Free(Option<unsafe extern "C" fn(*mut c_void)>);

impl Free {
    /// # Safety
    /// `memory` must be null or come from a service of the context this function is of, and must not be used or freed
    /// again.
    pub(crate) unsafe fn call(self, memory: *mut c_void) {
        if let (Some(free), false) = (self.0, memory.is_null()) {
            // SAFETY: as the caller promises.
            unsafe { free(memory) };
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        IN_FLIGHT.fetch_sub(1, SeqCst);
    }
}

/// Starts a new generation. `Err` says why not.
///
/// # Safety
/// `context` must be null or a valid context that lives until [`close`] returned.
pub(crate) unsafe fn open(
    context: *mut raw::OrthancPluginContext,
    plugin: &'static str,
) -> Result<Host, String> {
    let mut current = CURRENT.write();
    if current.is_some() {
        return Err("the plugin is initialized already".to_owned());
    }
    if context.is_null() {
        return Err("Orthanc gave no context".to_owned());
    }
    // SAFETY: not null, and valid as the caller promises.
    let version = unsafe { (*context).orthancVersion };
    if version.is_null() {
        return Err("Orthanc did not give its version".to_owned());
    }
    // SAFETY: not null; a version is a C string for as long as the context lives.
    let text = unsafe { CStr::from_ptr(version) }.to_string_lossy();
    let version = HostVersion::parse(&text)
        .ok_or_else(|| format!("cannot read Orthanc's version {text:?}"))?;
    let generation = GENERATION.fetch_add(1, SeqCst) + 1;
    CONTEXT.store(context, SeqCst);
    let host = Host::new(generation, version, plugin);
    *current = Some(host);
    Ok(host)
}

/// Ends the current generation and waits for calls in flight, at most [`CLOSE_TIMEOUT`]. Closing twice is fine.
/// `false` if a call was still in flight at the end.
pub(crate) fn close() -> bool {
    *CURRENT.write() = None;
    CONTEXT.store(ptr::null_mut(), SeqCst);
    let deadline = Instant::now() + CLOSE_TIMEOUT;
    while IN_FLIGHT.load(SeqCst) != 0 {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(POLL);
    }
    true
}

/// The host of the current generation.
pub(crate) fn current() -> Option<Host> {
    *CURRENT.read()
}

/// A C string, or the error that names what holds the NUL.
pub(crate) fn c_string(what: &str, text: &str) -> Result<CString, CallError> {
    CString::new(text)
        .map_err(|_| CallError::BadArgument(format!("{what} contains a NUL character")))
}

/// A size as the SDK wants it.
pub(crate) fn size_u32(what: &str, size: usize) -> Result<u32, CallError> {
    u32::try_from(size).map_err(|_| CallError::BadArgument(format!("{what} is larger than 4 GiB")))
}
