//! Recipes that are valid and probably not meant.

use sendqueue_dicom::Tag;

use super::recipe::{Edit, Recipe, Removal, Step};
use super::template::From;
use crate::config::mistake::quoted_text;
use crate::config::settings::Match;

/// Sequences whose items have an accession number of their own (PS3.3 10.6, C.4.18).
const WITH_ACCESSION: [(Tag, &str); 2] = [
    (Tag(0x0040, 0x0275), "RequestAttributesSequence"),
    (Tag(0x0040, 0xA370), "ReferencedRequestSequence"),
];

/// Whether the recipe asks for this entry of `Sources`.
pub(in crate::config) fn names_source(recipe: &Recipe, name: &str) -> bool {
    let mut asked = recipe.conditions().flat_map(|one| &one.sources);
    asked.any(|source| source.name == name)
        || recipe
            .values()
            .any(|from| matches!(from, From::Source | From::Hash(..)))
}

/// What would still hold the old accession number.
pub(in crate::config) fn leftovers(recipe: &Recipe) -> Option<String> {
    if !recipe
        .steps
        .iter()
        .any(|step| changes_accession(step, false))
    {
        return None;
    }
    let is_left = |(tag, _): &&(Tag, &str)| {
        let mut edits = recipe.all_steps().flat_map(|step| &step.edits);
        !edits.any(|edit| match edit {
            Edit::Remove(Removal::Element(path)) => path.top() == *tag,
            Edit::Remove(Removal::Group(group)) => tag.0 == *group,
            Edit::Remove(Removal::Private) => false,
            _ => edit
                .target()
                .is_some_and(|at| at.path.top() == *tag && at.path.leaf() == Tag::ACCESSION_NUMBER),
        })
    };
    let left: Vec<String> = WITH_ACCESSION
        .iter()
        .filter(is_left)
        .map(|(_, name)| format!("{name}[*].AccessionNumber"))
        .collect();
    (!left.is_empty()).then(|| {
        format!(
            "the recipe {} changes AccessionNumber; where an object has {}, the old one stays there",
            quoted_text(&recipe.name),
            left.join(" or ")
        )
    })
}

/// Whether a step may put another accession number in the place of one that is there.
fn changes_accession(step: &Step, is_absent: bool) -> bool {
    let asked = step.condition.as_ref().is_some_and(|condition| {
        let tags = &condition.conditions.tags;
        tags.iter().any(|(tag, asked)| {
            Tag(tag.group, tag.element) == Tag::ACCESSION_NUMBER && matches!(asked, Match::Absent)
        })
    });
    let is_absent = is_absent || asked;
    let changes = step.edits.iter().any(|edit| {
        edit.target()
            .is_some_and(|at| at.path.top() == Tag::ACCESSION_NUMBER)
    });
    (changes && !is_absent)
        || step
            .otherwise
            .iter()
            .any(|step| changes_accession(step, false))
}
