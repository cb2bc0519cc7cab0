//! A kind of destination that plays a script: all that a kind is, in one file.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use orthanc_sdk::Change;
use parking_lot::Mutex;

use crate::config::settings::DestinationSettings;
use crate::destinations::{Description, Endpoint, Kind, Traits, TransportName};
use crate::transport::confirm::{Answers, Question};
use crate::transport::{Batch, Delivery, Permit, Probe, Standing};

/// What happens at the other side, by the name of the entry.
pub trait Player: Send + Sync + 'static {
    fn deliver(&self, entry: &str, batch: &Batch<'_>) -> Delivery;

    fn probe(&self, entry: &str) -> Probe;

    /// Before a worker claims.
    fn admit(&self) {}

    /// Whether it holds what others need too.
    fn shares(&self, entry: &str) -> bool;

    fn end_group(&self, entry: &str, group: &str);

    /// What it says of what it acknowledged.
    fn confirm(&self, _: &str, question: &Question<'_>) -> Answers {
        Answers::none(question.instances.len(), "not asked")
    }
}

pub struct Played<P> {
    pub prefix: &'static str,
    pub entries: Mutex<BTreeSet<String>>,
    /// Called once, before they are read.
    pub hook: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    /// They cannot be read now.
    pub mute: AtomicBool,
    pub player: Arc<P>,
}

impl<P> Played<P> {
    pub fn new(prefix: &'static str, entries: &[&str], player: Arc<P>) -> Arc<Played<P>> {
        let entries = entries.iter().map(|name| (*name).to_owned()).collect();
        Arc::new(Played {
            prefix,
            entries: Mutex::new(entries),
            hook: Mutex::default(),
            mute: AtomicBool::new(false),
            player,
        })
    }
}

impl<P: Player> Kind for Played<P> {
    fn name(&self) -> &'static str {
        "played"
    }

    fn prefix(&self) -> &'static str {
        self.prefix
    }

    fn entries(&self, _: bool) -> Result<BTreeSet<String>, String> {
        if let Some(hook) = self.hook.lock().take() {
            hook();
        }
        if self.mute.load(Ordering::SeqCst) {
            return Err("no answer".to_owned());
        }
        Ok(self.entries.lock().clone())
    }

    fn endpoint(&self, _: &str, entry: &str, _: &DestinationSettings) -> Arc<dyn Endpoint> {
        Arc::new(End {
            entry: entry.to_owned(),
            player: self.player.clone(),
        })
    }

    fn changed(&self, _: &Change) {}

    fn end_jobs(&self, _: &[String]) {}

    fn interrupt(&self) {}

    fn cut(&self) {}

    fn is_held(&self) -> bool {
        false
    }
}

struct End<P> {
    entry: String,
    player: Arc<P>,
}

impl<P: Player> Endpoint for End<P> {
    fn admit(&self, _: Standing) -> Option<Permit<'_>> {
        self.player.admit();
        Some(Permit::free())
    }

    fn deliver(&self, batch: &Batch<'_>) -> Delivery {
        self.player.deliver(&self.entry, batch)
    }

    fn probe(&self) -> Probe {
        self.player.probe(&self.entry)
    }

    fn traits(&self) -> Traits {
        let shared = self.player.shares(&self.entry);
        Traits {
            shared,
            crowded: false,
            memory: false,
        }
    }

    fn describe(&self) -> Description {
        Description {
            transport: TransportName::Native,
            reason: "played".to_owned(),
        }
    }

    fn end_group(&self, group: &str) {
        self.player.end_group(&self.entry, group);
    }

    fn recall(&self) {}

    fn confirm(&self, question: &Question<'_>) -> Answers {
        self.player.confirm(&self.entry, question)
    }
}
