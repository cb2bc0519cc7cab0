//! DICOM files in Orthanc's memory: read from its storage, or transcoded.
//!
//! # Invariants
//!
//! - The bytes are where Orthanc wrote them: nothing is copied. Nobody else knows them, and nobody writes them again.
//! - A file holds no [`Lease`]: it may live through a long transmission without `finalize` waiting for it, and may be
//!   read and dropped after `finalize`, when there is no context any more.

use std::ffi::{c_char, c_void};
use std::ops::Deref;
use std::{fmt, ptr, slice};

use crate::context::{Free, Lease, c_string, size_u32};
use crate::error::CallError;
use crate::host::Host;
use crate::memory::HostBuffer;
use crate::raw;

/// The transfer syntaxes that Orthanc takes for lossy (`IDicomTranscoder::GetTranscodingType`; the same in 1.10.1,
/// 1.12.7 and 1.13.0): it gives an image another SOP Instance UID then.
const LOSSY: [&str; 5] = [
    "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.81",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.93",
];

/// A DICOM file as it is in Orthanc's storage, in memory that Orthanc allocated. Freed on drop, also after `finalize`.
/// [`Host::read_instance`] makes it.
pub struct DicomFile {
    data: *mut c_void,
    size: usize,
    free: Free,
}

// SAFETY: the memory belongs to this value alone and is only read; the C library's `free` may be called by any thread.
unsafe impl Send for DicomFile {}
// SAFETY: as above.
unsafe impl Sync for DicomFile {}

impl Deref for DicomFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: Orthanc has filled `size` bytes, which live until `self` is dropped.
        unsafe { bytes(self.data.cast(), self.size) }
    }
}

impl AsRef<[u8]> for DicomFile {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for DicomFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DicomFile({} bytes)", self.size)
    }
}

impl Drop for DicomFile {
    fn drop(&mut self) {
        // SAFETY: the memory came with this function, and is freed only here.
        unsafe { self.free.call(self.data) };
    }
}

/// A transcoded DICOM file, in an object of Orthanc's. Freed on drop; after `finalize` that is not possible any more,
/// and it is leaked. [`Host::transcode`] makes it.
pub struct TranscodedFile {
    host: Host,
    instance: *mut raw::OrthancPluginDicomInstance,
    data: *const u8,
    size: usize,
}

// SAFETY: the object belongs to this value alone, and Orthanc ties it to no thread. It is asked for its bytes once,
// before it is shared: Orthanc makes them at the first question.
unsafe impl Send for TranscodedFile {}
// SAFETY: as above.
unsafe impl Sync for TranscodedFile {}

impl Deref for TranscodedFile {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: the object's `size` bytes live until it is freed, which `drop` does.
        unsafe { bytes(self.data, self.size) }
    }
}

impl AsRef<[u8]> for TranscodedFile {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for TranscodedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TranscodedFile({} bytes)", self.size)
    }
}

impl Drop for TranscodedFile {
    fn drop(&mut self) {
        let Ok(lease) = self.host.lease() else {
            return;
        };
        let params = raw::_OrthancPluginFreeDicomInstance {
            dicom: self.instance,
        };
        // SAFETY: the parameters are those of the service; the object is of this lease's Orthanc and is freed only
        // here.
        let _ = unsafe {
            lease.invoke(
                raw::_OrthancPluginService_FreeDicomInstance,
                &raw const params,
            )
        };
    }
}

impl TranscodedFile {
    /// Asks for the bytes.
    fn fetch(&mut self, lease: &Lease) -> Result<(), i32> {
        let mut size = 0_i64;
        let mut data: *const c_char = ptr::null();
        let params = raw::_OrthancPluginAccessDicomInstance {
            resultStringToFree: ptr::null_mut(),
            resultString: &raw mut data,
            resultInt64: &raw mut size,
            key: ptr::null(),
            instance: self.instance,
            resultOrigin: ptr::null_mut(),
        };
        for service in [
            raw::_OrthancPluginService_GetInstanceSize,
            raw::_OrthancPluginService_GetInstanceData,
        ] {
            // SAFETY: the parameters are those of both services, and outlive the call; the object is alive.
            unsafe { lease.invoke(service, &raw const params) }?;
        }
        self.data = data.cast();
        self.size =
            usize::try_from(size).map_err(|_| raw::OrthancPluginErrorCode_InternalError as i32)?;
        Ok(())
    }
}

