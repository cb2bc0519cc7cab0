//! Random data sets and random changes, in each of the forms, beside a model that writes every byte anew.

mod support;

use fastrand::Rng;
use sendqueue_dicom::{Elements, Tag, Vr};
use support::{Content, FORMS, JPEG, Set, bytes_of, inflated, parse};

/// Tags of the standard with their VRs, ascending; sequences and pixels apart.
const VALUES: [((u16, u16), &str); 14] = [
    ((0x0008, 0x0005), "CS"),
    ((0x0008, 0x0050), "SH"),
    ((0x0010, 0x0010), "PN"),
    ((0x0010, 0x0020), "LO"),
    ((0x0010, 0x4000), "LT"),
    ((0x0011, 0x0010), "LO"),
    ((0x0011, 0x1001), "UN"),
    ((0x0018, 0x9073), "FD"),
    ((0x0020, 0x000D), "UI"),
    ((0x0028, 0x0009), "AT"),
    ((0x0028, 0x0010), "US"),
    ((0x0040, 0xA160), "UT"),
    ((0x0066, 0x0016), "OF"),
    ((0x6000, 0x3000), "OW"),
];
const SEQUENCES: [((u16, u16), &str); 6] = [
    ((0x0008, 0x1115), "SQ"),
    ((0x0008, 0x1140), "UN"),
    ((0x0011, 0x1002), "UN"),
    ((0x0040, 0x0275), "SQ"),
    ((0x0040, 0xA730), "SQ"),
    ((0xFFFA, 0xFFFA), "SQ"),
];

fn value(random: &mut Rng) -> Vec<u8> {
    let length = match random.u8(..) {
        0..60 => 0,
        60..254 => 8 * random.usize(..8),
        _ => 8 * random.usize(..2000),
    };
    // Of what could be taken for items, too.
    (0..length)
        .map(|_| *random.choice(b"AZ19^= .\\\xFE\xFF\0\xE0").unwrap())
        .collect()
}

fn set(random: &mut Rng, depth: usize) -> Set {
    let mut set = Set::new();
    for (tag, vr) in VALUES {
        if random.u8(..) < 90 {
            let mut value = value(random);
            if vr == "UN" || tag.0 % 2 == 1 {
                // What begins as an item does is another matter.
                value.insert(0, b'A');
                value.push(b'Z');
            }
            set = set.bytes(tag, vr, &value);
        }
    }
    for (tag, vr) in SEQUENCES {
        if depth < 3 && random.u8(..) < 90 {
            let count = random.usize(..4);
            let open = random.bool();
            // Without an item nothing tells a private sequence of defined length from a value.
            let count = if tag.0 % 2 == 1 { count.max(1) } else { count };
            let items = (0..count).map(|_| (random.bool(), self::set(random, depth + 1)));
            set = set.put(tag, vr, Content::Items(open, items.collect()));
        }
    }
    set.0.sort_by_key(|(tag, ..)| *tag);
    set
}

fn with_pixels(mut set: Set, random: &mut Rng, form: &str) -> Set {
    let pixels: Vec<u8> = (0..2 * random.usize(1..200))
        .map(|_| random.u8(..))
        .collect();
    let content = if form == JPEG {
        Content::Fragments(vec![vec![], pixels])
    } else {
        Content::Value(pixels)
    };
    set.0.push(((0x7FE0, 0x0010), "OW".into(), content));
    set.0.sort_by_key(|(tag, ..)| *tag);
    set
}

/// The same change of both, somewhere; the model's by hand.
fn change(random: &mut Rng, model: &mut Set, elements: &mut Elements<'_>) {
    let sequences: Vec<usize> = (0..model.0.len())
        .filter(|at| matches!(&model.0[*at].2, Content::Items(_, items) if !items.is_empty()))
        .collect();
    if let Some(at) = random.choice(&sequences).filter(|_| random.u8(..) < 170) {
        let (tag, _, Content::Items(_, items)) = &mut model.0[*at] else {
            unreachable!()
        };
        let element = elements.get_mut(Tag(tag.0, tag.1)).expect("the sequence");
        let found = element.items_mut().expect("readable").expect("items");
        assert_eq!(found.len(), items.len());
        if random.u8(..) < 30 {
            let gone = random.usize(..items.len());
            items.remove(gone);
            found.remove(gone);
            return;
        }
        let item = random.usize(..items.len());
        return change(random, &mut items[item].1, &mut found[item]);
    }
    let (tag, vr) = *random.choice(&VALUES).unwrap();
    let at = model.0.binary_search_by_key(&tag, |(tag, ..)| *tag);
    if let Ok(at) = at {
        model.0.remove(at);
    }
    let removed = random.u8(..) < 80;
    if removed {
        let gone = elements.remove(Tag(tag.0, tag.1));
        assert_eq!(gone.is_some(), at.is_ok());
        return;
    }
    let value = value(random);
    let of = Vr::from_bytes(vr.as_bytes().try_into().unwrap()).unwrap();
    elements.set(Tag(tag.0, tag.1), of, value.clone());
    let at = at.unwrap_or_else(|at| at);
    model
        .0
        .insert(at, (tag, vr.to_owned(), Content::Value(value)));
}

#[test]
fn every_change_is_the_models_change_and_no_other() {
    for seed in 0..500 {
        let mut random = Rng::with_seed(seed);
        let form = FORMS[seed as usize % FORMS.len()];
        let whole = set(&mut random, 0);
        let mut model = with_pixels(whole, &mut random, form);
        let before = model.encode(form);
        let same = inflated(bytes_of(parse(&before, form), &before), form);
        assert!(
            same == inflated(before.clone(), form),
            "{seed} {form}: not the same bytes"
        );
        let mut data = parse(&before, form);
        for _ in 0..random.usize(1..6) {
            change(&mut random, &mut model, data.root_mut());
        }
        let after = inflated(bytes_of(data, &before), form);
        let expected = inflated(model.encode(form), form);
        if after != expected {
            let differs = after
                .iter()
                .zip(&expected)
                .take_while(|(a, b)| a == b)
                .count();
            panic!("{seed} {form}: from byte {differs} on it is not {model:?}");
        }
    }
}
