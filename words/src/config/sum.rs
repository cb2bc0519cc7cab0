//! A sum of what is written in the configuration, under which things are remembered.
//!
//! Invariant: the same in every version and on every machine, and in whatever order the keys of an object stand:
//! Orthanc sorts them, a person does not.

use serde_json::Value;

use super::files::sorted;

/// FNV-1a, 64 bits.
pub(super) fn sum<'a>(values: impl IntoIterator<Item = Option<&'a Value>>) -> String {
    let written = values.into_iter().map(|value| match value {
        Some(value) => sorted(value.clone()).to_string(),
        None => String::new(),
    });
    let text = written.collect::<Vec<String>>().join("\n");
    let sum = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("#{sum:016x}")
}