/// # Safety
/// `data` must be null, or `size` initialized bytes that nobody writes for `'a`.
unsafe fn bytes<'a>(data: *const u8, size: usize) -> &'a [u8] {
    if data.is_null() || size == 0 {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { slice::from_raw_parts(data, size) }
}

impl Host {
    /// The DICOM file of an instance, by its Orthanc identifier; byte by byte as it was stored. Orthanc's buffer is not
    /// copied; Orthanc itself has a second copy for a moment, and may keep one in its storage cache.
    ///
    /// Any thread may call this, several at once. Not before `OrthancStarted` (`initialize` included), not after
    /// `OrthancStopped`, and never from `on_stored_instance`. Orthanc does not stop while a call runs.
    ///
    /// **Orthanc 1.10.1 holds one mutex for the whole call**: it reads or transcodes one file at a time, and whoever
    /// calls REST meanwhile, this plugin or another, waits. 1.12.7 and 1.13.0 work side by side.
    ///
    /// # Errors
    /// [`CallError::Code`] of Orthanc (1.10.1, 1.12.7 and 1.13.0, unless a version is named):
    ///
    /// - 17, unknown resource: there is no instance of this identifier (any more). The only one that Orthanc does not
    ///   log.
    /// - -1, internal error: the identifier has no DICOM file; on 1.10.1 also that of a study, for instance. On 1.13.0
    ///   also any failure of the storage that is not one of Orthanc's own.
    /// - 2006, regular file expected: the storage has lost the file. 13, inexistent file: it is there, but cannot be
    ///   opened. A storage plugin has its own codes.
    /// - 4, not enough memory: also a file of 4 GiB and more. On 1.10.1 and 1.12.7 memory that runs out while the file
    ///   is read is an exception that ends the process.
    /// - 2038, database not initialized: Orthanc is starting or stopping.
    ///
    /// [`CallError::BadArgument`] for a NUL in `id`, [`CallError::HostGone`] after `finalize`.
    pub fn read_instance(&self, id: &str) -> Result<DicomFile, CallError> {
        let id = c_string("the instance's identifier", id)?;
        let lease = self.lease()?;
        let mut buffer = HostBuffer::new(&lease);
        let params = raw::_OrthancPluginGetDicomForInstance {
            target: buffer.target(),
            instanceId: id.as_ptr(),
        };
        // SAFETY: the parameters are those of the service, and outlive the call.
        unsafe {
            lease.invoke(
                raw::_OrthancPluginService_GetDicomForInstance,
                &raw const params,
            )
        }
        .map_err(|code| lease.refused(code))?;
        buffer.accept();
        let (data, size) = buffer.release();
        Ok(DicomFile {
            data,
            size,
            free: lease.free_function(),
        })
    }

    /// A DICOM file in another transfer syntax (its UID), by the transcoders of Orthanc and of its plugins. The bytes
    /// of the result are not copied; the call takes long and needs several times the file's size. Threads, and the
    /// mutex of 1.10.1: as [`read_instance`](Self::read_instance).
    ///
    /// **Compare the SOP Instance UIDs.** The service has no `allowNewSopInstanceUid`: Orthanc tells its transcoders
    /// that they may change it. Its own does so for a lossy result only, and those are not asked for here; but a
    /// transcoder of another plugin is not checked.
    ///
    /// The result is written anew, also if the file has this transfer syntax already: other meta information and
    /// padding are possible. 1.10.1 leaves zeros after a deflated data set.
    ///
    /// # Errors
    /// [`CallError::Code`] of Orthanc (since 1.7.0; the codes are those of 1.10.1, 1.12.7 and 1.13.0, tried with all
    /// three):
    ///
    /// - 3, parameter out of range: Orthanc does not know the transfer syntax.
    /// - 2, not implemented: it cannot be done. No transcoder for the one transfer syntax or the other, or the pixel
    ///   data is not what the file says.
    /// - 15, bad file format: `dicom` is no DICOM file, or only the beginning of one.
    /// - -1, internal error: the result could not be written.
    /// - 2038, database not initialized: Orthanc is starting or stopping.
    ///
    /// Orthanc logs each as an error. Only memory that runs out is an exception that ends the process.
    ///
    /// [`CallError::BadArgument`] for a lossy transfer syntax (JPEG baseline and extended, near-lossless JPEG-LS, JPEG
    /// 2000 without "lossless only"), a NUL in `transfer_syntax`, and more than 4 GiB; [`CallError::HostGone`] after
    /// `finalize`.
    pub fn transcode(
        &self,
        dicom: &[u8],
        transfer_syntax: &str,
    ) -> Result<TranscodedFile, CallError> {
        if LOSSY.contains(&transfer_syntax) {
            return Err(CallError::BadArgument(format!(
                "{transfer_syntax} is a lossy transfer syntax, the instance would become another one"
            )));
        }
        self.encode(dicom, transfer_syntax)
    }

    /// The same for lossy transfer syntaxes too, which make another instance of an image: with a SOP Instance UID that
    /// Orthanc makes up, another one each time. What the codec writes into the header beside it differs between codecs:
    /// Orthanc's own fills in (0028,2110) to (0028,2114), those of its GDCM plugin do not.
    ///
    /// # Errors
    /// As [`Host::transcode`], but for the lossy ones.
    pub fn transcode_lossily(
        &self,
        dicom: &[u8],
        transfer_syntax: &str,
    ) -> Result<TranscodedFile, CallError> {
        self.encode(dicom, transfer_syntax)
    }

    fn encode(&self, dicom: &[u8], transfer_syntax: &str) -> Result<TranscodedFile, CallError> {
        let transfer_syntax = c_string("the transfer syntax", transfer_syntax)?;
        let size = size_u32("the DICOM file", dicom.len())?;
        let lease = self.lease()?;
        let mut instance: *mut raw::OrthancPluginDicomInstance = ptr::null_mut();
        let params = raw::_OrthancPluginCreateDicomInstance {
            target: &raw mut instance,
            buffer: dicom.as_ptr().cast(),
            size,
            transferSyntax: transfer_syntax.as_ptr(),
        };
        // SAFETY: the parameters are those of the service, and outlive the call.
        unsafe {
            lease.invoke(
                raw::_OrthancPluginService_TranscodeDicomInstance,
                &raw const params,
            )
        }
        .map_err(|code| lease.refused(code))?;
        let mut file = TranscodedFile {
            host: *self,
            instance,
            data: ptr::null(),
            size: 0,
        };
        file.fetch(&lease).map_err(|code| lease.refused(code))?;
        Ok(file)
    }
}
