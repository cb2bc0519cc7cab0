//! What Orthanc Explorer shows of a plugin.

use crate::context::c_string;
use crate::error::CallError;
use crate::host::Host;
use crate::raw;

impl Host {
    /// Adds JavaScript to Orthanc Explorer (the first one, `/app/explorer.html`), for instance for a button. The code
    /// of all plugins is joined into `/plugins/explorer.js`. The last call wins.
    pub fn extend_explorer(&self, javascript: &str) {
        self.set_property(raw::_OrthancPluginProperty_OrthancExplorer, javascript);
    }

    /// Where the plugin's own page is (for instance `/queue/ui/`): linked from the "Plugins" page.
    pub fn set_root_uri(&self, uri: &str) {
        self.set_property(raw::_OrthancPluginProperty_RootUri, uri);
    }

    /// Replaces [`Plugin::DESCRIPTION`](crate::Plugin::DESCRIPTION) on the "Plugins" page.
    pub fn set_description(&self, text: &str) {
        self.set_property(raw::_OrthancPluginProperty_Description, text);
    }

    fn set_property(&self, property: raw::_OrthancPluginProperty, value: &str) {
        // Orthanc has logged a refusal itself, and nobody is there to read after `finalize`.
        if let Err(error @ CallError::BadArgument(_)) = self.try_set_property(property, value) {
            log::warn!("cannot describe the plugin to Orthanc Explorer: {error}");
        }
    }

    fn try_set_property(
        &self,
        property: raw::_OrthancPluginProperty,
        value: &str,
    ) -> Result<(), CallError> {
        let lease = self.lease()?;
        let plugin = c_string("the plugin's name", self.plugin_name())?;
        let value = c_string("the text", value)?;
        let params = raw::_OrthancPluginSetPluginProperty {
            plugin: plugin.as_ptr(),
            property,
            value: value.as_ptr(),
        };
        // SAFETY: the parameters are those of the service, and outlive the call.
        unsafe {
            lease.invoke(
                raw::_OrthancPluginService_SetPluginProperty,
                &raw const params,
            )
        }
        .map_err(|code| lease.refused(code))
    }
}
