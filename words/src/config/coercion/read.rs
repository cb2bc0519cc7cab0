//! Reads `Coercions`.

use std::collections::BTreeMap;
use std::sync::Arc;

use regex::Regex;
use sendqueue_dicom::dictionary;
use sendqueue_dicom::path::Path;
use serde_json::{Value, json};

use super::fits::{Role, may_fit};
use super::kept;
use super::parse::{Words, template};
use super::recipe::{Edit, If, Recipe, Removal, Step, Target};
use crate::config::conditions::Reader;
use crate::config::mistake::{Mistakes, printable};
use crate::config::raw::{Node, Object};
use crate::config::settings::Scope;
use crate::config::sum::sum;
use crate::config::vocabulary::SCOPES;

pub(in crate::config) const STEP_KEYS: [&str; 8] = [
    "If", "Scope", "Replace", "Set", "Prefix", "Suffix", "Remove", "Else",
];
/// What a step does.
const DOES: [&str; 6] = ["Replace", "Set", "Prefix", "Suffix", "Remove", "Else"];

const STEPS: &str =
    "a list of one or more steps, for instance [ { \"Set\": { \"InstitutionName\": \"A\" } } ]";

/// Each entry of `Coercions` by its name; `None`: it has a mistake.
pub(in crate::config) type Recipes = BTreeMap<String, Option<Arc<Recipe>>>;

/// What recipes are read with.
#[derive(Clone, Copy)]
pub(in crate::config) struct RecipeReader<'a> {
    pub conditions: &'a Reader<'a>,
    pub words: Words<'a>,
    /// `Sources` and `Serials` as they stand in the configuration.
    pub referred: [Option<&'a Value>; 2],
}

