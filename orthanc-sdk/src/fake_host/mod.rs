//! An Orthanc made of Rust closures, for tests without Orthanc.
//!
//! The context is a real `OrthancPluginContext` whose services are decoded here, and requests, instances and changes go
//! through the C callbacks that the plugin registered: what is tested is all of this crate but the bindings.
//!
//! - A plugin's globals are per process, so **one `FakeHost` is alive at a time**: [`FakeHost::new`] waits until the
//!   one before is dropped. Two in one thread wait for ever.
//! - One `FakeHost` can be used by many threads.
//! - As in Orthanc, the REST API, files and metrics fail (2038) while a plugin initializes, and a refused call logs an
//!   error.
//! - Every buffer, string and transcoded file handed out is counted until it is freed; freeing one twice ends the
//!   process.

mod files;
mod http;
mod memory;
mod output;
mod services;
mod turn;

use std::collections::BTreeMap;
use std::ffi::{CString, c_char};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use regex::Regex;
use serde_json::Value;

use crate::change::{ChangeType, ResourceType};
use crate::host::Host;
use crate::http::Method;
use crate::instance::Origin;
use crate::plugin::Plugin;
use crate::{context, glue, log as sdk_log, raw};
use services::HostState;

pub use http::OutgoingCall;
pub use output::RestAnswer;

/// Orthanc, as far as a plugin can see it. See the [module](self).
pub struct FakeHost {
    inner: Arc<Inner>,
}

/// Shared by a [`FakeHost`] and its [`LoadedPlugin`]; the last one ends it.
struct Inner {
    state: Box<HostState>,
    context: *mut raw::OrthancPluginContext,
    _version: CString,
    _turn: turn::Turn,
}

// SAFETY: the context is written before it is shared and only read afterwards; all else is behind locks.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}

impl Drop for Inner {
    fn drop(&mut self) {
        glue::finalize();
        // SAFETY: made by `Box::into_raw`, and after `finalize` nobody calls through it any more.
        drop(unsafe { Box::from_raw(self.context) });
    }
}

/// What a plugin has told Orthanc Explorer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// [`Host::set_description`].
    Description,
    /// [`Host::set_root_uri`].
    RootUri,
    /// [`Host::extend_explorer`].
    Explorer,
}

/// An instance to store in a [`FakeHost`].
#[derive(Clone, Debug)]
pub struct FakeInstance {
    /// The Orthanc identifier.
    pub id: String,
    /// The calling AE title.
    pub remote_aet: Option<String>,
    /// How it came.
    pub origin: Origin,
    /// Metadata by name.
    pub metadata: BTreeMap<String, String>,
    /// What [`simplified_tags`](crate::StoredInstance::simplified_tags) gives.
    pub tags: Value,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Default for FakeInstance {
    fn default() -> Self {
        Self {
            id: "11111111-22222222-33333333-44444444-55555555".to_owned(),
            remote_aet: Some("MODALITY".to_owned()),
            origin: Origin::DicomProtocol,
            metadata: BTreeMap::new(),
            tags: Value::Object(serde_json::Map::new()),
            bytes: b"DICM".to_vec(),
        }
    }
}

impl FakeHost {
    /// An Orthanc of this version (`"1.10.1"`, `"1.12.7"`, `"mainline"`), with an empty configuration and a REST API
    /// that knows nothing (error 17). Waits until no other `FakeHost` is alive.
    pub fn new(version: &str) -> Self {
        let turn = turn::Turn::wait();
        let version = CString::new(version.replace('\0', "")).unwrap_or_default();
        let state = Box::new(HostState::default());
        memory::reset();
        let context = Box::into_raw(Box::new(raw::OrthancPluginContext {
            pluginsManager: ptr::from_ref::<HostState>(&state).cast_mut().cast(),
            orthancVersion: version.as_ptr(),
            Free: Some(memory::free),
            InvokeService: Some(services::invoke),
        }));
        Self {
            inner: Arc::new(Inner {
                state,
                context,
                _version: version,
                _turn: turn,
            }),
        }
    }

    fn state(&self) -> &HostState {
        &self.inner.state
    }

