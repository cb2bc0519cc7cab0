//! How much is proposed at once: less, where a receiver refuses an association because of what is proposed.
//!
//! Invariants:
//! - Some receivers refuse a whole association for more contexts than they have room for, or for one that they do not
//!   like (Verification beside Storage): what is left out then is what is needed least.
//! - In each width the first kind of the forecast can be sent, in whatever transfer syntax the receiver takes.
//! - An instance that a narrow association has no context for gets one of its own (`deliver.rs`).

use super::contexts::{Conversion, Kind, Proposal};
use super::kinds::Forecast;

/// The most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Width {
    /// All that is foreseen, and Verification.
    #[default]
    All,
    /// The SOP classes of the group, and Verification.
    Group,
    /// The same without Verification.
    GroupAlone,
    /// One context for each SOP class: the receiver chooses its transfer syntax.
    ContextPerClass,
    /// One context.
    OneClass,
}

impl Width {
    pub fn narrower(self) -> Option<Width> {
        match self {
            Width::All => Some(Width::Group),
            Width::Group => Some(Width::GroupAlone),
            Width::GroupAlone => Some(Width::ContextPerClass),
            Width::ContextPerClass => Some(Width::OneClass),
            Width::OneClass => None,
        }
    }

    /// The next narrower one in which something else than this is proposed.
    pub fn narrower_than(
        self,
        refused: &Proposal,
        forecast: &Forecast,
        conversion: &Conversion,
    ) -> Option<(Width, Proposal)> {
        std::iter::successors(self.narrower(), |width| width.narrower())
            .map(|width| (width, width.proposal(forecast, conversion)))
            .find(|(_, proposal)| proposal != refused)
    }

    pub fn proposal(self, forecast: &Forecast, conversion: &Conversion) -> Proposal {
        let group = Proposal::new(&forecast.group, conversion);
        match self {
            Width::All => {
                let all: Vec<Kind> = [&forecast.group[..], &forecast.lately].concat();
                Proposal::new(&all, conversion)
            }
            Width::Group => group,
            Width::GroupAlone => group.without_verification(),
            Width::ContextPerClass => {
                let mut kinds: Vec<Kind> = Vec::new();
                for kind in &forecast.group {
                    // Of several stored syntaxes the receiver could choose the one that another instance is stored in.
                    if !kinds.iter().any(|one| one.sop_class == kind.sop_class) {
                        kinds.push(kind.clone());
                    }
                }
                Proposal::new(&kinds, conversion)
                    .without_verification()
                    .one_context_per_class()
            }
            Width::OneClass => {
                let first = forecast.group.first().cloned();
                Proposal::new(first.as_slice(), conversion)
                    .without_verification()
                    .one_context_per_class()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::command::VERIFICATION;
    use super::super::contexts::EXPLICIT_VR_LE;
    use super::*;

    const JPEG: &str = "1.2.840.10008.1.2.4.70";

    fn kind(class: &str, syntax: &str) -> Kind {
        Kind {
            sop_class: class.to_owned(),
            transfer_syntax: syntax.to_owned(),
        }
    }

    fn forecast() -> Forecast {
        Forecast {
            group: vec![
                kind("1.1", JPEG),
                kind("1.2", EXPLICIT_VR_LE),
                kind("1.1", EXPLICIT_VR_LE),
            ],
            lately: vec![kind("1.3", JPEG), kind("1.4", JPEG)],
        }
    }

    const ALLOWED: Conversion = Conversion {
        allowed: true,
        forced: None,
        preferred: None,
    };

    #[test]
    fn each_width_proposes_less_and_the_first_kind_always() {
        let (mut width, mut counts) = (Some(Width::All), Vec::new());
        while let Some(one) = width {
            let contexts = one.proposal(&forecast(), &ALLOWED).encode();
            let classes: std::collections::BTreeSet<&str> = contexts
                .iter()
                .map(|context| context.abstract_syntax.as_str())
                .collect();
            assert_eq!(contexts[0].abstract_syntax, "1.1");
            assert_eq!(contexts[0].transfer_syntaxes[0], JPEG);
            assert_eq!(classes.contains(VERIFICATION), one < Width::GroupAlone);
            counts.push((contexts.len(), classes.len()));
            width = one.narrower();
        }
        assert_eq!(counts, [(16, 5), (8, 3), (7, 2), (2, 2), (1, 1)]);
    }

    #[test]
    fn what_would_be_the_same_is_not_tried_again() {
        let forecast = Forecast::of(&kind("1.1", JPEG));
        let mut tried = vec![Width::All];
        let mut refused = Width::All.proposal(&forecast, &ALLOWED);
        while let Some((width, proposal)) =
            tried[tried.len() - 1].narrower_than(&refused, &forecast, &ALLOWED)
        {
            tried.push(width);
            refused = proposal;
        }
        assert_eq!(
            tried,
            [Width::All, Width::GroupAlone, Width::ContextPerClass]
        );
    }

    #[test]
    fn in_one_context_the_first_of_its_class_can_go_in_any_syntax() {
        let contexts = Width::ContextPerClass
            .proposal(&forecast(), &ALLOWED)
            .encode();
        let mut syntaxes: Vec<&str> = vec![JPEG];
        syntaxes.extend(ALLOWED.fallbacks());
        assert_eq!(contexts[0].transfer_syntaxes, syntaxes);
        let unconverted = Width::OneClass.proposal(&forecast(), &Conversion::default());
        assert_eq!(unconverted.encode()[0].transfer_syntaxes, [JPEG]);
    }
}