impl RecipeReader<'_> {
    pub fn recipes(&self, node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Recipes> {
        let allowed = "an object from names to lists of steps";
        let section = node.object(allowed, mistakes)?;
        let mut read = Recipes::new();
        for (name, node) in section.entries() {
            let before = mistakes.0.len();
            if name.trim() != name || name.is_empty() || name.chars().any(char::is_control) {
                let allowed = "a name without blanks around it and without control characters";
                mistakes.add(&node.path, "an unusual name", allowed);
            }
            let mut keys = Keys::default();
            let steps = self.steps(&node, true, &mut keys, mistakes);
            let recipe = Recipe {
                name: name.to_owned(),
                steps: steps.unwrap_or_default(),
                sources: self.conditions.sources().into_values().collect(),
                written: json!([node.value, self.referred]),
            };
            let valid = mistakes.0.len() == before;
            read.insert(name.to_owned(), valid.then(|| Arc::new(recipe)));
        }
        Some(read)
    }

    fn steps(
        &self,
        node: &Node<'_>,
        may_branch: bool,
        keys: &mut Keys,
        mistakes: &mut Mistakes,
    ) -> Option<Vec<Step>> {
        let nodes = node.list(STEPS, mistakes)?;
        if nodes.is_empty() {
            node.wrong(mistakes, STEPS);
        }
        let steps = nodes
            .iter()
            .filter_map(|node| self.step(node, may_branch, keys, mistakes));
        Some(steps.collect())
    }

    fn step(
        &self,
        node: &Node<'_>,
        may_branch: bool,
        keys: &mut Keys,
        mistakes: &mut Mistakes,
    ) -> Option<Step> {
        let section = node.section(&STEP_KEYS, mistakes)?;
        let mut step = Step::default();
        section.read("If", &mut step.condition, |n| {
            let conditions = self.conditions.of_a_step(n, mistakes);
            let key = keys.next(n.value);
            let scope = Scope::Study;
            Some(Some(If {
                conditions,
                key,
                scope,
            }))
        });
        let has_if = section.get("If").is_some();
        if let Some(node) = section.get("Scope") {
            match (node.choice(&SCOPES, mistakes), &mut step.condition) {
                (Some(scope), Some(condition)) => condition.scope = scope,
                (Some(_), None) if !has_if => node.wrong(
                    mistakes,
                    "nothing without an If in the same step: it says for how long the If is decided",
                ),
                _ => {}
            }
        }
        if let Some(node) = section.get("Else") {
            if !may_branch {
                node.wrong(
                    mistakes,
                    "no Else within an Else: its steps may have an If of their own",
                );
            } else if !has_if {
                node.wrong(
                    mistakes,
                    "nothing without an If in the same step: Else is what is done where the If does not hold",
                );
            } else if let Some(steps) = self.steps(&node, false, keys, mistakes) {
                step.otherwise = steps;
            }
        }
        if DOES.iter().all(|key| section.get(key).is_none()) {
            let keys = DOES.map(|key| format!("\"{key}\"")).join(", ");
            node.wrong(
                mistakes,
                format!("a step that does something: one or more of {keys}"),
            );
        }
        step.edits = self.edits(&section, mistakes);
        Some(step)
    }

    /// In the order in which they are done.
    fn edits(&self, section: &Object<'_>, mistakes: &mut Mistakes) -> Vec<Edit> {
        let mut edits = Vec::new();
        if let Some(node) = section.get("Replace") {
            edits.extend(self.tags(&node, &replace, mistakes));
        }
        if let Some(node) = section.get("Set") {
            edits.extend(self.set(&node, mistakes));
        }
        if let Some(node) = section.get("Prefix") {
            edits.extend(self.tags(
                &node,
                &|at, node, mistakes| {
                    let value = self.template(node, &at, Role::Part, mistakes)?;
                    Some(Edit::Prefix { at, value })
                },
                mistakes,
            ));
        }
        if let Some(node) = section.get("Suffix") {
            edits.extend(self.tags(
                &node,
                &|at, node, mistakes| {
                    let value = self.template(node, &at, Role::Part, mistakes)?;
                    Some(Edit::Suffix { at, value })
                },
                mistakes,
            ));
        }
        if let Some(node) = section.get("Remove") {
            self.remove(&node, &mut edits, mistakes);
        }
        edits
    }

    /// `Set` of an entry of `Deidentifications`, but for what the queue itself writes there.
    pub fn set_but_for(
        &self,
        node: &Node<'_>,
        refused: &dyn Fn(&Path) -> Option<String>,
        mistakes: &mut Mistakes,
    ) -> Vec<Edit> {
        self.tags(
            node,
            &|at, node, mistakes| {
                if let Some(allowed) = refused(&at.path) {
                    mistakes.add(&node.path, format!("the tag {}", at.path.leaf()), allowed);
                    return None;
                }
                let value = self.template(node, &at, Role::Whole, mistakes)?;
                Some(Edit::Set { at, value })
            },
            mistakes,
        )
    }

    fn set(&self, node: &Node<'_>, mistakes: &mut Mistakes) -> Vec<Edit> {
        self.set_but_for(node, &|_| None, mistakes)
    }

    /// An object from tags to what becomes of them.
    fn tags(&self, node: &Node<'_>, read: &ReadEdit<'_>, mistakes: &mut Mistakes) -> Vec<Edit> {
        let mut edits = Vec::new();
        let allowed = "an object from tags to values, for instance { \"PatientID\": \"…\" }";
        let Some(section) = node.object(allowed, mistakes) else {
            return edits;
        };
        if node
            .value
            .as_object()
            .is_some_and(|object| object.is_empty())
        {
            node.wrong(mistakes, allowed);
        }
        let mut seen: Vec<Path> = Vec::new();
        for (name, node) in section.entries() {
            let at = match self.target(name) {
                Ok(at) => at,
                Err((found, allowed)) => {
                    mistakes.add(&node.path, found, allowed);
                    continue;
                }
            };
            let is_same =
                |one: &Path| one.steps() == at.path.steps() && one.leaf() == at.path.leaf();
            if seen.iter().any(is_same) {
                mistakes.add(&node.path, "a tag that is there twice", "each tag once");
                continue;
            }
            seen.push(at.path.clone());
            edits.extend(read(at, &node, mistakes));
        }
        edits
    }

    /// What may be written to, or what was found and what is allowed.
    fn target(&self, name: &str) -> Result<Target, (String, String)> {
        let path = self.path(name)?;
        kept::may_change(&path).map_err(|why| (format!("the tag {}", path.leaf()), why))?;
        let leaf = path.leaf();
        let found = || format!("the tag {leaf}");
        if leaf.is_private() {
            let allowed = "a tag of the standard (PS3.6): private ones can be removed alone";
            return Err((found(), allowed.to_owned()));
        }
        match dictionary::vr(leaf) {
            Some(vr) if vr.is_string() => Ok(Target { path, vr }),
            Some(vr) => Err((
                format!("the tag {leaf}, which is {vr}"),
                "a tag that has text".to_owned(),
            )),
            None => Err((found(), "a tag of the standard (PS3.6)".to_owned())),
        }
    }

    fn path(&self, name: &str) -> Result<Path, (String, String)> {
        Path::parse(name, self.words.tags).map_err(|allowed| ("an unknown tag".to_owned(), allowed))
    }

    fn template(
        &self,
        node: &Node<'_>,
        at: &Target,
        role: Role,
        mistakes: &mut Mistakes,
    ) -> Option<super::template::Template> {
        let text = node.text("a text, with values in braces: \"{PatientID}-A\"", mistakes)?;
        let read = template(text, &self.words);
        let read = read.and_then(|read| may_fit(&read, at, role).map(|()| read));
        match read {
            Ok(read) => Some(read),
            Err(allowed) => {
                node.wrong(mistakes, allowed);
                None
            }
        }
    }

    fn remove(&self, node: &Node<'_>, edits: &mut Vec<Edit>, mistakes: &mut Mistakes) {
        let allowed = "a list of tags, for instance [ \"InstitutionAddress\", \"private\" ]";
        let Some(nodes) = node.list(allowed, mistakes) else {
            return;
        };
        if nodes.is_empty() {
            node.wrong(mistakes, allowed);
        }
        for node in &nodes {
            let allowed = "a tag, \"private\", or a whole group: \"0009,xxxx\"";
            let Some(name) = node.text(allowed, mistakes) else {
                continue;
            };
            match self.removal(name) {
                Ok(removal) => edits.push(Edit::Remove(removal)),
                Err(why) => node.wrong(mistakes, why),
            }
        }
    }

    fn removal(&self, name: &str) -> Result<Removal, String> {
        if name == "private" {
            return Ok(Removal::Private);
        }
        let group = name.strip_suffix(",xxxx").or(name.strip_suffix(",XXXX"));
        if let Some(group) = group {
            let valid = group.len() == 4 && group.bytes().all(|byte| byte.is_ascii_hexdigit());
            let group = valid.then(|| u16::from_str_radix(group, 16).ok()).flatten();
            let group = group.ok_or("a group in four hexadecimal digits, \"0009,xxxx\"")?;
            return kept::may_remove_group(group).map(|()| Removal::Group(group));
        }
        let path = self.path(name).map_err(|(_, allowed)| {
            format!("a tag, \"private\", or a whole group, \"0009,xxxx\": {allowed}")
        })?;
        kept::may_change(&path)?;
        Ok(Removal::Element(path))
    }
}

