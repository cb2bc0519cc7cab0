//! The same conversion by way of a tree; and a reader of what comes out, to compare with the tree. Slow and simple.

const SHORT: &str = "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US";
const OPEN: u32 = u32::MAX;
const DEEPEST: usize = 64;

enum Node {
    Value(u32, Vec<u8>),
    Sequence(u32, Vec<Vec<Node>>),
    /// Tag and everything behind the header.
    Verbatim(u32, Vec<u8>),
}

type Read<'a, T> = Result<(T, &'a [u8]), String>;

fn u32_of(bytes: &[u8]) -> Result<(u32, &[u8]), String> {
    let (word, rest) = bytes.split_first_chunk().ok_or("cut")?;
    Ok((u32::from_le_bytes(*word), rest))
}

/// Group in the upper half.
fn tag_of(bytes: &[u8]) -> Result<(u32, &[u8]), String> {
    u32_of(bytes).map(|(word, rest)| (word.rotate_left(16), rest))
}

fn take(bytes: &[u8], length: u32) -> Read<'_, &[u8]> {
    let length = usize::try_from(length).unwrap();
    bytes.split_at_checked(length).ok_or("beyond".into())
}

pub fn convert(data_set: &[u8]) -> Result<Vec<u8>, String> {
    let (nodes, _) = nodes(data_set, false, 0)?;
    Ok(write_all(&nodes))
}

fn nodes(mut bytes: &[u8], delimited: bool, depth: usize) -> Read<'_, Vec<Node>> {
    if depth > DEEPEST {
        return Err("deep".into());
    }
    let mut nodes = Vec::new();
    while !bytes.is_empty() {
        let (tag, rest) = tag_of(bytes)?;
        if tag >> 16 == 0xFFFE {
            let (_, rest) = u32_of(rest)?;
            return match tag {
                0xFFFE_E00D if delimited => Ok((nodes, rest)),
                _ => Err("delimiter".into()),
            };
        }
        let (word, rest) = u32_of(rest)?;
        let vr = String::from_utf8_lossy(&word.to_le_bytes()[..2]).into_owned();
        let capitals = vr.chars().all(|letter| letter.is_ascii_uppercase());
        let (length, rest) = if capitals && !SHORT.split(' ').any(|short| short == vr) {
            u32_of(rest)?
        } else {
            (word >> 16, rest)
        };
        let plain = tag == 0x7FE0_0010 || tag & 0xFFFF == 0;
        let (node, rest) = match (vr.as_str(), length) {
            ("SQ", _) | (_, OPEN) if plain => return Err("no sequence".into()),
            ("SQ", OPEN) => {
                let (items, rest) = items(rest, true, depth)?;
                (Node::Sequence(tag, items), rest)
            }
            ("SQ", _) => {
                let (inside, rest) = take(rest, length)?;
                let (items, _) = items(inside, false, depth)?;
                (Node::Sequence(tag, items), rest)
            }
            ("UN", OPEN) => {
                let after = implicit_items(rest, depth)?;
                let whole = &rest[..rest.len() - after.len()];
                (Node::Verbatim(tag, whole.to_vec()), after)
            }
            (_, OPEN) => return Err("open".into()),
            _ => {
                let (value, rest) = take(rest, length)?;
                (Node::Value(tag, value.to_vec()), rest)
            }
        };
        nodes.push(node);
        bytes = rest;
    }
    if delimited {
        return Err("no end".into());
    }
    Ok((nodes, bytes))
}

fn items(mut bytes: &[u8], delimited: bool, depth: usize) -> Read<'_, Vec<Vec<Node>>> {
    let mut items = Vec::new();
    while delimited || !bytes.is_empty() {
        let (tag, rest) = tag_of(bytes)?;
        let (length, rest) = u32_of(rest)?;
        match (tag, length) {
            (0xFFFE_E000, OPEN) => {
                let (inside, rest) = nodes(rest, true, depth + 1)?;
                items.push(inside);
                bytes = rest;
            }
            (0xFFFE_E000, _) => {
                let (inside, rest) = take(rest, length)?;
                items.push(nodes(inside, false, depth + 1)?.0);
                bytes = rest;
            }
            (0xFFFE_E0DD, _) if delimited => return Ok((items, rest)),
            _ => return Err("no item".into()),
        }
    }
    Ok((items, bytes))
}

/// What follows the items of an implicit sequence.
fn implicit_items(mut bytes: &[u8], depth: usize) -> Result<&[u8], String> {
    loop {
        let (tag, rest) = tag_of(bytes)?;
        let (length, rest) = u32_of(rest)?;
        bytes = match (tag, length) {
            (0xFFFE_E0DD, _) => return Ok(rest),
            (0xFFFE_E000, OPEN) => implicit_elements(rest, true, depth + 1)?,
            (0xFFFE_E000, _) => {
                let (inside, rest) = take(rest, length)?;
                implicit_elements(inside, false, depth + 1)?;
                rest
            }
            _ => return Err("no item".into()),
        };
    }
}

