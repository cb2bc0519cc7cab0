//! The instance that `OnStoredInstance` reports.

use std::borrow::Cow;
use std::ffi::{CString, c_char};
use std::marker::PhantomData;
use std::ptr;

use serde_json::Value;

use crate::context::c_string;
use crate::error::CallError;
use crate::host::Host;
use crate::memory::{HostString, copy_text};
use crate::raw;

/// How an instance came to Orthanc (`OrthancPluginInstanceOrigin`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// By C-STORE.
    DicomProtocol,
    /// By the REST API, an upload in a browser for instance, or as the result of a modification.
    RestApi,
    /// By a plugin.
    Plugins,
    /// By a Lua script.
    Lua,
    /// By WebDAV.
    WebDav,
    /// Orthanc does not know, or says something that is newer than this crate.
    Unknown,
}

impl Origin {
    fn from_raw(raw: raw::OrthancPluginInstanceOrigin) -> Self {
        match raw {
            raw::OrthancPluginInstanceOrigin_DicomProtocol => Self::DicomProtocol,
            raw::OrthancPluginInstanceOrigin_RestApi => Self::RestApi,
            raw::OrthancPluginInstanceOrigin_Plugin => Self::Plugins,
            raw::OrthancPluginInstanceOrigin_Lua => Self::Lua,
            raw::OrthancPluginInstanceOrigin_WebDav => Self::WebDav,
            _ => Self::Unknown,
        }
    }

    /// The number in `OrthancPluginInstanceOrigin`.
    pub fn number(self) -> u32 {
        let number = match self {
            Self::DicomProtocol => raw::OrthancPluginInstanceOrigin_DicomProtocol,
            Self::RestApi => raw::OrthancPluginInstanceOrigin_RestApi,
            Self::Plugins => raw::OrthancPluginInstanceOrigin_Plugin,
            Self::Lua => raw::OrthancPluginInstanceOrigin_Lua,
            Self::WebDav => raw::OrthancPluginInstanceOrigin_WebDav,
            Self::Unknown => raw::OrthancPluginInstanceOrigin_Unknown,
        };
        number as u32
    }
}

/// An instance that Orthanc has just stored; usable during the callback only, on its thread. All getters but
/// [`simplified_tags`](Self::simplified_tags) are cheap and take no lock.
pub struct StoredInstance<'a> {
    host: Host,
    raw: *const raw::OrthancPluginDicomInstance,
    id: Cow<'a, str>,
    lives: PhantomData<&'a ()>,
}

impl<'a> StoredInstance<'a> {
    /// # Safety
    /// `raw` must be Orthanc's instance, valid for `'a`.
    pub(crate) unsafe fn new(
        host: Host,
        raw: *const raw::OrthancPluginDicomInstance,
        id: Cow<'a, str>,
    ) -> Self {
        Self {
            host,
            raw,
            id,
            lives: PhantomData,
        }
    }

    /// The Orthanc identifier of the instance: what stands in `/instances/{id}`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The calling AE title, if the instance came by C-STORE.
    pub fn remote_aet(&self) -> Option<String> {
        self.text(raw::_OrthancPluginService_GetInstanceRemoteAet, ptr::null())
            .filter(|aet| !aet.is_empty())
    }

    /// How the instance came.
    pub fn origin(&self) -> Origin {
        let mut origin = raw::OrthancPluginInstanceOrigin_Unknown;
        let mut params = self.params();
        params.resultOrigin = &raw mut origin;
        match self.invoke(raw::_OrthancPluginService_GetInstanceOrigin, &params) {
            Ok(()) => Origin::from_raw(origin),
            Err(_) => Origin::Unknown,
        }
    }

    /// A metadata of the instance by its name, for instance `ReceptionDate`, `RemoteAET`, `CalledAET`,
    /// `TransferSyntax`; `None` if there is none of this name, or Orthanc does not know the name.
    pub fn metadata(&self, name: &str) -> Option<String> {
        let name: CString = c_string("the metadata's name", name).ok()?;
        self.text(
            raw::_OrthancPluginService_GetInstanceMetadata,
            name.as_ptr(),
        )
    }

    /// The size of the DICOM file, in bytes.
    pub fn size(&self) -> u64 {
        let mut size = 0_i64;
        let mut params = self.params();
        params.resultInt64 = &raw mut size;
        match self.invoke(raw::_OrthancPluginService_GetInstanceSize, &params) {
            Ok(()) => u64::try_from(size).unwrap_or(0),
            Err(_) => 0,
        }
    }

    /// The DICOM file, as Orthanc holds it in memory: nothing is copied.
    pub fn data(&self) -> &[u8] {
        let size = usize::try_from(self.size()).unwrap_or(0);
        let mut data: *const c_char = ptr::null();
        let mut params = self.params();
        params.resultString = &raw mut data;
        let done = self.invoke(raw::_OrthancPluginService_GetInstanceData, &params);
        if done.is_err() || data.is_null() || size == 0 {
            return &[];
        }
        // SAFETY: Orthanc's buffer of `size` bytes lives as long as the instance, which outlives `self`.
        unsafe { std::slice::from_raw_parts(data.cast::<u8>(), size) }
    }

    /// The tags by their names, as in `/instances/{id}/simplified-tags`. Orthanc parses the file for this: not cheap.
    ///
    /// # Errors
    /// [`CallError::Code`] if Orthanc cannot read the file.
    pub fn simplified_tags(&self) -> Result<Value, CallError> {
        let lease = self.host.lease()?;
        let mut text = HostString::new(&lease);
        let mut params = self.params();
        params.resultStringToFree = text.target();
        // SAFETY: the parameters are those of the service; the instance is valid as `new` was promised.
        unsafe {
            lease.invoke(
                raw::_OrthancPluginService_GetInstanceSimplifiedJson,
                &raw const params,
            )
        }
        .map_err(|code| lease.refused(code))?;
        text.accept();
        Ok(serde_json::from_str(&String::from_utf8_lossy(
            text.bytes(),
        ))?)
    }

    fn params(&self) -> raw::_OrthancPluginAccessDicomInstance {
        raw::_OrthancPluginAccessDicomInstance {
            resultStringToFree: ptr::null_mut(),
            resultString: ptr::null_mut(),
            resultInt64: ptr::null_mut(),
            key: ptr::null(),
            instance: self.raw,
            resultOrigin: ptr::null_mut(),
        }
    }

    fn text(&self, service: raw::_OrthancPluginService, key: *const c_char) -> Option<String> {
        let mut text: *const c_char = ptr::null();
        let mut params = self.params();
        params.resultString = &raw mut text;
        params.key = key;
        self.invoke(service, &params).ok()?;
        // SAFETY: on success null, or a string that belongs to the instance.
        unsafe { copy_text(text) }
    }

    fn invoke(
        &self,
        service: raw::_OrthancPluginService,
        params: &raw::_OrthancPluginAccessDicomInstance,
    ) -> Result<(), CallError> {
        let lease = self.host.lease()?;
        // SAFETY: used with the getters of an instance only, whose parameters these are; the instance is valid as `new`
        // was promised, and the result pointer that the getter writes to is set by the caller.
        unsafe { lease.invoke(service, &raw const *params) }.map_err(|code| lease.refused(code))
    }
}
