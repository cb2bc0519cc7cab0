//! A recipe, done to a data set.
//!
//! Invariants:
//! - A value is written only if it differs from what is there, and only if it fits its VR and its character set.
//! - Within a step all that is read is read before anything is written.
//! - Digital signatures (FFFA,FFFA) go where anything is changed: they would be those of another data set.

use sendqueue_dicom::path::Path;
use sendqueue_dicom::{DataSet, Element, Elements, Tag, Vr, dictionary, remove_signatures, text};

use super::changes::Changes;
use super::conditions::hold;
use super::fill::{Values, fill};
use super::place::{at_path, change, impossible, read};
use super::sender::About;
use super::{Memory, NotChanged, once};
use crate::config::coercion::{Edit, If, Recipe, Removal, Step, Target};
use crate::config::settings::Scope;

/// Does what the recipe says.
///
/// # Errors
/// Why it cannot be done. The data set is not to be used then.
pub fn apply<'f>(
    recipe: &Recipe,
    data: &mut DataSet<'f>,
    about: &About<'_>,
    memory: &dyn Memory,
) -> Result<Changes<'f>, NotChanged> {
    let within = format!("recipe {:?}, ", recipe.name);
    done(data, about, memory, |work, root| {
        work.steps(&recipe.steps, &within, root)
    })
}

/// Does these changes, as one step.
///
/// # Errors
/// As of [`apply`].
pub fn apply_edits<'f>(
    edits: &[Edit],
    data: &mut DataSet<'f>,
    about: &About<'_>,
    memory: &dyn Memory,
) -> Result<Changes<'f>, NotChanged> {
    done(data, about, memory, |work, root| work.edits(edits, root))
}

fn done<'w, 'f>(
    data: &mut DataSet<'f>,
    about: &'w About<'w>,
    memory: &'w dyn Memory,
    what: impl FnOnce(&mut Work<'w, 'f>, &mut Elements<'f>) -> Result<(), NotChanged>,
) -> Result<Changes<'f>, NotChanged> {
    let mut work = Work {
        about,
        memory,
        changes: Changes::default(),
    };
    let root = data.root_mut();
    what(&mut work, root)?;
    work.changes.settle(root);
    if !work.changes.is_empty() {
        remove_signatures(root)?;
    }
    Ok(work.changes)
}

struct Work<'w, 'f> {
    about: &'w About<'w>,
    memory: &'w dyn Memory,
    changes: Changes<'f>,
}