type ReadEdit<'a> = dyn Fn(Target, &Node<'_>, &mut Mistakes) -> Option<Edit> + 'a;

/// `[ "pattern", "replacement" ]`.
fn replace(at: Target, node: &Node<'_>, mistakes: &mut Mistakes) -> Option<Edit> {
    let allowed = "a regular expression and what stands in its place, [ \"(?i)^ct \", \"CT-\" ]";
    let nodes = node.list(allowed, mistakes)?;
    let [pattern, with] = nodes.as_slice() else {
        node.wrong(mistakes, allowed);
        return None;
    };
    let text = pattern.text("a regular expression", mistakes);
    let replacement = with.text("a text: $1 is what the first parentheses matched", mistakes);
    let (text, replacement) = (text?, replacement?);
    let read = match Regex::new(text) {
        _ if text.is_empty() => Err("a regular expression".to_owned()),
        Ok(read) => Ok(read),
        Err(error) => {
            // The crate draws the pattern over several lines; the last one says what is wrong.
            let text = error.to_string();
            let reason = text.lines().rev().find(|line| !line.trim().is_empty());
            let reason = reason.unwrap_or_default().trim();
            let reason = printable(reason.trim_start_matches("error: "));
            Err(format!("a regular expression ({reason})"))
        }
    };
    let read = match read {
        Ok(read) => read,
        Err(allowed) => {
            pattern.wrong(mistakes, allowed);
            return None;
        }
    };
    if let Some(name) = references(replacement).find(|name| !has_group(&read, name)) {
        let allowed = format!(
            "$ and a group of the regular expression, which has no {} (\"${{1}}A\" for $1 before a letter, $$ for $ itself)",
            printable(name)
        );
        with.wrong(mistakes, allowed);
        return None;
    }
    let literal = regex::Regex::new(r"\$(\w+|\{[^}]*\})")
        .map(|all| all.replace_all(replacement, "").into_owned());
    let plain = literal.unwrap_or_default().replace("$$", "$");
    if let Err(allowed) = super::fits::text_may_fit(&plain, at.vr) {
        with.wrong(mistakes, allowed);
        return None;
    }
    Some(Edit::Replace {
        at,
        pattern: read,
        with: replacement.to_owned(),
    })
}

fn has_group(pattern: &Regex, name: &str) -> bool {
    match name.parse::<usize>() {
        Ok(number) => number < pattern.captures_len(),
        Err(_) => pattern.capture_names().flatten().any(|one| one == name),
    }
}

/// The names of groups in a replacement, as the crate reads them.
fn references(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let (_, after) = rest.split_once('$')?;
            if let Some(after) = after.strip_prefix('$') {
                rest = after;
                continue;
            }
            if let Some((name, behind)) = after.strip_prefix('{').and_then(|a| a.split_once('}')) {
                rest = behind;
                return Some(name);
            }
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
            rest = &after[end..];
            if end > 0 {
                return Some(&after[..end]);
            }
        }
    })
}

/// Keys of the conditions of a recipe.
#[derive(Default)]
struct Keys(BTreeMap<String, u32>);

impl Keys {
    /// The sum of what is written, and which of those that say the same it is.
    fn next(&mut self, written: &Value) -> String {
        let sum = sum([Some(written)]);
        let count = self.0.entry(sum.clone()).or_insert(0);
        *count += 1;
        match *count {
            1 => sum,
            count => format!("{sum}.{count}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_those_that_the_crate_puts_in() {
        let of = |text| references(text).collect::<Vec<&str>>();
        assert_eq!(of("a$1b$2 ${x}$$3$"), ["1b", "2", "x"]);
        assert!(of("a$$b$ $").is_empty());
    }
}
