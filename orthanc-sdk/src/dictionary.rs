//! What the host knows by name: tags of the DICOM dictionary, and where its configuration is.

use crate::context::c_string;
use crate::host::Host;
use crate::memory::HostString;
use crate::{CallError, raw};

impl Host {
    /// The (group, element) of a tag, by the name that Orthanc's dictionary gives it (`"Modality"`) or by its number
    /// (`"0008-0060"`). `None`: the dictionary has no such tag.
    pub fn lookup_tag(&self, name: &str) -> Option<(u16, u16)> {
        let lease = self.lease().ok()?;
        let name = c_string("name of the tag", name).ok()?;
        let mut entry = raw::OrthancPluginDictionaryEntry {
            group: 0,
            element: 0,
            vr: raw::OrthancPluginValueRepresentation_UN,
            minMultiplicity: 0,
            maxMultiplicity: 0,
        };
        let params = raw::_OrthancPluginLookupDictionary {
            target: &raw mut entry,
            name: name.as_ptr(),
        };
        // SAFETY: the parameters are those of the service, and outlive the call.
        unsafe {
            lease.invoke(
                raw::_OrthancPluginService_LookupDictionary,
                &raw const params,
            )
        }
        .ok()?;
        Some((entry.group, entry.element))
    }

    /// Where the configuration was read from, as Orthanc tells it: the folder or file, which may be relative to the
    /// working directory.
    ///
    /// # Errors
    /// [`CallError::Code`] if Orthanc was started without a configuration, [`CallError::HostGone`] after `finalize`.
    pub fn configuration_path(&self) -> Result<String, CallError> {
        let lease = self.lease()?;
        let mut text = HostString::new(&lease);
        let params = raw::_OrthancPluginRetrieveDynamicString {
            result: text.target(),
            argument: std::ptr::null(),
        };
        // SAFETY: the parameters are those of the service, and outlive the call.
        unsafe {
            lease.invoke(
                raw::_OrthancPluginService_GetConfigurationPath,
                &raw const params,
            )
        }
        .map_err(|code| lease.refused(code))?;
        text.accept();
        Ok(String::from_utf8_lossy(text.bytes()).into_owned())
    }
}
