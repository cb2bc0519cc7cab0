//! `POST /sendqueue/route`.

use serde::Serialize;
use utoipa::ToSchema;

use crate::routing::explain::{Explained, Said, Towards};

named! {
    /// What the rules are asked about: either `Resource` or `File`. The other fields count in place of what Orthanc
    /// knows of a resource; of a file nothing is known without them.
    #[derive(Debug, Serialize, ToSchema)]
    #[serde(deny_unknown_fields)]
    #[schema(example = json!({ "Resource": "1.2.840.113619.2.1", "CallingAet": "CT1" }))]
    pub struct RouteQuestion {
        /// Orthanc identifier or DICOM UID of an instance, or of a series, study or patient.
        resource as "Resource": Option<String>,
        /// A DICOM file in Base64, at most 64 MB. It is not stored.
        #[schema(format = "byte")]
        file as "File": Option<String>,
        calling_aet as "CallingAet": Option<String>,
        called_aet as "CalledAet": Option<String>,
        remote_ip as "RemoteIp": Option<String>,
        /// `DicomProtocol`, `RestApi`, `Plugins`, `Lua` or `WebDav`.
        origin as "Origin": Option<String>,
    }
}

/// What the rules say of a resource or a file.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RouteAnswer {
    /// How many instances there are.
    pub instances: usize,
    /// How many of them the rules were asked about: 200 at most.
    pub asked: usize,
    /// What is said of them; those of which the same is said are together.
    pub answers: Vec<RouteOfSome>,
}

/// Instances of which the rules say the same.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RouteOfSome {
    pub instances: usize,
    /// Orthanc identifier of one of them; null for a file.
    #[schema(required = true)]
    pub example: Option<String>,
    /// Where they go.
    pub destinations: Vec<String>,
    /// Where they may have to go: there they would be in the error queue.
    pub undecided: Vec<String>,
    /// The queue has sent them, changed on their way, and they came back: no rule is asked.
    pub own_output: bool,
    /// All rules, in their order; none of an own output.
    pub rules: Vec<RuleSaid>,
}

/// What a rule says.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RuleSaid {
    pub rule: String,
    #[schema(inline)]
    pub verdict: RuleVerdict,
    /// A sentence, with values of the instance.
    pub why: String,
    /// Of a rule that matches, or may match.
    pub to: Vec<RuleTowards>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub enum RuleVerdict {
    Matches,
    DoesNotMatch,
    /// It hangs on a tag that cannot be read.
    Undecided,
}

/// A destination of a rule.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub struct RuleTowards {
    pub destination: String,
    /// Whether the instance goes there, by this rule or another one.
    pub goes: bool,
    /// Why not, or why not by this rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub why: Option<String>,
}

impl From<Explained> for RuleSaid {
    fn from(one: Explained) -> RuleSaid {
        RuleSaid {
            rule: one.rule,
            verdict: match one.said {
                Said::Matches => RuleVerdict::Matches,
                Said::DoesNotMatch => RuleVerdict::DoesNotMatch,
                Said::Undecided => RuleVerdict::Undecided,
            },
            why: one.why,
            to: one.to.into_iter().map(RuleTowards::from).collect(),
        }
    }
}

impl From<Towards> for RuleTowards {
    fn from(to: Towards) -> RuleTowards {
        RuleTowards {
            destination: to.destination,
            goes: to.goes,
            why: to.why,
        }
    }
}
