//! The A-ASSOCIATE-AC (PS3.8 9.3.3), read as tolerantly as a refusal is.
//!
//! Invariants:
//! - Only what is accepted must be understood: a rejected context's transfer syntax is not significant (PS3.8 9.3.3.2),
//!   AETs are not tested (9.3.3), and roles, identities and items that nobody knows are skipped.
//! - No length is believed: an item ends at the latest where the bytes at hand end, and nothing is allocated for more.
//! - A presentation context item that is cut short makes the whole unreadable: what else was lost is not known.

/// Before the items: protocol version, AETs, reserved bytes.
const FIXED: usize = 68;

const PRESENTATION_CONTEXT: u8 = 0x21;
const TRANSFER_SYNTAX: u8 = 0x40;
const USER_INFORMATION: u8 = 0x50;
const MAXIMUM_LENGTH: u8 = 0x51;

/// What a receiver agreed to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accept {
    pub contexts: Vec<ContextResult>,
    /// Largest P-DATA-TF that it takes, in bytes (PS3.8 D.1); `None`: it does not say.
    pub max_length: Option<u32>,
}

/// Its answer to one presentation context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextResult {
    pub id: u8,
    /// 0: accepted; else why not (PS3.8 table 9-18). Reserved numbers occur.
    pub result: u8,
    /// One, where it is accepted by the book.
    pub transfer_syntaxes: Vec<String>,
}

/// `body`: all behind the PDU's header. `Err`: what is wrong, in words.
pub fn parse(body: &[u8]) -> Result<Accept, &'static str> {
    let items = body.get(FIXED..).ok_or("it is too short")?;
    let mut accept = Accept::default();
    for item in Items(items) {
        match item.kind {
            PRESENTATION_CONTEXT => accept.contexts.push(context(&item)?),
            USER_INFORMATION => {
                let max_length = Items(item.value)
                    .filter(|sub_item| sub_item.kind == MAXIMUM_LENGTH)
                    .find_map(|sub_item| Some(u32::from_be_bytes(sub_item.value.try_into().ok()?)));
                accept.max_length = accept.max_length.or(max_length);
            }
            _ => {}
        }
    }
    if accept.contexts.is_empty() {
        return Err("it answers no presentation context");
    }
    Ok(accept)
}

fn context(item: &Item<'_>) -> Result<ContextResult, &'static str> {
    let (true, [id, _, result, _, sub_items @ ..]) = (item.is_whole, item.value) else {
        return Err("a presentation context in it is cut short");
    };
    let transfer_syntaxes = Items(sub_items)
        .filter(|sub_item| sub_item.kind == TRANSFER_SYNTAX)
        .map(|sub_item| {
            String::from_utf8_lossy(sub_item.value)
                .trim_matches(['\0', ' '])
                .to_owned()
        })
        .collect();
    Ok(ContextResult {
        id: *id,
        result: *result,
        transfer_syntaxes,
    })
}

/// An item or sub-item (PS3.8 9.3.1): type, a reserved byte, length of two bytes, value.
struct Item<'a> {
    kind: u8,
    value: &'a [u8],
    /// `false`: its length says more than there is.
    is_whole: bool,
}

/// Items one after the other; fewer bytes at the end than an item's header has are none.
struct Items<'a>(&'a [u8]);

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        let ([kind, _, high, low], rest) = self.0.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let (value, rest) = rest.split_at(length.min(rest.len()));
        self.0 = rest;
        Some(Item {
            kind: *kind,
            value,
            is_whole: value.len() == length,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JPEG: &str = "1.2.840.10008.1.2.4.70";

    fn item(kind: u8, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        [&[kind, 0x55, length[0], length[1]], value].concat()
    }

    fn context_item(id: u8, result: u8, sub_items: &[u8]) -> Vec<u8> {
        item(0x21, &[&[id, 0, result, 0], sub_items].concat())
    }

    fn body(items: &[Vec<u8>]) -> Vec<u8> {
        // AETs that are not ours, and reserved bytes that are not zero.
        [vec![0xEE; FIXED], items.concat()].concat()
    }

    #[test]
    fn only_what_is_accepted_must_be_understood() {
        let user = [
            // A role without its last byte, an identity of another kind, a window of operations, what nobody knows.
            item(0x54, b"\0\x011.2\x01"),
            item(0x59, &[0xFF, 0xFF, 1]),
            item(0x53, &[0; 7]),
            item(0x77, &[]),
            item(0x51, &[0, 0, 0x40, 0]),
            item(0x51, &[1, 1, 1, 1]),
            vec![0x55, 0, 0, 99, b'x'],
        ]
        .concat();
        let accept = parse(&body(&[
            item(0x33, b"what is this"),
            // No application context; rejected without a transfer syntax, with an empty one, with garbage.
            context_item(1, 3, &[]),
            context_item(3, 4, &item(0x40, &[])),
            context_item(5, 99, &[0x40, 0, 0xFF, 0xFF, 0xC0]),
            // Padded as a UID in a data set is.
            context_item(7, 0, &item(0x40, &[JPEG.as_bytes(), b"\0 "].concat())),
            item(0x50, &user),
            vec![0, 0, 0],
        ]))
        .unwrap();
        assert_eq!(accept.max_length, Some(0x4000));
        let results: Vec<_> = accept
            .contexts
            .iter()
            .map(|one| (one.id, one.result))
            .collect();
        assert_eq!(results, [(1, 3), (3, 4), (5, 99), (7, 0)]);
        assert_eq!(accept.contexts[3].transfer_syntaxes, [JPEG]);
    }

    #[test]
    fn a_maximum_length_that_is_none_is_not_there() {
        for value in [&[][..], &[1], &[0, 0, 0, 1, 0]] {
            let accept = parse(&body(&[
                context_item(1, 0, &item(0x40, JPEG.as_bytes())),
                item(0x50, &item(0x51, value)),
            ]))
            .unwrap();
            assert_eq!(accept.max_length, None);
        }
    }

    #[test]
    fn a_context_that_is_cut_short_spoils_it_and_one_must_be_there() {
        let whole = body(&[
            context_item(1, 0, &item(0x40, JPEG.as_bytes())),
            context_item(3, 0, &item(0x40, JPEG.as_bytes())),
        ]);
        let first = FIXED + 8 + 4 + JPEG.len();
        for end in 0..whole.len() {
            let found = parse(&whole[..end]);
            // Up to three bytes behind an item are no item.
            let readable = (first..first + 4).contains(&end);
            assert_eq!(found.is_ok(), readable, "{end}");
        }
        assert_eq!(parse(&whole).unwrap().contexts.len(), 2);
        assert!(parse(&body(&[context_item(1, 0, &[])[..6].to_vec()])).is_err());
        assert!(parse(&body(&[item(0x50, &item(0x51, &[0, 0, 1, 0]))])).is_err());
    }
}
