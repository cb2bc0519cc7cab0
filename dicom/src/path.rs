//! How an administrator names an element: `PatientID`, `0010,0020`, `Sequence[0].Tag`, `Sequence[*].Tag`.

use std::fmt;

use crate::{Element, Elements, Malformed, Tag, dictionary};

/// An element, or those in all items of a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    written: String,
    /// The sequences that lead to it.
    steps: Vec<Step>,
    leaf: Tag,
}

/// Into the items of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    pub sequence: Tag,
    pub item: Which,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// From 0 on.
    One(usize),
    All,
}

impl Path {
    /// `own` is what the reader has beside the standard's dictionary, from the name of a tag to its group and element.
    ///
    /// # Errors
    ///
    /// What is wrong with it, in words, with the keyword that may have been meant.
    pub fn parse(text: &str, own: &dyn Fn(&str) -> Option<(u16, u16)>) -> Result<Path, String> {
        let (before, leaf) = match text.rsplit_once('.') {
            Some((before, leaf)) => (Some(before), leaf),
            None => (None, text),
        };
        if leaf.contains(['[', ']']) {
            return Err(format!(
                "\"{text}\" ends with an item: the tag of an element in it must follow, as in \"{text}.CodeValue\""
            ));
        }
        let steps = before.into_iter().flat_map(|before| before.split('.'));
        Ok(Path {
            steps: steps
                .map(|step| Step::parse(step, own))
                .collect::<Result<_, _>>()?,
            leaf: tag(leaf, own)?,
            written: text.to_owned(),
        })
    }

    /// The element itself.
    #[must_use]
    pub fn leaf(&self) -> Tag {
        self.leaf
    }

    /// The element of the data set that it is, or is in.
    #[must_use]
    pub fn top(&self) -> Tag {
        self.steps.first().map_or(self.leaf, |step| step.sequence)
    }

    /// From the data set to the items that it is in; none for an element of the data set itself.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Each element that is there, in their order.
    ///
    /// # Errors
    ///
    /// A sequence on the way is damaged.
    pub fn find<'a, 'f>(&self, root: &'a Elements<'f>) -> Result<Vec<&'a Element<'f>>, Malformed> {
        let mut levels = vec![root];
        for step in &self.steps {
            let mut next = Vec::new();
            for level in levels {
                let sequence = level.get(step.sequence).map(Element::items);
                let items = sequence.transpose()?.flatten().unwrap_or_default();
                match step.item {
                    Which::All => next.extend(items),
                    Which::One(item) => next.extend(items.get(item)),
                }
            }
            levels = next;
        }
        let leaves = levels.into_iter().filter_map(|level| level.get(self.leaf));
        Ok(leaves.collect())
    }

    /// Hands each level that the element is, or could be, in to the function: the data set, or the items that are
    /// there. Answers how many. A sequence that has none of the items is left as it is.
    ///
    /// # Errors
    ///
    /// A sequence on the way is damaged, or what the function says.
    pub fn change<'f, E: From<Malformed>>(
        &self,
        root: &mut Elements<'f>,
        change: &mut dyn FnMut(&mut Elements<'f>) -> Result<(), E>,
    ) -> Result<usize, E> {
        into(root, &self.steps, change)
    }
}

fn into<'f, E: From<Malformed>>(
    level: &mut Elements<'f>,
    steps: &[Step],
    change: &mut dyn FnMut(&mut Elements<'f>) -> Result<(), E>,
) -> Result<usize, E> {
    let [step, rest @ ..] = steps else {
        return change(level).map(|()| 1);
    };
    let Some(sequence) = level.get_mut(step.sequence) else {
        return Ok(0);
    };
    let count = sequence.items()?.map_or(0, <[_]>::len);
    let items = match step.item {
        Which::All => 0..count,
        Which::One(item) => item.min(count)..item.saturating_add(1).min(count),
    };
    if items.is_empty() {
        return Ok(0);
    }
    let mut changed = 0;
    if let Some(all) = sequence.items_mut()? {
        for item in &mut all[items] {
            changed += into(item, rest, change)?;
        }
    }
    Ok(changed)
}

impl Step {
    fn parse(text: &str, own: &dyn Fn(&str) -> Option<(u16, u16)>) -> Result<Step, String> {
        let parts = text.strip_suffix(']').and_then(|text| text.split_once('['));
        let Some((name, item)) = parts else {
            return Err(format!(
                "\"{text}\" says not which item: \"{text}[0]\" is the first, \"{text}[*]\" all of them"
            ));
        };
        let is_number = !item.is_empty() && item.bytes().all(|byte| byte.is_ascii_digit());
        let item = match item {
            "*" => Which::All,
            _ if is_number => Which::One(
                item.parse()
                    .map_err(|_| format!("\"{item}\" in \"{text}\" is too high for an item"))?,
            ),
            _ => {
                return Err(format!(
                    "\"{item}\" in \"{text}\" is no item: a number from 0 on, or * for all of them"
                ));
            }
        };
        let sequence = tag(name, own)?;
        match dictionary::vr(sequence) {
            Some(vr) if vr != crate::Vr::SQ => Err(format!("\"{name}\" is no sequence, but {vr}")),
            _ => Ok(Step { sequence, item }),
        }
    }
}

