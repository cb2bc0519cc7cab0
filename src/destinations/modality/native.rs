//! `Transport: "Native"`: our own SCU and nothing else.

use super::NativeWay;
use crate::destinations::{Description, Endpoint, Traits, TransportName};
use crate::item::{Class, Outcome};
use crate::transport::confirm::{Answers, Question};
use crate::transport::native::{self, Look, Native};
use crate::transport::{Batch, Delivery, Permit, Probe, Standing};

pub(super) struct ByNative(pub(super) NativeWay);

impl Endpoint for ByNative {
    fn admit(&self, _: Standing) -> Option<Permit<'_>> {
        Some(Permit::free())
    }

    fn deliver(&self, batch: &Batch<'_>) -> Delivery {
        let sent = self.0.send(batch, Native::deliver);
        native::without_orthanc(sent, self.0.clock.as_ref(), native::to_auto)
    }

    fn probe(&self) -> Probe {
        match self.0.look() {
            Look::Seen(probe) => probe,
            Look::OnlyOrthanc(reason) => {
                Probe::Silent(Outcome::new(Class::Unreachable, native::to_auto(&reason)))
            }
        }
    }

    fn traits(&self) -> Traits {
        TRAITS
    }

    fn describe(&self) -> Description {
        Description {
            transport: TransportName::Native,
            reason: "Transport is \"Native\"".to_owned(),
        }
    }

    fn end_group(&self, group: &str) {
        self.0.end_group(group);
    }

    fn recall(&self) {
        self.0.native.recall();
    }

    fn confirm(&self, question: &Question<'_>) -> Answers {
        self.0.confirm(question)
    }
}

/// Of our own SCU.
pub(super) const TRAITS: Traits = Traits {
    shared: false,
    crowded: false,
    memory: true,
};
