//! The services of the fake Orthanc: parameters in, Rust closures and collections out.

use std::collections::BTreeMap;
use std::ffi::{CString, c_char, c_void};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use log::Level;
use regex::Regex;
use serde_json::json;

use super::files::{self, Reader, Transcoder};
use super::http::{self, Network};
use super::output::{self, bytes, text};
use super::{FakeInstance, FakeRoute, c_text, memory};
use crate::http::Method;
use crate::raw;

type Api = dyn Fn(Method, &str, &[u8]) -> Result<(u16, Vec<u8>), i32> + Send + Sync;
type StoredCallback = unsafe extern "C" fn(
    *const raw::OrthancPluginDicomInstance,
    *const c_char,
) -> raw::OrthancPluginErrorCode;
type ChangeCallback = unsafe extern "C" fn(
    raw::OrthancPluginChangeType,
    raw::OrthancPluginResourceType,
    *const c_char,
) -> raw::OrthancPluginErrorCode;

type FilterCallback = unsafe extern "C" fn(
    raw::OrthancPluginHttpMethod,
    *const c_char,
    *const c_char,
    u32,
    *const *const c_char,
    *const *const c_char,
    u32,
    *const *const c_char,
    *const *const c_char,
) -> i32;

const NOT_IMPLEMENTED: i32 = 2;
pub(super) const OUT_OF_RANGE: i32 = 3;
const NETWORK_PROTOCOL: i32 = 9;
const BAD_FILE_FORMAT: i32 = 15;
const UNKNOWN_RESOURCE: i32 = 17;
const UNKNOWN_SERVICE: i32 = 26;
const NOT_INITIALIZED: i32 = 2038;

/// Behind the context's `pluginsManager`.
pub(super) struct HostState {
    pub(super) configuration: Mutex<Vec<u8>>,
    pub(super) api: Mutex<Arc<Api>>,
    pub(super) reader: Mutex<Arc<Reader>>,
    pub(super) transcoder: Mutex<Arc<Transcoder>>,
    pub(super) network: Mutex<Arc<Network>>,
    pub(super) logs: Mutex<Vec<(Level, String)>>,
    pub(super) metrics: Mutex<BTreeMap<String, f64>>,
    pub(super) routes: Mutex<Vec<FakeRoute>>,
    pub(super) stored: Mutex<Vec<StoredCallback>>,
    pub(super) changes: Mutex<Vec<ChangeCallback>>,
    pub(super) filters: Mutex<Vec<FilterCallback>>,
    pub(super) properties: Mutex<BTreeMap<i64, String>>,
    pub(super) thread_names: Mutex<Vec<String>>,
    pub(super) failing: Mutex<BTreeMap<i32, i32>>,
    pub(super) initializing: AtomicBool,
}

impl Default for HostState {
    fn default() -> Self {
        Self {
            configuration: Mutex::new(b"{}".to_vec()),
            api: Mutex::new(Arc::new(|_: Method, _: &str, _: &[u8]| {
                Err(UNKNOWN_RESOURCE)
            })),
            reader: Mutex::new(Arc::new(|_: &str| Err(UNKNOWN_RESOURCE))),
            transcoder: Mutex::new(Arc::new(|_: &[u8], _: &str| Err(NOT_IMPLEMENTED))),
            network: Mutex::new(Arc::new(|_: &http::OutgoingCall| Err(NETWORK_PROTOCOL))),
            logs: Mutex::default(),
            metrics: Mutex::default(),
            routes: Mutex::default(),
            stored: Mutex::default(),
            changes: Mutex::default(),
            filters: Mutex::default(),
            properties: Mutex::default(),
            thread_names: Mutex::default(),
            failing: Mutex::default(),
            initializing: AtomicBool::new(false),
        }
    }
}

impl HostState {
    /// A new Orthanc knows nothing of what was registered with the one before.
    pub(super) fn forget_callbacks(&self) {
        self.routes.lock().clear();
        self.stored.lock().clear();
        self.changes.lock().clear();
        self.filters.lock().clear();
        self.properties.lock().clear();
    }

    fn log(&self, level: Level, text: String) {
        self.logs.lock().push((level, text));
    }
}

/// Behind `OrthancPluginDicomInstance`.
pub(super) struct PreparedInstance {
    aet: CString,
    origin: raw::OrthancPluginInstanceOrigin,
    metadata: BTreeMap<String, CString>,
    tags: String,
    bytes: Vec<u8>,
}

impl PreparedInstance {
    pub(super) fn new(instance: &FakeInstance) -> Self {
        Self {
            aet: c_text(instance.remote_aet.as_deref().unwrap_or("")),
            origin: instance.origin.number() as _,
            metadata: instance
                .metadata
                .iter()
                .map(|(name, value)| (name.clone(), c_text(value)))
                .collect(),
            tags: instance.tags.to_string(),
            bytes: instance.bytes.clone(),
        }
    }
}

