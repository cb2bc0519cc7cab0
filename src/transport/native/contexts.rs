//! Presentation contexts: what is proposed for which SOP classes, and what was agreed (PS3.8 7.1.1.13).
//!
//! Invariants:
//! - At most 128 contexts, with the odd identifiers 1 to 255, each once.
//! - What is needed now is proposed first; what is only foreseen as long as there is room.
//! - Of the peer's answer only what was proposed counts: an unknown identifier, one that is answered twice, or a
//!   transfer syntax that was not offered accepts nothing.

use super::pdu::ContextResult;
use super::pdu::write::ProposedContext;
use super::upper_layer;

pub const IMPLICIT_VR_LE: &str = "1.2.840.10008.1.2";
pub const EXPLICIT_VR_LE: &str = "1.2.840.10008.1.2.1";
/// Retired; the last resort.
pub const EXPLICIT_VR_BE: &str = "1.2.840.10008.1.2.2";

/// Most contexts of an association: identifiers are odd numbers of one byte.
const MOST: usize = 128;

/// A SOP class in the transfer syntax in which instances of it are stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind {
    pub sop_class: String,
    pub transfer_syntax: String,
}

/// How far a receiver's wishes can be met.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Conversion {
    /// Instances may be sent in another transfer syntax than the stored one.
    pub allowed: bool,
    /// The one transfer syntax that is wanted for images.
    pub forced: Option<String>,
    /// Tried before the uncompressed ones (`DicomScuPreferredTransferSyntax`).
    pub preferred: Option<String>,
}

impl Conversion {
    /// What an instance may be converted to where the receiver does not take the stored syntax, best first, as
    /// Orthanc's own SCU does (`DicomStoreUserConnection::ProposeStorageClass`).
    pub fn fallbacks(&self) -> impl Iterator<Item = &str> {
        let uncompressed = [EXPLICIT_VR_LE, IMPLICIT_VR_LE, EXPLICIT_VR_BE];
        let preferred = self.preferred.as_deref();
        let others = uncompressed.into_iter();
        preferred
            .into_iter()
            .chain(others.filter(move |one| preferred != Some(one)))
    }
}

/// What is proposed for an association.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proposal {
    contexts: Vec<(String, Vec<String>)>,
}

impl Proposal {
    /// For Verification alone.
    pub fn echo() -> Proposal {
        Proposal {
            contexts: vec![(
                super::command::VERIFICATION.to_owned(),
                vec![IMPLICIT_VR_LE.to_owned(), EXPLICIT_VR_LE.to_owned()],
            )],
        }
    }

    /// For one SOP class that is not stored, beside Verification: see [`Proposal::new`].
    pub fn service(sop_class: &str) -> Proposal {
        let mut proposal = Proposal::echo();
        let own = (sop_class.to_owned(), vec![IMPLICIT_VR_LE.to_owned()]);
        proposal.contexts.insert(0, own);
        proposal
    }

    /// `kinds`: the most needed first. A kind that no longer fits is left out.
    pub fn new(kinds: &[Kind], conversion: &Conversion) -> Proposal {
        let mut proposal = Proposal::default();
        for kind in kinds {
            // One syntax to a context: of several the receiver would choose, and what Orthanc cannot make of the
            // instance, or what is the stored one of the next instance, would have no way left.
            let mut syntaxes: Vec<&str> = conversion.forced.as_deref().into_iter().collect();
            syntaxes.push(&kind.transfer_syntax);
            if conversion.allowed {
                syntaxes.extend(conversion.fallbacks());
            }
            let mut wanted: Vec<Vec<String>> = Vec::new();
            for syntax in syntaxes {
                let group = vec![syntax.to_owned()];
                if !wanted.contains(&group) && !proposal.has(&kind.sop_class, &group) {
                    wanted.push(group);
                }
            }
            if proposal.contexts.len() + wanted.len() < MOST {
                let class = &kind.sop_class;
                proposal
                    .contexts
                    .extend(wanted.into_iter().map(|group| (class.clone(), group)));
            }
        }
        // Some receivers refuse an association of which they can accept nothing: so a SOP class that they do not take
        // would look like an outage. Verification every receiver must take (PS3.4 A).
        proposal.contexts.extend(Proposal::echo().contexts);
        proposal
    }

    pub fn without_verification(mut self) -> Proposal {
        self.contexts
            .retain(|(class, _)| class != super::command::VERIFICATION);
        self
    }

    /// The transfer syntaxes of a SOP class in one context, the receiver's to choose from.
    pub fn one_context_per_class(self) -> Proposal {
        let mut contexts: Vec<(String, Vec<String>)> = Vec::new();
        for (class, syntaxes) in self.contexts {
            match contexts.iter_mut().find(|(one, _)| *one == class) {
                Some((_, all)) => {
                    let new = syntaxes.into_iter().filter(|one| !all.contains(one));
                    let new: Vec<String> = new.collect();
                    all.extend(new);
                }
                None => contexts.push((class, syntaxes)),
            }
        }
        Proposal { contexts }
    }

