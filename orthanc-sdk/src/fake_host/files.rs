//! Reading and transcoding DICOM files.

use std::ffi::c_void;
use std::sync::Arc;

use super::output::{bytes, text};
use super::services::{HostState, PreparedInstance, ready, shielded};
use super::{FakeHost, FakeInstance, memory};
use crate::raw;

pub(super) type Reader = dyn Fn(&str) -> Result<Vec<u8>, i32> + Send + Sync;
pub(super) type Transcoder = dyn Fn(&[u8], &str) -> Result<Vec<u8>, i32> + Send + Sync;

impl FakeHost {
    /// The storage: gets the identifier of an instance; answers its file, or Orthanc's error code. Without it no
    /// instance is known (error 17). It may be called by many threads at once and may block.
    pub fn on_read_instance<F>(&self, reader: F)
    where
        F: Fn(&str) -> Result<Vec<u8>, i32> + Send + Sync + 'static,
    {
        *self.state().reader.lock() = Arc::new(reader);
    }

    /// The transcoder: gets a file and a transfer syntax; answers the new file, or Orthanc's error code. Without it
    /// nothing can be transcoded (error 2). It may be called by many threads at once and may block.
    pub fn on_transcode<F>(&self, transcoder: F)
    where
        F: Fn(&[u8], &str) -> Result<Vec<u8>, i32> + Send + Sync + 'static,
    {
        *self.state().transcoder.lock() = Arc::new(transcoder);
    }
}

/// One of the services on files, or `None`. What fails leaves an address in its result that is nobody's.
///
/// # Safety
/// `params` must be the parameters of the service.
pub(super) unsafe fn service(
    state: &HostState,
    service: raw::_OrthancPluginService,
    params: *const c_void,
) -> Option<Result<(), i32>> {
    // SAFETY: as the caller promises.
    unsafe {
        Some(match service {
            raw::_OrthancPluginService_GetDicomForInstance => read(state, params),
            raw::_OrthancPluginService_TranscodeDicomInstance => transcode(state, params),
            raw::_OrthancPluginService_FreeDicomInstance => {
                let p = &*params.cast::<raw::_OrthancPluginFreeDicomInstance>();
                if !p.dicom.is_null() {
                    memory::forget(p.dicom.cast());
                    drop(Box::from_raw(p.dicom.cast::<PreparedInstance>()));
                }
                Ok(())
            }
            _ => return None,
        })
    }
}

/// # Safety
/// The parameters of `GetDicomForInstance`.
unsafe fn read(state: &HostState, params: *const c_void) -> Result<(), i32> {
    // SAFETY: as the caller promises.
    unsafe {
        let p = &*params.cast::<raw::_OrthancPluginGetDicomForInstance>();
        *p.target = raw::OrthancPluginMemoryBuffer {
            data: memory::NOBODYS,
            size: 1,
        };
        ready(state)?;
        let reader = Arc::clone(&state.reader.lock());
        let file = shielded(|| reader(&text(p.instanceId)))?;
        memory::fill(p.target, &file);
    }
    Ok(())
}

/// # Safety
/// The parameters of `TranscodeDicomInstance`.
unsafe fn transcode(state: &HostState, params: *const c_void) -> Result<(), i32> {
    // SAFETY: as the caller promises.
    unsafe {
        let p = &*params.cast::<raw::_OrthancPluginCreateDicomInstance>();
        *p.target = memory::NOBODYS.cast();
        ready(state)?;
        let transcoder = Arc::clone(&state.transcoder.lock());
        let file =
            shielded(|| transcoder(bytes(p.buffer.cast(), p.size), &text(p.transferSyntax)))?;
        let instance = Box::into_raw(Box::new(PreparedInstance::new(&FakeInstance {
            bytes: file,
            ..FakeInstance::default()
        })));
        memory::remember(instance.cast());
        *p.target = instance.cast();
    }
    Ok(())
}
