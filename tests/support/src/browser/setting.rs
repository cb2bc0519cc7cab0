//! Where and how one looks at a page: on a phone, in the dark, without a network; and a picture of it.

use std::path::Path;

use base64::Engine as _;
use serde_json::json;

use super::Browser;

impl Browser {
    /// The page gets exactly this: the window's own borders do not count. Below 600 it is a phone: scroll bars take no
    /// room, and a page that does not say that it fits (`<meta name="viewport">`) is laid out for a desk and shrunk.
    pub fn set_size(&self, width: u32, height: u32) {
        self.driver.chromium(
            "Emulation.setDeviceMetricsOverride",
            &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 }),
        );
    }

    pub fn set_dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        self.driver.chromium(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] }),
        );
    }

    /// What a person would have allowed when asked, such as `clipboardReadWrite` (names of the DevTools protocol);
    /// nothing else.
    pub fn grant(&self, permissions: &[&str]) {
        self.driver.chromium(
            "Browser.grantPermissions",
            &json!({ "permissions": permissions }),
        );
    }

    /// Whether the browser has lost its network: each request fails at once.
    pub fn set_offline(&self, offline: bool) {
        self.driver.chromium("Network.enable", &json!({}));
        self.driver.chromium(
            "Network.emulateNetworkConditions",
            &json!({ "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 }),
        );
    }

    /// Throws away the files that were kept of pages, as if it had never been there.
    pub fn forget_files(&self) {
        let none = json!({});
        self.driver.chromium("Network.clearBrowserCache", &none);
    }

    /// Writes what is seen as PNG; `whole`: the page to its end, not only the window.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn screenshot(&self, path: &Path, whole: bool) {
        let parameters = json!({ "format": "png", "captureBeyondViewport": whole });
        let answer = self.driver.chromium("Page.captureScreenshot", &parameters);
        let data = answer["data"].as_str().expect("a picture");
        let data = base64::engine::general_purpose::STANDARD
            .decode(data)
            .expect("base64");
        std::fs::write(path, data).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
