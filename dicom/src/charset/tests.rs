use super::*;

#[track_caller]
fn both_ways(charset: &str, vr: Vr, text: &str, bytes: &[u8]) {
    let charset = Charset::of(charset.as_bytes()).unwrap();
    assert_eq!(charset.encode(text, vr).unwrap(), bytes, "{text}");
    assert_eq!(charset.decode(bytes, vr).unwrap(), text);
}

/// PS3.5 H, I and J, and K.
#[test]
fn the_examples_of_the_standard() {
    both_ways(
        "\\ISO 2022 IR 87",
        Vr::PN,
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
    );
    both_ways(
        "ISO 2022 IR 13\\ISO 2022 IR 87",
        Vr::PN,
        "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
        b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
    );
    both_ways(
        "\\ISO 2022 IR 149",
        Vr::PN,
        "Hong^Gildong=洪^吉洞=홍^길동",
        b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
    );
    both_ways(
        "\\ISO 2022 IR 58",
        Vr::PN,
        "Zhang^XiaoDong=张^小东",
        b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab",
    );
    both_ways(
        "ISO_IR 192",
        Vr::PN,
        "Wang^XiaoDong=王^小東=",
        "Wang^XiaoDong=王^小東=".as_bytes(),
    );
    both_ways(
        "GB18030",
        Vr::PN,
        "Wang^XiaoDong=王^小东=",
        b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=",
    );
    both_ways("ISO_IR 100", Vr::PN, "Buc^Jérôme", b"Buc^J\xe9r\xf4me");
}

#[test]
fn character_sets_of_one_byte() {
    for (charset, text, bytes) in [
        ("ISO_IR 101", "Wałęsa", &b"Wa\xb3\xeasa"[..]),
        ("ISO_IR 109", "ħ", b"\xb1"),
        ("ISO_IR 110", "ę", b"\xea"),
        ("ISO_IR 144", "Люкceмбypг", b"\xbb\xee\xdace\xdc\xd1yp\xd3"),
        ("ISO_IR 127", "قباني", b"\xe2\xc8\xc7\xe6\xea"),
        (
            "ISO_IR 126",
            "Διονυσιος",
            b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2",
        ),
        ("ISO_IR 138", "שרון", b"\xf9\xf8\xe5\xef"),
        ("ISO_IR 148", "Çavuşoğlu", b"\xc7avu\xfeo\xf0lu"),
        ("ISO_IR 203", "€", b"\xa4"),
        ("ISO_IR 166", "นามสกุล", b"\xb9\xd2\xc1\xca\xa1\xd8\xc5"),
        ("ISO_IR 13", "ﾔﾏﾀﾞ~", b"\xd4\xcf\xc0\xde~"),
        ("ISO 2022 IR 100", "é", b"\xe9"),
        ("iso-ir 100 ", "é", b"\xe9"),
        ("", "plain", b"plain"),
        ("ISO_IR 6", "plain", b"plain"),
    ] {
        both_ways(charset, Vr::LO, text, bytes);
    }
}

#[test]
fn several_halves_and_back() {
    // Latin and Greek in one value: each value begins with the first again.
    both_ways(
        "ISO 2022 IR 100\\ISO 2022 IR 126",
        Vr::LO,
        "éΔ\\é",
        b"\xe9\x1b-F\xc4\x1b-A\\\xe9",
    );
    // A backslash is one in LT, and no end of a value.
    both_ways(
        "\\ISO 2022 IR 149",
        Vr::LT,
        "홍\\홍\n홍",
        b"\x1b$)C\xc8\xab\\\xc8\xab\n\x1b$)C\xc8\xab",
    );
    // Written without repeating it.
    let korean = Charset::of(b"\\ISO 2022 IR 149").unwrap();
    let text = korean.decode(b"\x1b$)C\xfb\xf3^\xd1\xce\xd4\xd7", Vr::PN);
    assert_eq!(text.unwrap(), "洪^吉洞");
    let japanese = Charset::of(b"ISO 2022 IR 13\\ISO 2022 IR 87\\ISO 2022 IR 159").unwrap();
    let text = japanese.decode(b"\x1b$(D0!\x1b(B", Vr::LO).unwrap();
    assert_eq!(text, "丂");
    // A byte of a character of two bytes that looks like a delimiter.
    both_ways(
        "\\ISO 2022 IR 87",
        Vr::PN,
        "十=十",
        b"\x1b$B==\x1b(B=\x1b$B==\x1b(B",
    );
    both_ways("GBK", Vr::LO, "a昞b", b"a\x95\x5cb");
}

