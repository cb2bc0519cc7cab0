//! Whether what a recipe writes can fit where it is written (PS3.5 6.2).
//!
//! Invariant: refused is only what can never fit. The rest is known when an instance is there, and told then.

use sendqueue_dicom::Vr;
use sendqueue_dicom::vr::{check, may_ever_fit};

use super::recipe::Target;
use super::template::{From, Part, Template};

/// What a template is for its element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The whole value.
    Whole,
    /// A part of it, beside a value that is there.
    Part,
}

/// `Err`: what is allowed.
pub(super) fn may_fit(template: &Template, at: &Target, role: Role) -> Result<(), String> {
    let vr = at.vr;
    let fits = match (template.literal(), role) {
        (Some(""), Role::Part) => return Err("a text of at least one character".to_owned()),
        (_, Role::Part) if has_form(vr) => {
            return Err(format!(
                "nothing: {} is {vr}, which has a form of its own",
                at.path
            ));
        }
        (Some(text), Role::Whole) => check(vr, text),
        // Beside what is there, be it as short as can be.
        (_, Role::Part) => may_ever_fit(vr, &format!("{}1", shortest(template))),
        (None, Role::Whole) => may_ever_fit(vr, &shortest(template)),
    };
    fits.map_err(|why| match role {
        Role::Whole => format!("what fits {}, which is {vr}: {why}", at.path),
        Role::Part => format!(
            "what leaves room for a value in {}, which is {vr}: with one of a single character {why}",
            at.path
        ),
    })
}

/// Whether a text may be a part of a value.
pub(super) fn text_may_fit(text: &str, vr: Vr) -> Result<(), String> {
    may_ever_fit(vr, text).map_err(|why| format!("what fits {vr}: {why}"))
}

/// What is longer by a character is no value any more.
fn has_form(vr: Vr) -> bool {
    matches!(vr, Vr::AS | Vr::DA | Vr::DT | Vr::TM | Vr::UI)
}

/// The shortest that can come of it: values can be empty, but those that are as long as is said.
fn shortest(template: &Template) -> String {
    let parts = template.parts.iter();
    parts
        .map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Value(From::Serial(serial, width), _) => {
                format!("{}{}", serial.prefix, "0".repeat(*width))
            }
            Part::Value(..) => String::new(),
        })
        .collect()
}