    /// How many contexts it has.
    pub fn count(&self) -> usize {
        self.contexts.len()
    }

    /// Whether another one is part of this one.
    pub fn has_all_of(&self, other: &Proposal) -> bool {
        let mut others = other.contexts.iter();
        others.all(|context| self.contexts.contains(context))
    }

    fn has(&self, sop_class: &str, group: &[String]) -> bool {
        self.contexts
            .iter()
            .any(|(class, syntaxes)| class == sop_class && syntaxes == group)
    }

    fn id(index: usize) -> u8 {
        // There are never more than MOST.
        u8::try_from(2 * index + 1).unwrap_or(u8::MAX)
    }

    /// For the A-ASSOCIATE-RQ.
    pub fn encode(&self) -> Vec<ProposedContext> {
        self.contexts
            .iter()
            .enumerate()
            .map(|(index, (class, syntaxes))| ProposedContext {
                id: Proposal::id(index),
                abstract_syntax: class.clone(),
                transfer_syntaxes: syntaxes.clone(),
            })
            .collect()
    }

    /// What the peer's A-ASSOCIATE-AC makes of it.
    pub fn agree(&self, results: &[ContextResult]) -> Contexts {
        let agreed = self
            .contexts
            .iter()
            .enumerate()
            .map(|(index, (sop_class, offered))| {
                let id = Proposal::id(index);
                let mut answers = results.iter().filter(|result| result.id == id);
                let first = answers.next();
                let answer = match (first, answers.next()) {
                    (Some(one), None) => answer(one, offered),
                    (Some(_), Some(_)) => Err("answered twice".to_owned()),
                    (None, _) => Err("not answered".to_owned()),
                };
                Context {
                    id,
                    sop_class: sop_class.clone(),
                    offered: offered.clone(),
                    answer,
                }
            })
            .collect();
        Contexts { agreed }
    }
}

