//! What the journal tells of.

use serde::Serialize;
use utoipa::ToSchema;

/// Kind of an entry of the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub enum Event {
    /// Orthanc started, and the queue was taken up.
    Started,
    /// Orthanc stopped as it should. It is missing where it ended suddenly.
    Stopped,
    /// A destination could no longer be reached.
    OutageBegan,
    /// It was reached again.
    OutageEnded,
    /// A person held a destination.
    Paused,
    Resumed,
    /// A person queued what Orthanc had.
    Enqueued,
    Replayed,
    Redirected,
    /// Removed from the error queue.
    Purged,
    Cancelled,
    /// One item, whatever its state was; or many that waited.
    Removed,
    PriorityChanged,
    /// A person ended the waiting of items.
    SentNow,
    /// Other settings were taken over.
    Reloaded,
    /// What had expired only because a clock was wrong waits again.
    Pardoned,
    /// Studies that are proven elsewhere were deleted from Orthanc.
    Deleted,
    /// Items went into the error queue: one entry for each hour and destination.
    Failures,
}

impl Event {
    pub const ALL: [Event; 18] = [
        Event::Started,
        Event::Stopped,
        Event::OutageBegan,
        Event::OutageEnded,
        Event::Paused,
        Event::Resumed,
        Event::Enqueued,
        Event::Replayed,
        Event::Redirected,
        Event::Purged,
        Event::Cancelled,
        Event::Removed,
        Event::PriorityChanged,
        Event::SentNow,
        Event::Reloaded,
        Event::Pardoned,
        Event::Deleted,
        Event::Failures,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Event::Started => "Started",
            Event::Stopped => "Stopped",
            Event::OutageBegan => "OutageBegan",
            Event::OutageEnded => "OutageEnded",
            Event::Paused => "Paused",
            Event::Resumed => "Resumed",
            Event::Enqueued => "Enqueued",
            Event::Replayed => "Replayed",
            Event::Redirected => "Redirected",
            Event::Purged => "Purged",
            Event::Cancelled => "Cancelled",
            Event::Removed => "Removed",
            Event::PriorityChanged => "PriorityChanged",
            Event::SentNow => "SentNow",
            Event::Reloaded => "Reloaded",
            Event::Pardoned => "Pardoned",
            Event::Deleted => "Deleted",
            Event::Failures => "Failures",
        }
    }

    pub fn parse(text: &str) -> Option<Event> {
        Event::ALL.into_iter().find(|event| event.as_str() == text)
    }

    /// Whether it counts items that a person did something to.
    pub fn is_of_items(self) -> bool {
        match self {
            Event::Enqueued
            | Event::Replayed
            | Event::Redirected
            | Event::Purged
            | Event::Cancelled
            | Event::Removed
            | Event::PriorityChanged
            | Event::SentNow => true,
            Event::Started
            | Event::Stopped
            | Event::OutageBegan
            | Event::OutageEnded
            | Event::Paused
            | Event::Resumed
            | Event::Reloaded
            | Event::Pardoned
            | Event::Deleted
            | Event::Failures => false,
        }
    }
}

impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::Event;

    #[test]
    fn words_go_there_and_back() {
        for event in Event::ALL {
            assert_eq!(Event::parse(event.as_str()), Some(event));
        }
        assert_eq!(Event::parse("started"), None);
    }
}
