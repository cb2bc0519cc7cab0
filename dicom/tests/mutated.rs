//! Headers with whatever may be wrong in them: no panic, no memory without end; what is written can be read again, and
//! has what was asked for.
//!
//! `SENDQUEUE_MUTATIONS` says how many; `make test-mutated` takes a million.

#[path = "support/hostile.rs"]
mod hostile;
mod support;

use fastrand::Rng;
use support::{Content, DEFLATED, FORMS, JPEG, Set, inflated};

/// Of everything a little, in few bytes.
fn header(random: &mut Rng, form: &str) -> Vec<u8> {
    let item = |random: &mut Rng| {
        let item = Set::new().text((0x0008, 0x0050), "SH", "NESTED").bytes(
            (0x0028, 0x0010),
            "US",
            &[1, 2],
        );
        (random.bool(), item)
    };
    let mut set = Set::new()
        .text(
            (0x0008, 0x0005),
            "CS",
            random.choice(&["ISO_IR 100", "\\ISO 2022 IR 87"]).unwrap(),
        )
        .text((0x0008, 0x0050), "SH", "ACC")
        .text((0x0010, 0x0010), "PN", "Yamada^Tarou=\x1b$B;3ED\x1b(B^")
        .text((0x0011, 0x0010), "LO", "OURS")
        .put(
            (0x0011, 0x1001),
            "UN",
            Content::Items(random.bool(), vec![item(random)]),
        )
        .text((0x0020, 0x000D), "UI", "1.2.3");
    let deep = Set::new().put(
        (0x0040, 0xA730),
        "SQ",
        Content::Items(random.bool(), vec![item(random)]),
    );
    let items = vec![item(random), (random.bool(), deep)];
    set = set
        .put((0x0040, 0x0275), "SQ", Content::Items(random.bool(), items))
        .put(
            (0x0040, 0xA730),
            "UN",
            Content::Items(random.bool(), vec![item(random)]),
        );
    set = if form == JPEG {
        set.put(
            (0x7FE0, 0x0010),
            "OB",
            Content::Fragments(vec![vec![], vec![1; 6]]),
        )
    } else {
        set.bytes((0x7FE0, 0x0010), "OW", &[1; 6])
    };
    set.items((0xFFFA, 0xFFFA), random.bool(), &[Set::new()])
        .encode(form)
}

fn mutate(random: &mut Rng, bytes: &mut Vec<u8>) {
    const TELLING: [&[u8]; 16] = [
        &[0xFF; 4],
        &[0, 0, 0, 0],
        &[0xFE, 0xFF, 0, 0xE0],
        &[0xFE, 0xFF, 0x0D, 0xE0],
        &[0xFE, 0xFF, 0xDD, 0xE0],
        &[0xFF, 0xFE, 0xE0, 0],
        &[0xE0, 0x7F, 0x10, 0],
        &[0xFE, 0xFF, 0xFF, 0xFF],
        b"SQ\0\0",
        b"UN\0\0",
        b"OB",
        b"??",
        b"UT",
        b"\x1b$B",
        &[1, 0, 0, 0],
        &[0xFA, 0xFF, 0xFA, 0xFF],
    ];
    for _ in 0..random.usize(1..4) {
        if bytes.is_empty() {
            return;
        }
        let at = random.usize(..bytes.len());
        let until = bytes.len().min(at + random.usize(1..40));
        match random.u8(..9) {
            0 => bytes[at] = random.u8(..),
            1 => bytes[at] ^= 1 << random.u8(..8),
            2 => bytes.truncate(at),
            3 => drop(bytes.drain(at..until)),
            4 => {
                let part = bytes[at..until].to_vec();
                let to = random.usize(..=bytes.len());
                bytes.splice(to..to, part);
            }
            5 => bytes[at] = bytes[at].wrapping_add(1),
            6 => bytes[at] = 0,
            7 => drop(bytes.splice(at..at, [random.u8(..)])),
            _ => {
                let telling = *random.choice(&TELLING).unwrap();
                let until = bytes.len().min(at + telling.len());
                bytes.splice(at..until, telling.iter().copied());
            }
        }
    }
}

#[test]
fn no_header_breaks_a_promise() {
    let count: u64 = std::env::var("SENDQUEUE_MUTATIONS")
        .map_or(20_000, |count| count.parse().expect("a number"));
    let mut changed = 0;
    for seed in 0..count {
        let mut random = Rng::with_seed(seed);
        let form = *random.choice(&FORMS).unwrap();
        let mut bytes = header(&mut random, form);
        if form == DEFLATED && random.bool() {
            bytes = inflated(bytes, form);
            mutate(&mut random, &mut bytes);
            bytes = miniz_oxide::deflate::compress_to_vec(&bytes, 1);
        } else {
            mutate(&mut random, &mut bytes);
        }
        let done = std::panic::catch_unwind(|| hostile::change(&bytes, form));
        match done {
            Ok(done) => changed += u64::from(done),
            Err(_) => panic!("seed {seed}, {form}: {bytes:02x?}"),
        }
    }
    println!("{changed} of {count} could be changed");
    assert!(
        changed > count / 10 && changed < count,
        "{changed} of {count}"
    );
}
