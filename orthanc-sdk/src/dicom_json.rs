//! The tags of a DICOM file that Orthanc does not store.

use std::ffi::c_void;

use crate::context::size_u32;
use crate::host::Host;
use crate::memory::HostString;
use crate::{CallError, raw};

impl Host {
    /// The tags of a DICOM file (PS3.10) as JSON, in the form of Orthanc's `/instances/{id}/tags?short`
    /// (`{ "0008,0060": "CT" }`), with all text whatever its length, and with what stands behind the pixel data. What
    /// is binary is null. Orthanc stores nothing. It reads the whole file, on the calling thread.
    ///
    /// # Errors
    /// [`CallError::Code`] for what is no DICOM file, [`CallError::HostGone`] after `finalize`.
    pub fn dicom_tags(&self, file: &[u8]) -> Result<Vec<u8>, CallError> {
        let lease = self.lease()?;
        let size = size_u32("size of the file", file.len())?;
        let mut text = HostString::new(&lease);
        let params = raw::_OrthancPluginDicomToJson {
            result: text.target(),
            instanceId: std::ptr::null(),
            buffer: file.as_ptr().cast::<c_void>(),
            size,
            format: raw::OrthancPluginDicomToJsonFormat_Short,
            flags: raw::OrthancPluginDicomToJsonFlags_IncludeBinary
                | raw::OrthancPluginDicomToJsonFlags_IncludePrivateTags
                | raw::OrthancPluginDicomToJsonFlags_IncludeUnknownTags
                | raw::OrthancPluginDicomToJsonFlags_IncludePixelData
                | raw::OrthancPluginDicomToJsonFlags_ConvertBinaryToNull,
            maxStringLength: 0,
        };
        // SAFETY: the parameters are those of the service, and outlive the call.
        unsafe {
            lease.invoke(
                raw::_OrthancPluginService_DicomBufferToJson,
                &raw const params,
            )
        }
        .map_err(|code| lease.refused(code))?;
        text.accept();
        Ok(text.bytes().to_vec())
    }
}