/// The context's `InvokeService`.
pub(super) unsafe extern "C" fn invoke(
    context: *mut raw::OrthancPluginContext,
    service: raw::_OrthancPluginService,
    params: *const c_void,
) -> raw::OrthancPluginErrorCode {
    // SAFETY: the context is the one of a `FakeHost`, which keeps its state alive.
    let state = unsafe { &*(*context).pluginsManager.cast::<HostState>() };
    let forced = state.failing.lock().get(&(service as i32)).copied();
    let done = match forced {
        Some(code) => Err(code),
        // SAFETY: passed on as they came from the plugin.
        None => unsafe { serve(state, service, params) },
    };
    match done {
        Ok(()) => 0,
        Err(code) => {
            if code != UNKNOWN_RESOURCE {
                state.log(
                    Level::Error,
                    format!("Exception while invoking plugin service {service}: code {code}"),
                );
            }
            code as raw::OrthancPluginErrorCode
        }
    }
}

/// What Orthanc answers for a name that its dictionary does not have (`ErrorCode_UnknownDicomTag`).
const UNKNOWN_TAG: i32 = 27;

/// The part of the DICOM dictionary that tests need (PS3.6 6).
const DICTIONARY: [(&str, u16, u16); 6] = [
    ("Modality", 0x0008, 0x0060),
    ("InstitutionName", 0x0008, 0x0080),
    ("StudyDescription", 0x0008, 0x1030),
    ("PatientName", 0x0010, 0x0010),
    ("PatientID", 0x0010, 0x0020),
    ("BodyPartExamined", 0x0018, 0x0015),
];

/// # Safety
/// `params` must be the parameters of the service.
unsafe fn serve(
    state: &HostState,
    service: raw::_OrthancPluginService,
    params: *const c_void,
) -> Result<(), i32> {
    // SAFETY: as the caller promises.
    unsafe {
        if let Some(done) = output::service(service, params) {
            return done;
        }
        if let Some(done) = files::service(state, service, params) {
            return done;
        }
        match service {
            raw::_OrthancPluginService_LogError => state.log(Level::Error, text(params.cast())),
            raw::_OrthancPluginService_LogWarning => state.log(Level::Warn, text(params.cast())),
            raw::_OrthancPluginService_LogInfo => state.log(Level::Info, text(params.cast())),
            raw::SERVICE_LOG_MESSAGE => {
                let p = &*params.cast::<raw::LogMessage>();
                let level = match p.level {
                    0 => Level::Error,
                    1 => Level::Warn,
                    _ => Level::Info,
                };
                state.log(level, text(p.message));
            }
            raw::_OrthancPluginService_GetConfiguration => {
                let p = &*params.cast::<raw::_OrthancPluginRetrieveDynamicString>();
                *p.result = memory::string(&state.configuration.lock());
            }
            raw::_OrthancPluginService_GetConfigurationPath => {
                let p = &*params.cast::<raw::_OrthancPluginRetrieveDynamicString>();
                *p.result = memory::string(b"");
            }
            raw::_OrthancPluginService_DicomBufferToJson => {
                // Here a file is the JSON of its tags.
                let p = &*params.cast::<raw::_OrthancPluginDicomToJson>();
                let file = bytes(p.buffer.cast(), p.size);
                if !file.starts_with(b"{") {
                    return Err(BAD_FILE_FORMAT);
                }
                *p.result = memory::string(file);
            }
            raw::_OrthancPluginService_LookupDictionary => {
                let p = &*params.cast::<raw::_OrthancPluginLookupDictionary>();
                let name = text(p.name);
                let known = DICTIONARY.iter().find(|(known, _, _)| *known == name);
                let (_, group, element) = known.ok_or(UNKNOWN_TAG)?;
                (*p.target).group = *group;
                (*p.target).element = *element;
            }
            raw::_OrthancPluginService_GetErrorDescription => {
                let p = &*params.cast::<raw::_OrthancPluginGetErrorDescription>();
                *p.target = describe(p.error as i32).as_ptr();
            }
            raw::_OrthancPluginService_SetPluginProperty => {
                let p = &*params.cast::<raw::_OrthancPluginSetPluginProperty>();
                state
                    .properties
                    .lock()
                    .insert(p.property as i64, text(p.value));
            }
            raw::_OrthancPluginService_SetMetricsValue => {
                ready(state)?;
                let p = &*params.cast::<raw::_OrthancPluginSetMetricsValue>();
                state
                    .metrics
                    .lock()
                    .insert(text(p.name), f64::from(p.value));
            }
            raw::SERVICE_SET_METRICS_INTEGER => {
                ready(state)?;
                let p = &*params.cast::<raw::SetMetricsInteger>();
                state.metrics.lock().insert(text(p.name), p.value as f64);
            }
            raw::SERVICE_SET_THREAD_NAME => state.thread_names.lock().push(text(params.cast())),
            raw::_OrthancPluginService_RegisterRestCallbackNoLock => {
                let p = &*params.cast::<raw::_OrthancPluginRestCallback>();
                let pattern = text(p.pathRegularExpression);
                let regex = Regex::new(&format!("^(?:{pattern})$")).map_err(|_| OUT_OF_RANGE)?;
                let callback = p.callback.ok_or(OUT_OF_RANGE)?;
                state.routes.lock().push(FakeRoute {
                    pattern,
                    regex,
                    callback,
                });
            }
            raw::_OrthancPluginService_RegisterOnStoredInstanceCallback => {
                let p = &*params.cast::<raw::_OrthancPluginOnStoredInstanceCallback>();
                state.stored.lock().push(p.callback.ok_or(OUT_OF_RANGE)?);
            }
            raw::_OrthancPluginService_RegisterOnChangeCallback => {
                let p = &*params.cast::<raw::_OrthancPluginOnChangeCallback>();
                state.changes.lock().push(p.callback.ok_or(OUT_OF_RANGE)?);
            }
            raw::_OrthancPluginService_RegisterIncomingHttpRequestFilter2 => {
                let p = &*params.cast::<raw::_OrthancPluginIncomingHttpRequestFilter2>();
                state.filters.lock().push(p.callback.ok_or(OUT_OF_RANGE)?);
            }
            raw::_OrthancPluginService_CallRestApi => return call_api(state, params),
            raw::_OrthancPluginService_CallHttpClient2 => return http::call(state, params),
            _ => return instance(service, params),
        }
    }
    Ok(())
}

