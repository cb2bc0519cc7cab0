//! `Transport: "Rest"`: Orthanc's own SCU, by its jobs, whose threads all such destinations share.

use super::Way;
use crate::destinations::{Description, Endpoint, Traits, TransportName};
use crate::transport::confirm::{Answers, Question};
use crate::transport::native::Look;
use crate::transport::rest::slots::Sharer;
use crate::transport::{Batch, Delivery, Permit, Probe, Standing};

pub(super) struct ByRest {
    way: Way,
    _sharer: Sharer,
}

impl ByRest {
    pub(super) fn new(way: Way) -> ByRest {
        let _sharer = way.rest.slots().share();
        ByRest { way, _sharer }
    }
}

impl Endpoint for ByRest {
    fn admit(&self, standing: Standing) -> Option<Permit<'_>> {
        self.way.rest.admit(&self.way.ours.modality, standing)
    }

    fn deliver(&self, batch: &Batch<'_>) -> Delivery {
        self.way.send_by_rest(batch)
    }

    /// By our own SCU all the same, but for receivers that only Orthanc can talk to.
    fn probe(&self) -> Probe {
        match self.way.ours.look() {
            Look::Seen(probe) => probe,
            Look::OnlyOrthanc(_) => self.way.look_by_rest(),
        }
    }

    fn traits(&self) -> Traits {
        Traits {
            shared: true,
            crowded: self.way.rest.slots().is_shared(),
            memory: false,
        }
    }

    fn describe(&self) -> Description {
        Description {
            transport: TransportName::Rest,
            reason: "Transport is \"Rest\"".to_owned(),
        }
    }

    /// Over REST the association ends with each job.
    fn end_group(&self, _: &str) {}

    fn recall(&self) {
        self.way.rest.recall();
    }

    fn confirm(&self, question: &Question<'_>) -> Answers {
        self.way.ours.confirm(question)
    }
}