fn implicit_elements(mut bytes: &[u8], delimited: bool, depth: usize) -> Result<&[u8], String> {
    if depth > DEEPEST {
        return Err("deep".into());
    }
    while !bytes.is_empty() {
        let (tag, rest) = tag_of(bytes)?;
        let (length, rest) = u32_of(rest)?;
        bytes = match (tag, length) {
            (0xFFFE_E00D, _) if delimited => return Ok(rest),
            (_, OPEN) if tag == 0x7FE0_0010 || tag & 0xFFFF == 0 => return Err("plain".into()),
            _ if tag >> 16 == 0xFFFE => return Err("delimiter".into()),
            (_, OPEN) => implicit_items(rest, depth)?,
            _ => take(rest, length)?.1,
        };
    }
    if delimited {
        return Err("no end".into());
    }
    Ok(bytes)
}

fn header(tag: u32, length: u32) -> Vec<u8> {
    [tag.rotate_left(16).to_le_bytes(), length.to_le_bytes()].concat()
}

fn delimited(tag: u32, end: u32, inside: &[u8]) -> Vec<u8> {
    [&header(tag, OPEN), inside, &header(end, 0)].concat()
}

fn write_all(nodes: &[Node]) -> Vec<u8> {
    nodes.iter().flat_map(write).collect()
}

fn write(node: &Node) -> Vec<u8> {
    match node {
        Node::Value(tag, _) if tag & 0xFFFF == 0 => Vec::new(),
        Node::Value(tag, value) => {
            let length = u32::try_from(value.len()).unwrap();
            [&header(*tag, length), &value[..]].concat()
        }
        Node::Verbatim(tag, whole) => [&header(*tag, OPEN), &whole[..]].concat(),
        Node::Sequence(tag, items) => {
            let item = |nodes: &Vec<Node>| delimited(0xFFFE_E000, 0xFFFE_E00D, &write_all(nodes));
            let inside: Vec<u8> = items.iter().flat_map(item).collect();
            delimited(*tag, 0xFFFE_E0DD, &inside)
        }
    }
}

/// Reads a result as a receiver without a dictionary does: the same tags in the same order, at the same depth, with the
/// same values.
pub fn check(explicit: &[u8], implicit: &[u8]) {
    let (nodes, _) = nodes(explicit, false, 0).unwrap();
    let mut wanted = Vec::new();
    list_nodes(&nodes, &[], &mut wanted);
    let mut found = Vec::new();
    assert!(list_implicit(implicit, false, &[], &mut found).is_empty());
    assert_eq!(wanted, found);
}

/// Where an element is (its number in each element and item around it), its tag, and its value if it is no sequence.
type Line = (Vec<usize>, u32, Option<Vec<u8>>);

fn at(place: &[usize], number: usize) -> Vec<usize> {
    [place, &[number]].concat()
}

fn list_nodes(nodes: &[Node], place: &[usize], lines: &mut Vec<Line>) {
    let kept = |node: &&Node| !matches!(node, Node::Value(tag, _) if tag & 0xFFFF == 0);
    for (number, node) in nodes.iter().filter(kept).enumerate() {
        let here = at(place, number);
        match node {
            Node::Value(tag, value) => lines.push((here, *tag, Some(value.clone()))),
            Node::Sequence(tag, items) => {
                lines.push((here.clone(), *tag, None));
                for (number, nodes) in items.iter().enumerate() {
                    list_nodes(nodes, &at(&here, number), lines);
                }
            }
            Node::Verbatim(tag, whole) => {
                lines.push((here.clone(), *tag, None));
                list_items(whole, &here, lines);
            }
        }
    }
}

fn list_implicit<'a>(
    mut bytes: &'a [u8],
    delimited: bool,
    place: &[usize],
    lines: &mut Vec<Line>,
) -> &'a [u8] {
    let mut number = 0;
    while !bytes.is_empty() {
        let (tag, rest) = tag_of(bytes).unwrap();
        let (length, rest) = u32_of(rest).unwrap();
        if tag == 0xFFFE_E00D && delimited {
            return rest;
        }
        let here = at(place, number);
        number += 1;
        if length == OPEN {
            lines.push((here.clone(), tag, None));
            bytes = list_items(rest, &here, lines);
        } else {
            let (value, rest) = take(rest, length).unwrap();
            lines.push((here, tag, Some(value.to_vec())));
            bytes = rest;
        }
    }
    assert!(!delimited);
    bytes
}

fn list_items<'a>(mut bytes: &'a [u8], place: &[usize], lines: &mut Vec<Line>) -> &'a [u8] {
    for number in 0.. {
        let (tag, rest) = tag_of(bytes).unwrap();
        let (length, rest) = u32_of(rest).unwrap();
        if tag == 0xFFFE_E0DD {
            return rest;
        }
        assert_eq!(tag, 0xFFFE_E000);
        let here = at(place, number);
        if length == OPEN {
            bytes = list_implicit(rest, true, &here, lines);
        } else {
            let (inside, rest) = take(rest, length).unwrap();
            list_implicit(inside, false, &here, lines);
            bytes = rest;
        }
    }
    unreachable!()
}
