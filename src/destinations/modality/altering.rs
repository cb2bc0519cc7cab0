//! For a destination that asks for what it gets to be changed: our own SCU, and what the editor makes of each instance.
//!
//! Invariant: there is no other way. What only Orthanc could send waits, with the reason: it would send what is stored.

use std::sync::Arc;

use super::NativeWay;
use super::native::TRAITS;
use crate::destinations::{Description, Endpoint, Traits, TransportName};
use crate::item::{Class, Outcome};
use crate::transport::confirm::{Answers, Question};
use crate::transport::edited::Editor;
use crate::transport::native::{self, Look};
use crate::transport::{Batch, Delivery, Permit, Probe, Standing};

pub(super) struct Altering {
    pub(super) way: NativeWay,
    pub(super) editor: Arc<dyn Editor>,
}

/// Why it waits.
fn waits(reason: &str) -> String {
    format!("{reason} (what is changed on its way cannot go through Orthanc)")
}

impl Endpoint for Altering {
    fn admit(&self, _: Standing) -> Option<Permit<'_>> {
        Some(Permit::free())
    }

    fn deliver(&self, batch: &Batch<'_>) -> Delivery {
        let sent = self.way.send(batch, |native, to, batch| {
            native.deliver_edited(to, batch, self.editor.as_ref())
        });
        native::without_orthanc(sent, self.way.clock.as_ref(), waits)
    }

    fn probe(&self) -> Probe {
        match self.way.look() {
            Look::Seen(probe) => probe,
            Look::OnlyOrthanc(reason) => {
                Probe::Silent(Outcome::new(Class::Unreachable, waits(&reason)))
            }
        }
    }

    fn traits(&self) -> Traits {
        TRAITS
    }

    fn describe(&self) -> Description {
        Description {
            transport: TransportName::Native,
            reason: "what is sent is changed on its way, which only the plugin's own SCU can do"
                .to_owned(),
        }
    }

    fn end_group(&self, group: &str) {
        self.way.end_group(group);
    }

    fn recall(&self) {
        self.way.native.recall();
    }

    fn confirm(&self, question: &Question<'_>) -> Answers {
        self.way.confirm(question)
    }
}