/// Runs a closure of the test: its panic must not cross the plugin.
pub(super) fn shielded<T>(closure: impl FnOnce() -> Result<T, i32>) -> Result<T, i32> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(closure))
        .unwrap_or(Err(raw::OrthancPluginErrorCode_InternalError as i32))
}

pub(super) fn ready(state: &HostState) -> Result<(), i32> {
    if state.initializing.load(Ordering::SeqCst) {
        Err(NOT_INITIALIZED)
    } else {
        Ok(())
    }
}

/// # Safety
/// The parameters of `CallRestApi`.
unsafe fn call_api(state: &HostState, params: *const c_void) -> Result<(), i32> {
    ready(state)?;
    // SAFETY: as the caller promises.
    unsafe {
        let p = &*params.cast::<raw::_OrthancPluginCallRestApi>();
        let method = Method::from_raw(p.method).ok_or(OUT_OF_RANGE)?;
        let body = match method {
            Method::Post | Method::Put => bytes(p.body.cast(), p.bodySize),
            Method::Get | Method::Delete => &[],
        };
        let api = Arc::clone(&state.api.lock());
        let (status, answer) = shielded(|| api(method, &text(p.uri), body))?;
        *p.httpStatus = status;
        memory::fill(
            p.answerHeaders,
            json!({"content-type": "application/json"})
                .to_string()
                .as_bytes(),
        );
        memory::fill(
            p.answerBody,
            if method == Method::Delete {
                &[]
            } else {
                &answer
            },
        );
    }
    Ok(())
}

/// # Safety
/// If it is one of the getters of an instance, its parameters.
unsafe fn instance(service: raw::_OrthancPluginService, params: *const c_void) -> Result<(), i32> {
    // SAFETY: as the caller promises; the instance is one of `FakeHost::store_instance`, or transcoded.
    unsafe {
        let p = params.cast::<raw::_OrthancPluginAccessDicomInstance>();
        let known = || (&*(*p).instance.cast::<PreparedInstance>(), &*p);
        match service {
            raw::_OrthancPluginService_GetInstanceRemoteAet => {
                let (instance, p) = known();
                *p.resultString = instance.aet.as_ptr();
            }
            raw::_OrthancPluginService_GetInstanceOrigin => {
                let (instance, p) = known();
                *p.resultOrigin = instance.origin;
            }
            raw::_OrthancPluginService_GetInstanceSize => {
                let (instance, p) = known();
                *p.resultInt64 = instance.bytes.len() as i64;
            }
            raw::_OrthancPluginService_GetInstanceData => {
                let (instance, p) = known();
                *p.resultString = instance.bytes.as_ptr().cast();
            }
            raw::_OrthancPluginService_GetInstanceMetadata => {
                let (instance, p) = known();
                *p.resultString = instance
                    .metadata
                    .get(&text(p.key))
                    .map_or(ptr::null(), |value| value.as_ptr());
            }
            raw::_OrthancPluginService_GetInstanceSimplifiedJson => {
                let (instance, p) = known();
                *p.resultStringToFree = memory::string(instance.tags.as_bytes());
            }
            _ => return Err(UNKNOWN_SERVICE),
        }
    }
    Ok(())
}

fn describe(code: i32) -> &'static std::ffi::CStr {
    match code {
        2 => c"Not implemented yet",
        9 => c"Error in the network protocol",
        15 => c"Bad file format",
        17 => c"Unknown resource",
        2015 => c"No acceptable presentation context",
        2038 => c"Plugin trying to call the database during its initialization",
        _ => c"Error of the fake Orthanc",
    }
}
