//! Behind `export_plugin!`: the life of a plugin, from `OrthancPluginInitialize` to `OrthancPluginFinalize`.

use std::ffi::{CString, c_char, c_void};
use std::sync::OnceLock;

use crate::plugin::Plugin;
use crate::raw;
use crate::{callbacks, context, guard, log};
use parking_lot::Mutex;

type Finalizer = Box<dyn FnOnce() + Send>;

/// What ends the plugin that is loaded now.
static FINALIZER: Mutex<Option<Finalizer>> = Mutex::new(None);

/// A C string made once, for `OrthancPluginGetName` and `OrthancPluginGetVersion`.
pub struct StaticText(OnceLock<CString>);

impl StaticText {
    /// Empty until first asked for.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The text up to its first NUL; the pointer is valid as long as the library is loaded.
    pub fn get(&self, text: &'static str) -> *const c_char {
        let text = text.split('\0').next().unwrap_or_default();
        self.0
            .get_or_init(|| CString::new(text).unwrap_or_default())
            .as_ptr()
    }
}

/// `OrthancPluginInitialize`: 0, or the error code with which Orthanc refuses to start.
///
/// # Safety
/// `context` must be null or the context that Orthanc hands to the plugin, valid until [`finalize`] returned.
pub unsafe fn initialize<P: Plugin>(context: *mut c_void) -> i32 {
    guard::install_hook();
    // SAFETY: passed on unchanged.
    match unsafe { start::<P>(context.cast()) } {
        Ok(()) => 0,
        Err(_) => raw::OrthancPluginErrorCode_Plugin as i32,
    }
}

/// [`initialize`] with the message that was logged.
///
/// # Safety
/// As [`initialize`].
pub(crate) unsafe fn start<P: Plugin>(
    context: *mut raw::OrthancPluginContext,
) -> Result<(), String> {
    // SAFETY: as the caller promises.
    let host = unsafe { context::open(context, P::NAME) }?;
    log::install();
    let started = guard::catch("OrthancPluginInitialize", || {
        let (major, minor, revision) = P::MINIMUM_HOST;
        if !host.at_least(major, minor, revision) {
            return Err(format!(
                "needs Orthanc {major}.{minor}.{revision} or newer, but this is Orthanc {}",
                host.version()
            ));
        }
        host.set_description(P::DESCRIPTION);
        P::initialize(host)
    });
    let error = match started {
        Ok(Ok(plugin)) => {
            let finalizer: Finalizer = Box::new(move || plugin.finalize());
            *FINALIZER.lock() = Some(finalizer);
            return Ok(());
        }
        Ok(Err(message)) => {
            log::error(&format!("cannot start: {message}"));
            message
        }
        // The panic itself is logged already.
        Err(panic) => format!("panic: {}", panic.message),
    };
    let _ = guard::catch("dropping the callbacks", callbacks::clear);
    context::close();
    Err(error)
}

/// `OrthancPluginFinalize`. Does nothing if the plugin is not initialized.
pub fn finalize() {
    // Callbacks first: what the plugin closes in its `finalize` is then held by nobody else.
    let _ = guard::catch("dropping the callbacks", callbacks::clear);
    let finalizer = FINALIZER.lock().take();
    if let Some(finalizer) = finalizer {
        let _ = guard::catch("OrthancPluginFinalize", finalizer);
    }
    context::close();
}

/// Makes the four entry points of an Orthanc plugin (`OrthancPluginInitialize`, `…Finalize`, `…GetName`,
/// `…GetVersion`) for a type that implements [`Plugin`](crate::Plugin). Once per library, a `cdylib`.
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty) => {
        const _: () = {
            static NAME: $crate::glue::StaticText = $crate::glue::StaticText::new();
            static VERSION: $crate::glue::StaticText = $crate::glue::StaticText::new();

            #[unsafe(no_mangle)]
            extern "C" fn OrthancPluginInitialize(context: *mut ::core::ffi::c_void) -> i32 {
                // SAFETY: Orthanc calls this with its context, which lives until after OrthancPluginFinalize.
                unsafe { $crate::glue::initialize::<$plugin>(context) }
            }

            #[unsafe(no_mangle)]
            extern "C" fn OrthancPluginFinalize() {
                $crate::glue::finalize()
            }

            #[unsafe(no_mangle)]
            extern "C" fn OrthancPluginGetName() -> *const ::core::ffi::c_char {
                NAME.get(<$plugin as $crate::Plugin>::NAME)
            }

            #[unsafe(no_mangle)]
            extern "C" fn OrthancPluginGetVersion() -> *const ::core::ffi::c_char {
                VERSION.get(<$plugin as $crate::Plugin>::VERSION)
            }
        };
    };
}
