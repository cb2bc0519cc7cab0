//! Memory as Orthanc hands it out: from `malloc`, so that valgrind and sanitizers watch it, and counted.

use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::ffi::{c_char, c_void};
use std::ptr;

use crate::raw;

/// An address that no memory has: freeing it ends the process.
pub(super) const NOBODYS: *mut c_void = ptr::without_provenance_mut(0x10);

/// What was handed out and is not freed.
struct Live {
    now: BTreeSet<usize>,
    /// By the `FakeHost`s before: a plugin may free late.
    before: BTreeSet<usize>,
}

static LIVE: Mutex<Live> = Mutex::new(Live {
    now: BTreeSet::new(),
    before: BTreeSet::new(),
});

pub(super) fn reset() {
    let mut live = LIVE.lock();
    let mut old = std::mem::take(&mut live.now);
    live.before.append(&mut old);
}

pub(super) fn outstanding() -> usize {
    LIVE.lock().now.len()
}

/// Counts something that the plugin must give back.
pub(super) fn remember(memory: *mut c_void) {
    LIVE.lock().now.insert(memory as usize);
}

/// Ends the process if the plugin does not own it.
pub(super) fn forget(memory: *mut c_void) {
    let address = memory as usize;
    let mut live = LIVE.lock();
    if !live.now.remove(&address) && !live.before.remove(&address) {
        eprintln!("the plugin freed {memory:?}, which it does not own");
        std::process::abort();
    }
}

/// The context's `Free`.
pub(super) unsafe extern "C" fn free(memory: *mut c_void) {
    forget(memory);
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
    remember(memory);
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