    /// A [`Host`] without any plugin: to test what needs a `Host` or a `Client` alone. The same one at each call, until
    /// a plugin is loaded; none can be loaded after it.
    ///
    /// # Panics
    /// Not in practice.
    pub fn host(&self) -> Host {
        if let Some(host) = context::current() {
            return host;
        }
        sdk_log::install();
        // SAFETY: the context lives until `Inner` is dropped, which closes it first.
        unsafe { context::open(self.inner.context, "test") }.expect("the fake context is complete")
    }

    /// What [`Host::configuration`] gives.
    pub fn set_configuration(&self, configuration: Value) {
        *self.state().configuration.lock() = configuration.to_string().into_bytes();
    }

    /// What [`Host::configuration`] reads, byte by byte: also what is no JSON or not UTF-8.
    pub fn set_raw_configuration(&self, bytes: &[u8]) {
        *self.state().configuration.lock() = bytes.to_vec();
    }

    /// The built-in REST API: gets method, URI and body; answers a status and a body, or Orthanc's error code. It may
    /// be called by many threads at once and may block.
    pub fn on_rest<F>(&self, api: F)
    where
        F: Fn(Method, &str, &[u8]) -> Result<(u16, Vec<u8>), i32> + Send + Sync + 'static,
    {
        *self.state().api.lock() = Arc::new(api);
    }

    /// Loads a plugin as Orthanc does.
    ///
    /// # Errors
    /// What the plugin's `initialize` returned, or the message of its panic; Orthanc would refuse to start.
    pub fn load<P: Plugin>(&self) -> Result<LoadedPlugin, String> {
        if context::current().is_none() {
            self.state().forget_callbacks();
        }
        self.state().initializing.store(true, Ordering::SeqCst);
        // SAFETY: the context lives until `Inner` is dropped, which finalizes first.
        let started = unsafe { glue::start::<P>(self.inner.context) };
        self.state().initializing.store(false, Ordering::SeqCst);
        started.map(|()| LoadedPlugin {
            _inner: Arc::clone(&self.inner),
        })
    }

