//! The settings of a destination in the configuration's own words.

use serde_json::{Value, json};

use super::settings::{DestinationSettings, LocalAet};
use super::window;
use super::words::{LEVELS, REMOTE_AET, TRANSPORTS, word_of};

/// The settings in force for a destination, with the keys and values of the configuration.
///
/// `null` for `LocalAet` and `Timeout` that are not set: Orthanc's own rules apply.
pub fn in_force(settings: &DestinationSettings) -> Value {
    json!({
        "Transport": word_of(&TRANSPORTS, &settings.transport),
        "TransferSyntax": settings.transfer_syntax,
        "Associations": settings.associations,
        "BatchSize": settings.batch_size,
        "Level": word_of(&LEVELS, &settings.level),
        "QuietSeconds": settings.quiet_seconds,
        "Priority": settings.priority.as_str(),
        "ReservedAssociations": settings.reserved_associations,
        "LocalAet": match &settings.local_aet {
            LocalAet::Orthanc => Value::Null,
            LocalAet::Remote => Value::from(REMOTE_AET),
            LocalAet::Fixed(aet) => Value::from(aet.as_str()),
        },
        "Timeout": settings.timeout,
        "Retry": {
            "MaxAttempts": settings.retry.max_attempts,
            "Delay": number(settings.retry.delay),
            "Multiplier": number(settings.retry.multiplier),
            "MaxDelay": number(settings.retry.max_delay),
            "OnRejected": settings.retry.on_rejected,
        },
        "ExpireAfter": settings.expire_after,
        "MaxBytesPerSecond": settings.max_bytes_per_second,
        "Windows": settings.windows.iter().map(window::format).collect::<Vec<String>>(),
    })
}

/// 30 rather than 30.0, as people write it.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && (0.0..1e15).contains(&value) {
        // Exact: the value is whole and in range.
        Value::from(value as u64)
    } else {
        Value::from(value)
    }
}
