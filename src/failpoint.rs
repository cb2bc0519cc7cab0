//! Points at which a test ends the process as kill -9 would: between each pair of steps of a delivery.
//!
//! Only in builds with debug assertions; in a release there is nothing here.

/// The steps, in their order: `submitted`, `named` and `job-ended` over REST only, `answered` and `told` natively only.
pub const POINTS: [&str; 10] = [
    "arrived",
    "enqueued",
    "claimed",
    "submitted",
    "named",
    "job-ended",
    "answered",
    "told",
    "delivered",
    "finished",
];

/// Ends the process if `SENDQUEUE_FAIL_POINT` names this point.
pub fn pass(point: &str) {
    debug_assert!(POINTS.contains(&point), "{point}");
    if cfg!(debug_assertions)
        && std::env::var_os("SENDQUEUE_FAIL_POINT").is_some_and(|named| named == point)
    {
        std::process::abort();
    }
}

/// Ends the process if `SENDQUEUE_FAIL_INSTANCE` is this SOP instance UID: as one does that no codec survives.
pub fn touch(sop_instance_uid: &str) {
    if cfg!(debug_assertions)
        && std::env::var_os("SENDQUEUE_FAIL_INSTANCE")
            .is_some_and(|named| named == sop_instance_uid)
    {
        std::process::abort();
    }
}
