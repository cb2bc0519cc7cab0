//! Whether Orthanc still has an instance that could not be read or sent.

use orthanc_sdk::{CallError, Client};

use crate::item::{Class, Outcome};

/// Orthanc's `ErrorCode_UnknownResource`.
pub const UNKNOWN_RESOURCE: i32 = 17;

/// Whether Orthanc has it no longer.
///
/// # Errors
/// When Orthanc cannot be asked.
pub fn is_gone(client: Client, instance: &str) -> Result<bool, CallError> {
    match client.get(&format!("/instances/{instance}")) {
        Ok(answer) => Ok(answer.status == 404),
        Err(CallError::Code { code, .. }) if code == UNKNOWN_RESOURCE => Ok(true),
        Err(error) => Err(error),
    }
}

pub fn outcome() -> Outcome {
    Outcome::new(Class::Missing, "the instance is no longer in Orthanc")
}
