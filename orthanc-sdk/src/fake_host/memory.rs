//! Memory as Orthanc hands it out: from `malloc`, so that valgrind and sanitizers watch it, and counted.

use std::collections::HashSet;
use std::ffi::{c_char, c_void};
use std::ptr;
use std::sync::Mutex;

use super::lock;
use crate::raw;

static LIVE: Mutex<Option<HashSet<usize>>> = Mutex::new(None);

pub(super) fn reset() {
    *lock(&LIVE) = Some(HashSet::new());
}

pub(super) fn outstanding() -> usize {
    lock(&LIVE).as_ref().map_or(0, HashSet::len)
}

/// The context's `Free`.
pub(super) unsafe extern "C" fn free(memory: *mut c_void) {
    let known = lock(&LIVE)
        .as_mut()
        .is_some_and(|live| live.remove(&(memory as usize)));
    if !known {
        eprintln!("the plugin freed {memory:?}, which it does not own");
        std::process::abort();
    }
    // SAFETY: it came from `allocate` and is freed for the first time.
    unsafe { libc::free(memory) };
}

/// A copy of the bytes in memory of its own.
fn allocate(bytes: &[u8]) -> *mut c_void {
    // SAFETY: any size is fine.
    let memory = unsafe { libc::malloc(bytes.len()) };
    if memory.is_null() {
        return memory;
    }
    // SAFETY: both are `bytes.len()` bytes long, and the copy is fresh.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), memory.cast::<u8>(), bytes.len()) };
    if let Some(live) = lock(&LIVE).as_mut() {
        live.insert(memory as usize);
    }
    memory
}

/// Fills a buffer as Orthanc does: null for no bytes.
///
/// # Safety
/// `target` must be null or writable.
pub(super) unsafe fn fill(target: *mut raw::OrthancPluginMemoryBuffer, bytes: &[u8]) {
    if target.is_null() {
        return;
    }
    let data = if bytes.is_empty() {
        ptr::null_mut()
    } else {
        allocate(bytes)
    };
    // SAFETY: writable, as the caller promises.
    unsafe {
        *target = raw::OrthancPluginMemoryBuffer {
            data,
            size: bytes.len() as u32,
        }
    };
}

/// A C string that the plugin must free.
pub(super) fn string(bytes: &[u8]) -> *mut c_char {
    let mut copy: Vec<u8> = bytes.iter().copied().filter(|b| *b != 0).collect();
    copy.push(0);
    allocate(&copy).cast()
}
