//! Points at which a test ends the process as kill -9 would: between each pair of steps of a delivery; and those at
//! which it lets a service panic: where what it does is half done.
//!
//! Only in builds with debug assertions; in a release there is nothing here.

/// The steps, in their order: `looked-back` for a study that is taken whole only, `submitted`, `named` and `job-ended`
/// over REST only, `answered` and `told` natively only; `decided` and `numbered` for what is changed on its way only;
/// `asked` for what is confirmed later; `retention-…` where a study is deleted from Orthanc; `protecting` of a patient.
pub const POINTS: [&str; 21] = [
    "arrived",
    "enqueued",
    "looked-back",
    "claimed",
    "decided",
    "numbered",
    "submitted",
    "named",
    "job-ended",
    "answered",
    "told",
    "delivered",
    "finished",
    "asked",
    "retention-looked",
    "retention-noted",
    "retention-deleted",
    "retention-ended",
    "protecting",
    "events",
    "posted",
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

/// Panics as long as the folder that `SENDQUEUE_FAIL_PANIC` names has a file of this name: that of the service, and of
/// a step where there are two.
pub fn panic_in(service: &str) {
    if cfg!(debug_assertions) {
        let asked = std::env::var_os("SENDQUEUE_FAIL_PANIC")
            .is_some_and(|folder| std::path::Path::new(&folder).join(service).exists());
        assert!(!asked, "asked for by a test");
    }
}