fn answer(result: &ContextResult, offered: &[String]) -> Result<String, String> {
    if result.result != 0 {
        return Err(upper_layer::context(result.result));
    }
    match &result.transfer_syntaxes[..] {
        [one] if offered.contains(one) => Ok(one.clone()),
        [one] => Err(format!(
            "accepted in a transfer syntax that was not offered ({one:?})"
        )),
        others => Err(format!(
            "accepted in {} transfer syntaxes instead of one",
            others.len()
        )),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Context {
    id: u8,
    sop_class: String,
    offered: Vec<String>,
    /// The accepted transfer syntax, or why there is none.
    answer: Result<String, String>,
}

/// What was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contexts {
    agreed: Vec<Context>,
}

impl Contexts {
    /// The context for this SOP class in exactly this transfer syntax.
    pub fn find(&self, sop_class: &str, transfer_syntax: &str) -> Option<u8> {
        self.agreed
            .iter()
            .find(|context| {
                context.sop_class == sop_class && context.answer.as_deref() == Ok(transfer_syntax)
            })
            .map(|context| context.id)
    }

    /// What this SOP class can be sent in: context and transfer syntax, in the order in which they were proposed.
    pub fn of<'a>(&'a self, sop_class: &'a str) -> impl Iterator<Item = (u8, &'a str)> {
        self.agreed
            .iter()
            .filter(move |context| context.sop_class == sop_class)
            .filter_map(|context| Some((context.id, context.answer.as_deref().ok()?)))
    }

    /// This accepted context, then the others that were accepted for its SOP class.
    pub fn of_the_class_of(&self, context: u8) -> Vec<u8> {
        let class = self.agreed.iter().find(|one| one.id == context);
        let others = class.into_iter().flat_map(|own| {
            self.of(&own.sop_class)
                .map(|(id, _)| id)
                .filter(|id| *id != context)
        });
        std::iter::once(context).chain(others).collect()
    }

    /// Whether this SOP class was proposed in this transfer syntax, accepted or not.
    pub fn proposed(&self, sop_class: &str, transfer_syntax: &str) -> bool {
        self.agreed.iter().any(|context| {
            context.sop_class == sop_class
                && context.offered.iter().any(|one| one == transfer_syntax)
        })
    }

    /// Whether the receiver had the choice between this transfer syntax and others for this SOP class, and took another
    /// one.
    pub fn left_to_it(&self, sop_class: &str, transfer_syntax: &str) -> bool {
        self.agreed.iter().any(|context| {
            let offered = |one: &String| one == transfer_syntax;
            let other = |one: &String| one != transfer_syntax;
            context.sop_class == sop_class
                && context.offered.iter().any(offered)
                && context.answer.as_ref().is_ok_and(other)
        })
    }

    /// Why a SOP class cannot go in this transfer syntax, in words.
    pub fn refusal(&self, sop_class: &str, transfer_syntax: &str) -> String {
        let alone = |context: &&Context| context.offered == [transfer_syntax];
        let of_class = || {
            self.agreed
                .iter()
                .filter(|context| context.sop_class == sop_class)
        };
        of_class()
            .find(alone)
            .or_else(|| of_class().next())
            .and_then(|context| context.answer.as_ref().err())
            .cloned()
            .unwrap_or_else(|| "not accepted".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(class: &str, syntax: &str) -> Kind {
        Kind {
            sop_class: class.to_owned(),
            transfer_syntax: syntax.to_owned(),
        }
    }

    fn accept(id: u8, syntax: &str) -> ContextResult {
        ContextResult {
            id,
            result: 0,
            transfer_syntaxes: vec![syntax.to_owned()],
        }
    }

    const ALLOWED: Conversion = Conversion {
        allowed: true,
        forced: None,
        preferred: None,
    };
    const JPEG: &str = "1.2.840.10008.1.2.4.70";
    const RLE: &str = "1.2.840.10008.1.2.5";

    #[test]
    fn the_stored_syntax_and_each_fallback_have_a_context_of_their_own() {
        let proposed = |kinds: &[Kind], conversion: &Conversion| -> Vec<String> {
            let encoded = Proposal::new(kinds, conversion).encode();
            let contexts = encoded.into_iter();
            contexts
                .map(|context| context.transfer_syntaxes.join(" "))
                .collect()
        };
        let echo = format!("{IMPLICIT_VR_LE} {EXPLICIT_VR_LE}");
        let kinds = [
            kind("1.1", JPEG),
            kind("1.1", EXPLICIT_VR_LE),
            kind("1.1", RLE),
        ];
        assert_eq!(
            proposed(&kinds, &ALLOWED),
            [
                JPEG,
                EXPLICIT_VR_LE,
                IMPLICIT_VR_LE,
                EXPLICIT_VR_BE,
                RLE,
                &echo
            ]
        );
        let preferred = Conversion {
            preferred: Some(RLE.to_owned()),
            ..ALLOWED
        };
        assert_eq!(
            proposed(&kinds[..1], &preferred),
            [
                JPEG,
                RLE,
                EXPLICIT_VR_LE,
                IMPLICIT_VR_LE,
                EXPLICIT_VR_BE,
                &echo
            ]
        );
        let big_endian = Conversion {
            preferred: Some(EXPLICIT_VR_BE.to_owned()),
            ..ALLOWED
        };
        assert_eq!(
            proposed(&kinds[1..2], &big_endian),
            [EXPLICIT_VR_LE, EXPLICIT_VR_BE, IMPLICIT_VR_LE, &echo]
        );
        assert_eq!(proposed(&kinds[..1], &Conversion::default()), [JPEG, &echo]);
    }

    #[test]
    fn never_more_than_128_with_identifiers_that_occur_once() {
        let kinds: Vec<Kind> = (0..300).map(|n| kind(&format!("1.{n}"), JPEG)).collect();
        let proposed = Proposal::new(&kinds, &ALLOWED).encode();
        // 31 kinds with three fallbacks each, and Verification.
        assert_eq!(proposed.len(), 125);
        let ids: std::collections::BTreeSet<u8> = proposed.iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), 125);
        assert!(ids.iter().all(|id| id % 2 == 1));
        assert_eq!(proposed[0].abstract_syntax, "1.0");
    }

    #[test]
    fn only_what_was_offered_is_agreed() {
        let proposal = Proposal::new(&[kind("1.1", JPEG), kind("1.2", JPEG)], &ALLOWED);
        let agreed = proposal.agree(&[
            accept(1, "1.2.840.10008.1.2.4.50"),
            accept(3, IMPLICIT_VR_LE),
            accept(5, IMPLICIT_VR_LE),
            accept(9, JPEG),
            accept(9, JPEG),
            accept(99, JPEG),
        ]);
        assert_eq!(agreed.find("1.1", JPEG), None);
        assert_eq!(agreed.find("1.1", IMPLICIT_VR_LE), Some(5));
        assert_eq!(agreed.of("1.1").collect::<Vec<_>>(), [(5, IMPLICIT_VR_LE)]);
        assert_eq!(agreed.find("1.2", JPEG), None);
        assert_eq!(agreed.of("1.2").count(), 0);
        assert!(agreed.refusal("1.1", JPEG).contains("not offered"));
        assert_eq!(agreed.refusal("1.2", JPEG), "answered twice");
        assert!(agreed.proposed("1.2", JPEG) && !agreed.proposed("1.3", JPEG));
    }

    #[test]
    fn one_that_is_accepted_names_one_transfer_syntax() {
        let of = |transfer_syntaxes: &[&str]| {
            let proposal = Proposal::new(&[kind("1.1", JPEG)], &ALLOWED);
            proposal.agree(&[ContextResult {
                id: 1,
                result: 0,
                transfer_syntaxes: transfer_syntaxes
                    .iter()
                    .map(|one| (*one).to_owned())
                    .collect(),
            }])
        };
        assert_eq!(of(&[JPEG]).find("1.1", JPEG), Some(1));
        for strange in [&[][..], &[JPEG, IMPLICIT_VR_LE], &[JPEG, JPEG]] {
            assert_eq!(of(strange).find("1.1", JPEG), None);
            assert!(of(strange).refusal("1.1", JPEG).contains("instead of one"));
        }
    }
}