#[test]
fn what_a_character_set_does_not_have_is_told() {
    for (charset, vr, text, why) in [
        ("ISO_IR 100", Vr::LO, "Wałęsa", "ISO_IR 100, has no \"ł\""),
        ("", Vr::PN, "Müller", "ASCII (it names none), has no \"ü\""),
        ("ISO_IR 192", Vr::CS, "Ä", "CS is ASCII, which has no \"Ä\""),
        ("\\ISO 2022 IR 87", Vr::PN, "洪^é", "has no \"é\""),
        ("\\ISO 2022 IR 87", Vr::PN, "①", "has no \"①\""),
        ("ISO_IR 13", Vr::LO, "¥", "has no \"¥\""),
        ("\\ISO 2022 IR 58", Vr::LO, "東", "has no \"東\""),
        ("GBK", Vr::LO, "€", "has no \"€\""),
        ("GBK", Vr::LO, "a😀", "has no \"😀\""),
    ] {
        let charset = Charset::of(charset.as_bytes()).unwrap();
        let found = charset.encode(text, vr).unwrap_err();
        assert!(found.contains(why), "{text}: {found}");
    }
}

#[test]
fn bytes_that_are_no_text_are_an_error() {
    for (charset, vr, bytes) in [
        ("", Vr::LO, &b"M\xfcller"[..]),
        ("ISO_IR 192", Vr::LO, b"M\xfcller"),
        ("ISO_IR 100", Vr::CS, b"\xc4"),
        ("ISO_IR 127", Vr::LO, b"\xa1"),
        ("\\ISO 2022 IR 87", Vr::LO, b"\x1b$B;"),
        ("\\ISO 2022 IR 87", Vr::LO, b"\x1b$Z;3"),
        ("\\ISO 2022 IR 149", Vr::LO, b"\xc8\xab"),
        ("\\ISO 2022 IR 149", Vr::LO, b"\x1b"),
        ("GB18030", Vr::LO, b"\x81"),
    ] {
        let charset = Charset::of(charset.as_bytes()).unwrap();
        assert!(charset.decode(bytes, vr).is_err(), "{charset:?} {bytes:x?}");
    }
}

#[test]
fn a_character_set_that_is_not_known_is_named() {
    for charset in [
        "ISO_IR 999",
        "Klingon",
        "ISO_IR 87",
        "ISO 2022 IR 192",
        "ISO_IR 14",
        "ISO_IR 100\\Klingon",
    ] {
        let why = Charset::of(charset.as_bytes()).unwrap_err();
        assert!(why.contains("not known"), "{charset}: {why}");
    }
    let why = Charset::of(b"ISO 2022 IR 6\\ISO_IR 192").unwrap_err();
    assert!(why.contains("ISO_IR 192 stands alone"), "{why}");
}

#[test]
fn of_one_that_is_not_known_ascii_is_read_and_written() {
    for written in [
        &b"ISO_IR 100\\ISO_IR 192"[..],
        b"ISO 2022 IR 999",
        b"KLINGON",
    ] {
        let charset = Charset::as_far_as_known(written);
        assert!(Charset::of(written).is_err());
        assert_eq!(charset.decode(b"A-1 ", Vr::LO).unwrap(), "A-1 ");
        assert_eq!(charset.encode("A-1", Vr::LO).unwrap(), b"A-1");
        for bytes in [&b"M\xFCller"[..], b"\x1B$(D12", "\u{e4}".as_bytes()] {
            let why = charset.decode(bytes, Vr::LO).unwrap_err();
            assert!(why.contains("not known"), "{why}");
        }
        let why = charset.encode("M\u{fc}ller", Vr::LO).unwrap_err();
        assert!(why.contains("not known"), "{why}");
    }
    assert_eq!(
        Charset::as_far_as_known(b"ISO_IR 192"),
        Charset::of(b"ISO_IR 192").unwrap()
    );
}