    /// An HTTP request. 404 if no route matches the whole URI (given without its query), and the status that Orthanc
    /// makes of an error code if the callback fails.
    pub fn call_rest(
        &self,
        method: Method,
        uri: &str,
        query: &[(&str, &str)],
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> RestAnswer {
        let found = self.state().routes.lock().iter().find_map(|route| {
            let groups = route.regex.captures(uri)?;
            let groups = groups
                .iter()
                .skip(1)
                .map(|group| group.map_or("", |g| g.as_str()).to_owned())
                .collect();
            Some((route.callback, groups))
        });
        match found {
            Some((callback, groups)) => {
                output::request(callback, method, uri, groups, query, headers, body)
            }
            None => RestAnswer::of_error(raw::OrthancPluginErrorCode_UnknownResource as i32),
        }
    }

    /// Stores an instance: runs `OnStoredInstance`. The first error code of a callback, 0 for success.
    pub fn store_instance(&self, instance: &FakeInstance) -> i32 {
        let prepared = services::PreparedInstance::new(instance);
        let id = c_text(&instance.id);
        let callbacks = self.state().stored.lock().clone();
        let codes = callbacks.into_iter().map(|callback| {
            // SAFETY: the plugin's callback; the instance and its id live during the call.
            unsafe { callback(ptr::from_ref(&prepared).cast(), id.as_ptr()) as i32 }
        });
        codes.fold(0, |first, code| if first == 0 { code } else { first })
    }

    /// Runs `OnChange`. The first error code of a callback, 0 for success.
    pub fn fire_change(
        &self,
        kind: ChangeType,
        level: ResourceType,
        resource: Option<&str>,
    ) -> i32 {
        let resource = resource.map(c_text);
        let pointer: *const c_char = resource.as_ref().map_or(ptr::null(), |text| text.as_ptr());
        let callbacks = self.state().changes.lock().clone();
        let codes = callbacks.into_iter().map(|callback| {
            // SAFETY: the plugin's callback; the string lives during the call.
            unsafe { callback(kind.number() as _, level.number() as _, pointer) as i32 }
        });
        codes.fold(0, |first, code| if first == 0 { code } else { first })
    }

    /// What the plugin's filters answer to an HTTP request: Orthanc refuses at the first 0, and fails at anything
    /// but 1.
    pub fn filters(&self, method: Method, uri: &str, headers: &[(&str, &str)]) -> Vec<i32> {
        let (uri, ip) = (c_text(uri), c_text("127.0.0.1"));
        let keys: Vec<CString> = headers.iter().map(|(key, _)| c_text(key)).collect();
        let values: Vec<CString> = headers.iter().map(|(_, value)| c_text(value)).collect();
        let pointers = |texts: &[CString]| -> Vec<*const c_char> {
            texts.iter().map(|text| text.as_ptr()).collect()
        };
        let (keys_at, values_at) = (pointers(&keys), pointers(&values));
        // As Orthanc does where there is nothing.
        let first = |list: &[*const c_char]| match list {
            [] => ptr::null(),
            _ => list.as_ptr(),
        };
        let callbacks = self.state().filters.lock().clone();
        let answers = callbacks.into_iter().map(|callback| {
            // SAFETY: the plugin's callback; strings and arrays live during the call.
            unsafe {
                callback(
                    method.to_raw(),
                    uri.as_ptr(),
                    ip.as_ptr(),
                    headers.len() as u32,
                    first(&keys_at),
                    first(&values_at),
                    0,
                    ptr::null(),
                    ptr::null(),
                )
            }
        });
        answers.collect()
    }

    /// All lines logged so far, oldest first. On versions before 1.12.4 they start with the plugin's name.
    pub fn logs(&self) -> Vec<(::log::Level, String)> {
        self.state().logs.lock().clone()
    }

    /// [`logs`](Self::logs), and empties the log.
    pub fn take_logs(&self) -> Vec<(::log::Level, String)> {
        std::mem::take(&mut *self.state().logs.lock())
    }

    /// The metrics by name.
    pub fn metrics(&self) -> BTreeMap<String, f64> {
        self.state().metrics.lock().clone()
    }

    /// The patterns of the registered routes, in order.
    pub fn routes(&self) -> Vec<String> {
        self.state()
            .routes
            .lock()
            .iter()
            .map(|route| route.pattern.clone())
            .collect()
    }

    /// What the plugin has told Orthanc Explorer last.
    pub fn property(&self, property: Property) -> Option<String> {
        let number = match property {
            Property::Description => raw::_OrthancPluginProperty_Description,
            Property::RootUri => raw::_OrthancPluginProperty_RootUri,
            Property::Explorer => raw::_OrthancPluginProperty_OrthancExplorer,
        };
        self.state()
            .properties
            .lock()
            .get(&(number as i64))
            .cloned()
    }

    /// The names that [`Host::set_thread_name`] gave, in order.
    pub fn thread_names(&self) -> Vec<String> {
        self.state().thread_names.lock().clone()
    }

    /// How many buffers, strings and transcoded files were handed out and not freed yet.
    pub fn outstanding_allocations(&self) -> usize {
        memory::outstanding()
    }

    /// Makes each call of a service (by its number, for instance 13 for `GetConfiguration`) fail with this code; `None`
    /// ends that.
    pub fn fail_service(&self, service: i32, code: Option<i32>) {
        let mut failing = self.state().failing.lock();
        match code {
            Some(code) => failing.insert(service, code),
            None => failing.remove(&service),
        };
    }
}

/// A plugin that is loaded in a [`FakeHost`]; dropping it unloads it too.
pub struct LoadedPlugin {
    _inner: Arc<Inner>,
}

impl LoadedPlugin {
    /// Runs `finalize`, as Orthanc does when it stops or resets.
    pub fn unload(self) {}
}

impl Drop for LoadedPlugin {
    fn drop(&mut self) {
        glue::finalize();
    }
}

/// One registered route.
struct FakeRoute {
    pattern: String,
    regex: Regex,
    callback: RestCallback,
}

type RestCallback = unsafe extern "C" fn(
    *mut raw::OrthancPluginRestOutput,
    *const c_char,
    *const raw::OrthancPluginHttpRequest,
) -> raw::OrthancPluginErrorCode;

fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "")).unwrap_or_default()
}
