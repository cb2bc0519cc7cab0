//! Environment variables for the libraries inside Orthanc.
//!
//! Invariant: a value that the administrator gave is never replaced.

use std::ffi::OsStr;

/// Sets a variable of this process unless it has a value already (an empty one is none); `true`: it was set.
///
/// To be called from [`crate::Plugin::initialize`] only: Orthanc then runs the one thread that loads plugins, its HTTP
/// and DICOM servers do not run yet (1.10.1 to 1.13.0: `StartOrthanc` loads the plugins first). DCMTK reads its
/// variables at each association.
pub fn set_if_unset(name: &str, value: &str) -> bool {
    if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
        return false;
    }
    if std::env::var_os(name)
        .as_deref()
        .is_some_and(|found| found != OsStr::new(""))
    {
        return false;
    }
    // SAFETY: no other thread of the host reads the environment now, see above; Rust's own readers are
    // serialised with this by the standard library.
    unsafe { std::env::set_var(name, value) };
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_value_stays() {
        let name = "ORTHANC_SDK_TEST_VARIABLE";
        assert!(set_if_unset(name, "1"));
        assert!(!set_if_unset(name, "2"));
        assert_eq!(std::env::var(name).as_deref(), Ok("1"));
        assert!(!set_if_unset("A=B", "1"));
        assert!(!set_if_unset("A\0", "1"));
    }
}
