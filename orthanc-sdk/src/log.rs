//! The `log` crate's macros write to Orthanc's log.
//!
//! - error → error, warn → warning; info, debug and trace → info (shown by Orthanc with `--verbose`).
//! - Each message is one line: control characters are escaped (see [`escape`]), so that text from DICOM files and peers
//!   cannot look like another line of the log.
//! - The logger is a static without state that asks for the current [`Host`](crate::Host): it survives a reload, and
//!   drops messages while no plugin is loaded.
//! - From Orthanc 1.12.4 on the line names the plugin, the source file and the line; on older ones the message starts
//!   with the plugin's name.

use std::borrow::Cow;
use std::ffi::CString;
use std::fmt::Write;

use ::log::{Level, LevelFilter, Log, Metadata, Record};

use crate::context;
use crate::raw;

struct OrthancLogger;

static LOGGER: OrthancLogger = OrthancLogger;

/// Makes Orthanc's log the one of the `log` crate, up to level info (`log::set_max_level` changes that). Calling it
/// again is fine. Done before `initialize`.
pub fn install() {
    // A second `set_logger` fails, and then the logger is this one already, or one that the plugin chose.
    if ::log::set_logger(&LOGGER).is_ok() {
        ::log::set_max_level(LevelFilter::Info);
    }
}

impl Log for OrthancLogger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= ::log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            write(
                record.level(),
                &record.args().to_string(),
                record.file().unwrap_or("plugin"),
                record.line(),
            );
        }
    }

    fn flush(&self) {}
}

/// An error line, whatever logger is installed. For what must reach Orthanc's log.
pub(crate) fn error(message: &str) {
    write(Level::Error, message, "plugin", None);
}

fn write(level: Level, message: &str, file: &str, line: Option<u32>) {
    let Some(host) = context::current() else {
        return;
    };
    let Ok(lease) = host.lease() else { return };
    let message = escape(message);
    if host.at_least(1, 12, 4) {
        let (Ok(message), Ok(plugin), Ok(file)) = (
            CString::new(message.as_ref()),
            CString::new(host.plugin_name()),
            CString::new(file),
        ) else {
            return;
        };
        let params = raw::LogMessage {
            message: message.as_ptr(),
            plugin: plugin.as_ptr(),
            file: file.as_ptr(),
            line: line.unwrap_or(0),
            category: raw::LOG_CATEGORY_GENERIC,
            level: match level {
                Level::Error => 0,
                Level::Warn => 1,
                Level::Info | Level::Debug | Level::Trace => 2,
            },
        };
        // SAFETY: the parameters are those of the service, which this version of Orthanc has.
        let _ = unsafe { lease.invoke(raw::SERVICE_LOG_MESSAGE, &raw const params) };
    } else {
        let Ok(text) = CString::new(format!("{}: {message}", host.plugin_name())) else {
            return;
        };
        let service = match level {
            Level::Error => raw::_OrthancPluginService_LogError,
            Level::Warn => raw::_OrthancPluginService_LogWarning,
            Level::Info | Level::Debug | Level::Trace => raw::_OrthancPluginService_LogInfo,
        };
        // SAFETY: the parameter of these services is the string itself.
        let _ = unsafe { lease.invoke(service, text.as_ptr()) };
    }
}

/// The text with all control characters, line and paragraph separators and marks of writing direction escaped as Rust
/// writes them: `\n`, `\r`, `\t`, `\u{1b}`. All else, a backslash too, stays as it is.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_forbidden) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            c if is_forbidden(c) => {
                let _ = write!(escaped, "\\u{{{:x}}}", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

fn is_forbidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn a_message_stays_one_line() {
        assert_eq!(escape("plain \\ text, Ünïcödé"), "plain \\ text, Ünïcödé");
        assert_eq!(escape("a\nE1121 forged\r\tb"), "a\\nE1121 forged\\r\\tb");
        assert_eq!(
            escape("\0\u{1b}[31m\u{7f}\u{85}"),
            "\\u{0}\\u{1b}[31m\\u{7f}\\u{85}"
        );
        assert_eq!(
            escape("\u{2028}\u{202e}\u{2066}"),
            "\\u{2028}\\u{202e}\\u{2066}"
        );
    }
}
