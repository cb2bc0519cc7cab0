//! What a plugin is.

use crate::host::Host;

/// An Orthanc plugin. [`export_plugin!`](crate::export_plugin) makes the library's entry points of it.
pub trait Plugin: Send + Sync + Sized + 'static {
    /// The name in Orthanc's log, in `/plugins`, and unique among the loaded plugins.
    const NAME: &'static str;
    /// The plugin's own version, as shown by Orthanc.
    const VERSION: &'static str;
    /// One sentence for the "Plugins" page of Orthanc Explorer.
    const DESCRIPTION: &'static str;
    /// The oldest Orthanc the plugin runs in; an older one refuses to start with an error that says so.
    const MINIMUM_HOST: (u32, u32, u32);

    /// Runs once, on Orthanc's main thread, before REST, DICOM and HTTP are up: the configuration can be read,
    /// callbacks registered; the REST API cannot be called yet, and metrics cannot be set (wait for
    /// [`ChangeType::OrthancStarted`](crate::ChangeType::OrthancStarted)).
    ///
    /// # Errors
    /// The text is logged as one error message, and Orthanc refuses to start. `finalize` is not called then and the
    /// library is unloaded: start no thread before the last step that can fail.
    fn initialize(host: Host) -> Result<Self, String>;

    /// Runs once, after HTTP and DICOM have stopped, if `initialize` succeeded. All callbacks are gone already; `Host`
    /// still works for logging. Join all threads here. Orthanc may initialize the plugin again in the same process.
    fn finalize(self);
}
