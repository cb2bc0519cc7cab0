//! No panic passes: the one way in for everything that Orthanc calls.
//!
//! # Invariants
//!
//! - A panic makes one line in Orthanc's log, with its place in the source if the [hook](install_hook) is installed.
//! - With the hook nothing of a panic's message goes to standard error as it is: that is where Orthanc's log goes too,
//!   and a message with a line break in it would forge a line.

use std::any::Any;
use std::backtrace::{Backtrace, BacktraceStatus};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::thread::{self, ThreadId};

use crate::log;
use crate::raw;
use parking_lot::Mutex;

thread_local! {
    /// How many guards the thread is inside of. No destructor, so it does not keep the library loaded.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Where the panics happened that are on their way to a guard.
static PLACES: Mutex<Vec<(ThreadId, String)>> = Mutex::new(Vec::new());

/// A panic that was caught.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panic {
    /// Its words; whatever the code had in hand may stand in them.
    pub message: String,
    /// `file:line`; empty where the [hook](install_hook) is not installed.
    pub place: String,
}

/// Runs `body`. A panic is logged as one error line with `name`, its place and its message, and returned.
///
/// All callbacks run inside this already. Use it for a plugin's own threads: a panic that ends one of them has no name
/// otherwise.
pub fn catch<T>(name: &str, body: impl FnOnce() -> T) -> Result<T, Panic> {
    DEPTH.set(DEPTH.get() + 1);
    let done = catch_unwind(AssertUnwindSafe(body));
    DEPTH.set(DEPTH.get() - 1);
    match done {
        Ok(value) => Ok(value),
        Err(payload) => {
            let message = describe(payload.as_ref());
            let place = take_place();
            discard(payload);
            let line = format!("panic in {name}{}: {message}", at(&place));
            // Reporting must not panic either; if it does, the error code still says that something is wrong.
            let _ = catch_unwind(AssertUnwindSafe(|| log::error(&line)));
            Err(Panic { message, place })
        }
    }
}

/// Replaces Rust's report of panics on standard error: a panic that a guard will catch leaves its place for the guard's
/// line, any other is logged at once. A backtrace, if `RUST_BACKTRACE` asks for one, still goes to standard error.
/// Called by [`export_plugin!`](crate::export_plugin); it covers the code of this library only, not of other plugins.
pub fn install_hook() {
    std::panic::set_hook(Box::new(report));
}

fn report(info: &PanicHookInfo<'_>) {
    let place = info
        .location()
        .map(|at| format!("{}:{}", at.file(), at.line()))
        .unwrap_or_default();
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        eprintln!("{backtrace}");
    }
    let thread = thread::current();
    if DEPTH.get() > 0 {
        PLACES.lock().push((thread.id(), place));
    } else {
        let name = thread.name().unwrap_or("unnamed");
        log::error(&format!(
            "panic in thread {name}{}: {}",
            at(&place),
            describe(info.payload())
        ));
    }
}

/// Where it happened, as a part of a line.
fn at(place: &str) -> String {
    if place.is_empty() {
        String::new()
    } else {
        format!(" at {place}")
    }
}

/// The place of this thread's panic, and forgets it. The oldest one, if destructors have panicked as well.
fn take_place() -> String {
    let id = thread::current().id();
    let mut places = PLACES.lock();
    let mine = places
        .iter()
        .find(|(thread, _)| *thread == id)
        .map(|(_, place)| place.clone());
    places.retain(|(thread, _)| *thread != id);
    mine.unwrap_or_default()
}

/// [`catch`] for a callback that answers with Orthanc's error code; a panic is answered with `Plugin` (1).
pub(crate) fn code(name: &str, body: impl FnOnce() -> i32) -> i32 {
    catch(name, body).unwrap_or(raw::OrthancPluginErrorCode_Plugin as i32)
}

fn describe(payload: &(dyn Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "(no message)".to_owned()
    }
}

/// Drops what the panic carried; its destructor may panic as well, and then it is leaked.
fn discard(payload: Box<dyn Any + Send>) {
    DEPTH.set(DEPTH.get() + 1);
    if let Err(second) = catch_unwind(AssertUnwindSafe(move || drop(payload))) {
        std::mem::forget(second);
        let _ = take_place();
    }
    DEPTH.set(DEPTH.get() - 1);
}