impl<'f> Work<'_, 'f> {
    /// `within`: what is said of them where one cannot be done, before the number of the step, which begins with 1.
    fn steps(
        &mut self,
        steps: &[Step],
        within: &str,
        root: &mut Elements<'f>,
    ) -> Result<(), NotChanged> {
        for (index, step) in steps.iter().enumerate() {
            let number = index + 1;
            let told = |why: NotChanged| why.within(&format!("{within}step {number}"));
            let holds = match &step.condition {
                Some(condition) => self.holds(condition, root).map_err(told)?,
                None => true,
            };
            if holds {
                self.edits(&step.edits, root).map_err(told)?;
            } else if !step.otherwise.is_empty() {
                let within = format!("{within}step {number}, Else, ");
                self.steps(&step.otherwise, &within, root)?;
            }
        }
        Ok(())
    }

    fn holds(&self, condition: &If, root: &Elements<'_>) -> Result<bool, NotChanged> {
        let ask = || hold(&condition.conditions, root, self.about);
        if condition.scope == Scope::Instance {
            return ask();
        }
        let key = format!("if:{}", condition.key);
        let decided = once(self.memory, &key, || {
            Ok(if ask()? { "1" } else { "0" }.to_owned())
        })?;
        Ok(decided == "1")
    }

    fn edits(&mut self, edits: &[Edit], root: &mut Elements<'f>) -> Result<(), NotChanged> {
        let mut filled = Vec::with_capacity(edits.len());
        for edit in edits {
            let text = edit.template().map(|template| fill(template, root, self));
            let text = text.transpose();
            filled.push(
                text.map_err(|why| of_target(edit, why))?
                    .unwrap_or_default(),
            );
        }
        for (edit, text) in edits.iter().zip(&filled) {
            self.edit(edit, text, root)?;
        }
        Ok(())
    }

    fn edit(&mut self, edit: &Edit, text: &str, root: &mut Elements<'f>) -> Result<(), NotChanged> {
        match edit {
            Edit::Set { at, .. } => self.write(at, root, true, &|_| text.to_owned()),
            // A value that is not there gets nothing before it.
            Edit::Prefix { at, .. } => {
                self.write(at, root, false, &|value| match value.starts_with(text) {
                    true => value.to_owned(),
                    false => format!("{text}{value}"),
                })
            }
            Edit::Suffix { at, .. } => {
                self.write(at, root, false, &|value| match value.ends_with(text) {
                    true => value.to_owned(),
                    false => format!("{value}{text}"),
                })
            }
            Edit::Replace { at, pattern, with } => self.write(at, root, false, &|value| {
                pattern.replace_all(value, with.as_str()).into_owned()
            }),
            Edit::Remove(Removal::Element(path)) => self.remove(path, root),
            Edit::Remove(Removal::Group(group)) => {
                let group = *group;
                self.remove_all(root, &|tag: Tag| tag.0 == group);
                Ok(())
            }
            Edit::Remove(Removal::Private) => self.remove_private(root),
        }
    }

    /// Puts another text in the place of the one that is there. `whole`: of the whole value, be it there or not; else
    /// of each value that is there.
    fn write(
        &mut self,
        at: &Target,
        root: &mut Elements<'f>,
        whole: bool,
        other: &dyn Fn(&str) -> String,
    ) -> Result<(), NotChanged> {
        let (top, leaf, vr) = (at.path.top(), at.path.leaf(), at.vr);
        self.changes.keep(root, top);
        change(&at.path, root, whole, &mut |level, charset, place| {
            let before = level.get(leaf).map(|element| read(element, charset));
            let after = match (&before, whole) {
                (_, true) => other(""),
                (None, false) => return Ok(()),
                (Some(Ok(text)), false) => each(text, vr, other),
                (Some(Err(why)), false) => return Err(impossible(place, leaf, why)),
            };
            if before.is_some_and(|before| before.as_ref() == Ok(&after)) {
                return Ok(());
            }
            if let Some(most) = dictionary::most_values(leaf).filter(|_| vr.is_multiple()) {
                let count = after.split('\\').count();
                if count > most {
                    let why = format!("it would have {count} values, and {most} is the most");
                    return Err(impossible(place, leaf, why));
                }
            }
            let value = text::value(&after, vr, charset);
            level.set(leaf, vr, value.map_err(|why| impossible(place, leaf, why))?);
            Ok(())
        })
    }

    fn remove(&mut self, path: &Path, root: &mut Elements<'f>) -> Result<(), NotChanged> {
        self.changes.keep(root, path.top());
        change(path, root, false, &mut |level, _, _| {
            level.remove(path.leaf());
            Ok(())
        })
    }

    /// Those of the data set itself for which `goes`.
    fn remove_all(&mut self, root: &mut Elements<'f>, goes: &dyn Fn(Tag) -> bool) {
        let all = root.iter().map(Element::tag);
        for tag in all.filter(|tag| goes(*tag)).collect::<Vec<Tag>>() {
            self.changes.keep(root, tag);
            root.remove(tag);
        }
    }

    /// Those in sequences too.
    fn remove_private(&mut self, root: &mut Elements<'f>) -> Result<(), NotChanged> {
        self.remove_all(root, &Tag::is_private);
        let all = root.iter().map(Element::tag);
        for top in all.collect::<Vec<Tag>>() {
            // Looked at first: a sequence that is opened to be changed is written anew.
            let holds = root.get(top).map(holds_private).transpose()?;
            if holds == Some(true) {
                self.changes.keep(root, top);
                root.get_mut(top).map(strip).transpose()?;
            }
        }
        Ok(())
    }
}

impl Values for Work<'_, '_> {
    fn about(&self) -> &About<'_> {
        self.about
    }

    fn memory(&self) -> &dyn Memory {
        self.memory
    }

    fn lookup(&self, _: Option<&str>) -> Result<String, NotChanged> {
        Err(NotChanged::Impossible(
            "{lookup}: there is none here".to_owned(),
        ))
    }

    fn hash(&self, value: &str, issuer: &str) -> [u8; 32] {
        // Lengths before, so that no two pairs are the same bytes.
        let text = format!("{}:{issuer}{value}", issuer.len());
        let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
        let mut hash = [0; 32];
        hash.copy_from_slice(digest.as_ref());
        hash
    }
}

/// Which element was to get the value that there is not.
pub(super) fn of_target(edit: &Edit, why: NotChanged) -> NotChanged {
    match edit.target() {
        Some(at) => why.within(&at_path(&at.path.to_string(), at.path.leaf())),
        None => why,
    }
}

/// Each value that is there, changed.
fn each(text: &str, vr: Vr, other: &dyn Fn(&str) -> String) -> String {
    let one = |value: &str| match value.is_empty() {
        true => String::new(),
        false => other(value),
    };
    if !vr.is_multiple() {
        return one(text);
    }
    let values: Vec<String> = text.split('\\').map(one).collect();
    values.join("\\")
}

/// Whether a private element is anywhere in the items of this one.
fn holds_private(element: &Element<'_>) -> Result<bool, NotChanged> {
    for item in element.items()?.unwrap_or_default() {
        for inner in item {
            if inner.tag().is_private() || holds_private(inner)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn strip(element: &mut Element<'_>) -> Result<(), NotChanged> {
    for item in element.items_mut()?.into_iter().flatten() {
        item.retain(|inner| !inner.tag().is_private());
        for inner in item.iter_mut() {
            if holds_private(inner)? {
                strip(inner)?;
            }
        }
    }
    Ok(())
}
