//! The handle on the running Orthanc.

use std::ptr;

use crate::client::Client;
use crate::context::{Lease, c_string};
use crate::error::CallError;
use crate::memory::HostString;
use crate::raw;
use crate::version::HostVersion;
use crate::{Change, IncomingRequest, Request, Response, StoredInstance, callbacks, filter, rest};

/// A handle on the running Orthanc: cheap to copy, usable from any thread.
///
/// Valid from `initialize` to the end of `finalize`; after that, and after a reload, every call is an
/// [`Err(HostGone)`](CallError::HostGone) or does nothing.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    generation: u64,
    version: HostVersion,
    plugin: &'static str,
}

impl Host {
    pub(crate) fn new(generation: u64, version: HostVersion, plugin: &'static str) -> Self {
        Self {
            generation,
            version,
            plugin,
        }
    }

    pub(crate) fn lease(&self) -> Result<Lease, CallError> {
        Lease::take(self.generation)
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The name of the plugin this host was made for.
    pub fn plugin_name(&self) -> &'static str {
        self.plugin
    }

    /// Can Orthanc still be called through this handle?
    pub fn is_alive(&self) -> bool {
        self.lease().is_ok()
    }

    /// The version of Orthanc.
    pub fn version(&self) -> HostVersion {
        self.version
    }

    /// Is Orthanc of this version or newer?
    pub fn at_least(&self, major: u32, minor: u32, revision: u32) -> bool {
        self.version.at_least(major, minor, revision)
    }

    /// Orthanc's configuration: all its JSON files, merged. Modalities and peers that live in Orthanc's database
    /// (`DicomModalitiesInDatabase`) are not in it: ask `GET /modalities?expand`. Text that is not UTF-8 is replaced.
    ///
    /// # Errors
    /// [`CallError::BadJson`] and [`CallError::Code`] should not happen; [`CallError::HostGone`] after `finalize`.
    pub fn configuration(&self) -> Result<serde_json::Value, CallError> {
        let lease = self.lease()?;
        let mut text = HostString::new(&lease);
        let params = raw::_OrthancPluginRetrieveDynamicString {
            result: text.target(),
            argument: ptr::null(),
        };
        // SAFETY: the parameters are those of the service, and outlive the call.
        unsafe {
            lease.invoke(
                raw::_OrthancPluginService_GetConfiguration,
                &raw const params,
            )
        }
        .map_err(|code| lease.refused(code))?;
        text.accept();
        Ok(serde_json::from_str(&String::from_utf8_lossy(
            text.bytes(),
        ))?)
    }

    /// Orthanc's own REST API, without the routes of plugins.
    pub fn client(&self) -> Client {
        Client::new(*self)
    }

    /// Answers HTTP requests whose whole path matches `pattern`, a regular expression (Orthanc uses Boost's, Perl
    /// syntax). Its groups are in [`Request::groups`]. Requests run at the same time, on Orthanc's HTTP threads; they
    /// passed Orthanc's authentication. Register in `initialize`, never inside a callback.
    ///
    /// A panic of the handler is logged and answered with status 500. A pattern that is no valid regular expression
    /// ends the process: Orthanc throws an exception there that is not one of its own. Use constants.
    ///
    /// # Errors
    /// [`CallError::TooManyRoutes`] after [`MAX_ROUTES`](crate::MAX_ROUTES); [`CallError::Code`] if Orthanc refuses.
    pub fn register_rest<F>(&self, pattern: &str, handler: F) -> Result<(), CallError>
    where
        F: Fn(&Request) -> Response + Send + Sync + 'static,
    {
        rest::register(*self, pattern, Box::new(handler))
    }

    /// Lets through only those HTTP requests for which `handler` answers `true`; the others are answered with status
    /// 403, without a body. It runs for every request to Orthanc's server, after its authentication and before the body
    /// is read, on Orthanc's HTTP threads: look at the path first. A panic is logged, and refuses the request.
    ///
    /// # Errors
    /// [`CallError::Code`] if Orthanc refuses.
    pub fn filter_http<F>(&self, handler: F) -> Result<(), CallError>
    where
        F: Fn(&IncomingRequest<'_>) -> bool + Send + Sync + 'static,
    {
        filter::register(*self, std::sync::Arc::new(handler))
    }

    /// Runs `handler` for each stored instance, after Orthanc's database has committed it and before the sender gets
    /// its answer. Orthanc holds one mutex over all plugins meanwhile: do little, never call REST, never wait.
    ///
    /// It can run before `OrthancStarted`. For an instance that was stored already it runs on 1.10.1 and 1.12.7, but
    /// not on 1.13.0 (unless `OverwriteInstances`). A panic is logged; the instance stays stored.
    ///
    /// # Errors
    /// [`CallError::Code`] if Orthanc refuses.
    pub fn on_stored_instance<F>(&self, handler: F) -> Result<(), CallError>
    where
        F: Fn(&StoredInstance<'_>) + Send + Sync + 'static,
    {
        callbacks::on_stored_instance(*self, std::sync::Arc::new(handler))
    }

    /// Runs `handler` for each change. Events come from a queue in memory and are lost in a crash. On 1.10.1 job events
    /// arrive while Orthanc holds the lock of its jobs: waiting here for a thread that is inside a call about jobs
    /// (`POST …/store`, `GET /jobs`) hangs for ever.
    ///
    /// # Errors
    /// [`CallError::Code`] if Orthanc refuses.
    pub fn on_change<F>(&self, handler: F) -> Result<(), CallError>
    where
        F: Fn(&Change) + Send + Sync + 'static,
    {
        callbacks::on_change(*self, std::sync::Arc::new(handler))
    }

    /// Orthanc's words for one of its error codes (`OrthancPluginErrorCode`); "unknown error code" if there are none,
    /// or after `finalize`.
    pub fn error_description(&self, code: i32) -> String {
        match self.lease() {
            Ok(lease) => lease.error_description(code),
            Err(_) => "unknown error code".to_owned(),
        }
    }

    /// Names the calling thread in Orthanc's log. At most 15 bytes of printable ASCII are kept, the rest is dropped.
    /// Orthanc knows thread names since 1.12.2; on an older one this does nothing.
    pub fn set_thread_name(&self, name: &str) {
        if !self.at_least(1, 12, 2) {
            return;
        }
        // Orthanc formats the name into a buffer of 20 bytes.
        let name: String = name
            .chars()
            .filter(char::is_ascii_graphic)
            .take(15)
            .collect();
        let (Ok(lease), Ok(name)) = (self.lease(), c_string("the thread's name", &name)) else {
            return;
        };
        // SAFETY: the parameter of this service is the string itself.
        let _ = unsafe { lease.invoke(raw::SERVICE_SET_THREAD_NAME, name.as_ptr()) };
    }
}