/// What names a tag.
const TAG: &str = "a keyword of the standard, as PatientID, or gggg,eeee in hexadecimal";

/// A tag by its keyword, by what `own` knows, or as `gggg,eeee`.
///
/// # Errors
///
/// There is none of this name; with the one that may have been meant.
pub fn tag(text: &str, own: &dyn Fn(&str) -> Option<(u16, u16)>) -> Result<Tag, String> {
    if let Ok(tag) = text.parse() {
        return Ok(tag);
    }
    let found =
        dictionary::tag(text).or_else(|| own(text).map(|(group, element)| Tag(group, element)));
    found.ok_or_else(|| match dictionary::nearest(text) {
        Some(near) => format!("\"{text}\" is no tag: {TAG} (did you mean \"{near}\"?)"),
        None => format!("\"{text}\" is no tag: {TAG}"),
    })
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Vr;

    fn none(_: &str) -> Option<(u16, u16)> {
        None
    }

    #[test]
    fn paths_and_their_parts() {
        let path = Path::parse("PatientID", &none).unwrap();
        assert_eq!(
            (path.top(), path.leaf()),
            (Tag::PATIENT_ID, Tag::PATIENT_ID)
        );
        let text = "RequestAttributesSequence[*].0040,A370[12].AccessionNumber";
        let path = Path::parse(text, &none).unwrap();
        assert_eq!(path.to_string(), text);
        assert_eq!(
            (path.top(), path.leaf()),
            (Tag(0x40, 0x275), Tag::ACCESSION_NUMBER)
        );
        assert_eq!(
            path.steps()[1],
            Step {
                sequence: Tag(0x40, 0xA370),
                item: Which::One(12)
            }
        );
        let own = |name: &str| (name == "Ours").then_some((0x0009, 0x1001));
        assert_eq!(
            Path::parse("Ours", &own).unwrap().leaf(),
            Tag(0x0009, 0x1001)
        );
    }

    #[test]
    fn what_is_no_path_is_told() {
        for (text, why) in [
            ("", "\"\" is no tag"),
            ("PatientsID", "did you mean \"PatientID\"?"),
            ("Nonsense", "\"Nonsense\" is no tag: a keyword"),
            ("ReferencedStudySequence[0]", "ends with an item"),
            (
                "ReferencedStudySequence.AccessionNumber",
                "says not which item",
            ),
            ("ReferencedStudySequence[x].AccessionNumber", "\"x\" in"),
            ("ReferencedStudySequence[-1].AccessionNumber", "\"-1\" in"),
            (
                "ReferencedStudySequence[99999999999999999999].AccessionNumber",
                "too high",
            ),
            (
                "PatientID[0].AccessionNumber",
                "\"PatientID\" is no sequence, but LO",
            ),
            ("ReferencedStudySequence[0].", "\"\" is no tag"),
            ("[0].PatientID", "\"\" is no tag"),
        ] {
            let found = Path::parse(text, &none).unwrap_err();
            assert!(found.contains(why), "{text}: {found}");
        }
    }

    #[test]
    fn it_leads_to_what_is_there() {
        let mut root = Elements::new();
        let item = |id: &str| {
            let mut item = Elements::new();
            item.set(Tag::ACCESSION_NUMBER, Vr::SH, id.into());
            item
        };
        root.set_items(
            Tag(0x40, 0x275),
            vec![item("ONE"), Elements::new(), item("TWO")],
        );
        let all = Path::parse("0040,0275[*].AccessionNumber", &none).unwrap();
        let found = all.find(&root).unwrap();
        let values: Vec<_> = found.iter().filter_map(|element| element.bytes()).collect();
        assert_eq!(values, [b"ONE ", b"TWO "]);
        for (text, expected) in [
            ("0040,0275[2].AccessionNumber", 1),
            ("0040,0275[1].AccessionNumber", 0),
            ("0040,0275[3].AccessionNumber", 0),
            ("0040,A370[*].AccessionNumber", 0),
            ("AccessionNumber", 0),
        ] {
            let path = Path::parse(text, &none).unwrap();
            assert_eq!(path.find(&root).unwrap().len(), expected, "{text}");
        }
        let levels = all.change::<Malformed>(&mut root, &mut |item| {
            item.remove(Tag::ACCESSION_NUMBER);
            Ok(())
        });
        assert_eq!(levels, Ok(3));
        assert!(all.find(&root).unwrap().is_empty());
    }
}
