//! Memory that Orthanc allocated, with a destructor that gives it back.
//!
//! When a service returns an error, its output parameters are **not** ours: Orthanc 1.10.1 and 1.12.7 may have freed a
//! buffer and left its pointer in place. So a value is freed only after [`HostBuffer::accept`], [`HostString::accept`].

use std::ffi::{CStr, c_char, c_void};
use std::ptr;

use crate::context::Lease;
use crate::raw;

/// A buffer that a service fills.
pub(crate) struct HostBuffer<'l> {
    lease: &'l Lease,
    raw: raw::OrthancPluginMemoryBuffer,
    owned: bool,
}

impl<'l> HostBuffer<'l> {
    pub(crate) fn new(lease: &'l Lease) -> Self {
        Self {
            lease,
            raw: raw::OrthancPluginMemoryBuffer {
                data: ptr::null_mut(),
                size: 0,
            },
            owned: false,
        }
    }

    /// Where the service writes to.
    pub(crate) fn target(&mut self) -> *mut raw::OrthancPluginMemoryBuffer {
        &raw mut self.raw
    }

    /// The service succeeded: from here on the memory is ours to free.
    pub(crate) fn accept(&mut self) {
        self.owned = true;
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        if !self.owned || self.raw.data.is_null() || self.raw.size == 0 {
            return &[];
        }
        // SAFETY: after success Orthanc's buffer holds `size` initialized bytes, until we free it.
        unsafe { std::slice::from_raw_parts(self.raw.data.cast::<u8>(), self.raw.size as usize) }
    }

    /// The memory and its size in bytes; the caller frees it from here on. Null if nothing was accepted.
    pub(crate) fn release(mut self) -> (*mut c_void, usize) {
        if !std::mem::take(&mut self.owned) {
            return (ptr::null_mut(), 0);
        }
        (self.raw.data, self.raw.size as usize)
    }
}

impl Drop for HostBuffer<'_> {
    fn drop(&mut self) {
        if self.owned {
            // SAFETY: the buffer came from this lease's context and is freed only here.
            unsafe { self.lease.free(self.raw.data) };
        }
    }
}

/// A string that a service allocates.
pub(crate) struct HostString<'l> {
    lease: &'l Lease,
    raw: *mut c_char,
    owned: bool,
}

impl<'l> HostString<'l> {
    pub(crate) fn new(lease: &'l Lease) -> Self {
        Self {
            lease,
            raw: ptr::null_mut(),
            owned: false,
        }
    }

    /// Where the service writes to.
    pub(crate) fn target(&mut self) -> *mut *mut c_char {
        &raw mut self.raw
    }

    /// The service succeeded: from here on the memory is ours to free.
    pub(crate) fn accept(&mut self) {
        self.owned = true;
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        if !self.owned || self.raw.is_null() {
            return &[];
        }
        // SAFETY: after success this is a C string, until we free it.
        unsafe { CStr::from_ptr(self.raw) }.to_bytes()
    }
}

impl Drop for HostString<'_> {
    fn drop(&mut self) {
        if self.owned {
            // SAFETY: the string came from this lease's context and is freed only here.
            unsafe { self.lease.free(self.raw.cast::<c_void>()) };
        }
    }
}

/// Copies a C string that stays Orthanc's, lossily; `None` for null.
///
/// # Safety
/// `text` must be null or a valid C string.
pub(crate) unsafe fn copy_text(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, and a C string as the caller promises.
    Some(
        unsafe { CStr::from_ptr(text) }
            .to_string_lossy()
            .into_owned(),
    )
}
