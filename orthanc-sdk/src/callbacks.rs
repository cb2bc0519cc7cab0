//! `OnStoredInstance` and `OnChange`: the C callbacks and the closures behind them.
//!
//! # Invariants
//!
//! - The C callbacks are registered with Orthanc at most once per generation; closures are found through a lock that is
//!   never held while one runs.
//! - On the way to an `OnStoredInstance` closure: one read lock, one `Arc` clone, no allocation.

use std::ffi::{CStr, c_char};
use std::sync::Arc;

use crate::change::{Change, ChangeType, ResourceType};
use crate::error::CallError;
use crate::host::Host;
use crate::instance::StoredInstance;
use crate::memory::copy_text;
use crate::{context, filter, guard, raw, rest};
use parking_lot::RwLock;

pub(crate) type StoredHandler = Arc<dyn Fn(&StoredInstance<'_>) + Send + Sync>;
pub(crate) type ChangeHandler = Arc<dyn Fn(&Change) + Send + Sync>;

/// The closures of one kind, and the generation in which Orthanc was told about the C callback.
pub(crate) struct Handlers<H> {
    generation: u64,
    list: Arc<[H]>,
}

pub(crate) type Registry<H> = RwLock<Option<Handlers<H>>>;

static STORED: Registry<StoredHandler> = RwLock::new(None);
static CHANGES: Registry<ChangeHandler> = RwLock::new(None);

pub(crate) fn on_stored_instance(host: Host, handler: StoredHandler) -> Result<(), CallError> {
    add(&STORED, host, handler, |host| {
        let lease = host.lease()?;
        let params = raw::_OrthancPluginOnStoredInstanceCallback {
            callback: Some(stored_trampoline),
        };
        // SAFETY: the parameters are those of the service; the callback is a static function.
        unsafe {
            lease.invoke(
                raw::_OrthancPluginService_RegisterOnStoredInstanceCallback,
                &raw const params,
            )
        }
        .map_err(|code| lease.refused(code))
    })
}

pub(crate) fn on_change(host: Host, handler: ChangeHandler) -> Result<(), CallError> {
    add(&CHANGES, host, handler, |host| {
        let lease = host.lease()?;
        let params = raw::_OrthancPluginOnChangeCallback {
            callback: Some(change_trampoline),
        };
        // SAFETY: the parameters are those of the service; the callback is a static function.
        unsafe {
            lease.invoke(
                raw::_OrthancPluginService_RegisterOnChangeCallback,
                &raw const params,
            )
        }
        .map_err(|code| lease.refused(code))
    })
}

pub(crate) fn add<H: Clone>(
    registry: &Registry<H>,
    host: Host,
    handler: H,
    tell_orthanc: impl FnOnce(Host) -> Result<(), CallError>,
) -> Result<(), CallError> {
    if !host.is_alive() {
        return Err(CallError::HostGone);
    }
    let mut slot = registry.write();
    let generation = host.generation();
    let list = match slot.as_ref() {
        Some(handlers) if handlers.generation == generation => {
            handlers.list.iter().cloned().chain([handler]).collect()
        }
        _ => {
            tell_orthanc(host)?;
            Arc::from([handler])
        }
    };
    *slot = Some(Handlers { generation, list });
    Ok(())
}

pub(crate) fn handlers<H>(registry: &Registry<H>) -> Option<Arc<[H]>> {
    registry
        .read()
        .as_ref()
        .map(|handlers| Arc::clone(&handlers.list))
}

/// Drops everything that was registered, routes too. Closures are dropped outside the locks.
pub(crate) fn clear() {
    let stored = STORED.write().take();
    let changes = CHANGES.write().take();
    let filters = filter::FILTERS.write().take();
    let routes = rest::take_all();
    drop((stored, changes, filters, routes));
}

/// Runs each handler, a panicking one too; the first failure is the answer.
fn run_all<H>(name: &str, list: &[H], run: impl Fn(&H)) -> i32 {
    let mut answer = 0;
    for handler in list {
        let code = guard::code(name, || {
            run(handler);
            0
        });
        if answer == 0 {
            answer = code;
        }
    }
    answer
}

unsafe extern "C" fn stored_trampoline(
    instance: *const raw::OrthancPluginDicomInstance,
    id: *const c_char,
) -> raw::OrthancPluginErrorCode {
    let code = guard::code("OnStoredInstance", || {
        let (Some(list), Some(host)) = (handlers(&STORED), context::current()) else {
            return 0;
        };
        if instance.is_null() || id.is_null() {
            return raw::OrthancPluginErrorCode_NullPointer as i32;
        }
        // SAFETY: not null; Orthanc passes a C string that lives during the callback.
        let id = unsafe { CStr::from_ptr(id) }.to_string_lossy();
        // SAFETY: not null; Orthanc's instance lives during the callback.
        let stored = unsafe { StoredInstance::new(host, instance, id) };
        run_all("OnStoredInstance", &list, |handler| handler(&stored))
    });
    code as raw::OrthancPluginErrorCode
}

unsafe extern "C" fn change_trampoline(
    kind: raw::OrthancPluginChangeType,
    level: raw::OrthancPluginResourceType,
    resource: *const c_char,
) -> raw::OrthancPluginErrorCode {
    let code = guard::code("OnChange", || {
        let Some(list) = handlers(&CHANGES) else {
            return 0;
        };
        let change = Change {
            kind: ChangeType::from_raw(kind as u32),
            resource_type: ResourceType::from_raw(level as u32),
            // SAFETY: null, or a C string that lives during the callback.
            resource: unsafe { copy_text(resource) }.filter(|id| !id.is_empty()),
        };
        run_all("OnChange", &list, |handler| handler(&change))
    });
    code as raw::OrthancPluginErrorCode
}
