//! What becomes of an instance that was received before.

/// Setting `Again` of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Again {
    /// What was queued once for a destination is not queued there again.
    Never,
    /// Only if the destination does not have it, or not with this content.
    #[default]
    IfChanged,
    /// As often as Orthanc tells of it.
    Always,
}
