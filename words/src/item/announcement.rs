//! What other systems are told of.

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Announcement {
    /// Orthanc has stored an instance.
    InstanceStored,
    /// A destination has acknowledged an instance.
    InstanceDelivered,
    /// An instance came into the error queue.
    InstanceFailed,
    /// Nothing new of a study has come for some time.
    StudyComplete,
    /// All that is known of a study was delivered to a destination.
    StudyDelivered,
}

impl Announcement {
    pub const ALL: [Announcement; 5] = [
        Announcement::InstanceStored,
        Announcement::InstanceDelivered,
        Announcement::InstanceFailed,
        Announcement::StudyComplete,
        Announcement::StudyDelivered,
    ];

    /// In the configuration, and as the `type` of a CloudEvent.
    pub fn as_str(self) -> &'static str {
        match self {
            Announcement::InstanceStored => "instance.stored",
            Announcement::InstanceDelivered => "instance.delivered",
            Announcement::InstanceFailed => "instance.failed",
            Announcement::StudyComplete => "study.complete",
            Announcement::StudyDelivered => "study.delivered",
        }
    }

    pub fn parse(text: &str) -> Option<Announcement> {
        Announcement::ALL
            .into_iter()
            .find(|one| one.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for one in Announcement::ALL {
            assert_eq!(Announcement::parse(one.as_str()), Some(one));
        }
        assert_eq!(Announcement::parse("stored"), None);
    }
}
