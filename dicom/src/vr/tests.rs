use super::*;

#[test]
fn letters_and_back() {
    for vr in [Vr::AE, Vr::OB, Vr::SQ, Vr::UN, Vr::UV] {
        assert_eq!(Vr::from_bytes(vr.as_bytes()), Some(vr));
    }
    for letters in [b"XX", b"ae", b"??", b"\0\0"] {
        assert_eq!(Vr::from_bytes(*letters), None);
    }
}

#[test]
fn what_fits_and_what_does_not() {
    let long = "x".repeat(64);
    let groups = format!("{long}={long}={long}");
    let fits: &[(Vr, &str)] = &[
        (Vr::SH, "1234567890123456"),
        (Vr::SH, "äöüäöüäöüäöüäöü1"),
        (Vr::SH, "1234567890123456\\1234567890123456"),
        (Vr::LO, &long),
        (Vr::PN, &groups),
        (Vr::PN, "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        (Vr::PN, "a^b^c^d^e"),
        (Vr::CS, "ORIGINAL\\PRIMARY"),
        (Vr::DA, "20240229"),
        (Vr::TM, "235960.123456"),
        (Vr::TM, "12"),
        (Vr::DT, "202402"),
        (Vr::DT, "20240229120000.5+0100"),
        (Vr::DS, " 1.5e-3 "),
        (Vr::IS, "-2147483648"),
        (Vr::UI, "1.2.840.0.1"),
        (Vr::AS, "045Y"),
        (Vr::AE, "A B"),
        (Vr::LT, "one\r\ntwo\\three"),
        (Vr::UR, "http://a.b/c?d=e"),
        (Vr::UC, "as long as you like"),
        (Vr::LO, ""),
        (Vr::DA, ""),
        (Vr::CS, "A\\\\B"),
    ];
    for (vr, text) in fits {
        assert_eq!(check(*vr, text), Ok(()), "{vr} {text}");
        assert_eq!(may_ever_fit(*vr, text), Ok(()), "{vr} {text}");
    }
    let too_long = "x".repeat(65);
    let wrong: &[(Vr, &str, &str)] = &[
        (
            Vr::SH,
            "12345678901234567",
            "it has 17 characters, and SH takes 16 at most",
        ),
        (
            Vr::PN,
            &too_long,
            "a component group has 65 characters, and PN takes 64 at most",
        ),
        (Vr::PN, "a=b=c=d", "3 component groups"),
        (Vr::PN, "a^b^c^d^e^f", "5 components"),
        (Vr::LO, "a\nb", "it has U+000A, which LO cannot have"),
        (
            Vr::CS,
            "Original",
            "it has \"r\", which CS cannot have: it takes capital letters",
        ),
        (Vr::AE, "Ä", "ASCII"),
        (Vr::UR, "a\\b", "URI"),
        (Vr::OB, "x", "OB has no text"),
        (Vr::US, "1", "US has no text"),
    ];
    for (vr, text, why) in wrong {
        for found in [check(*vr, text), may_ever_fit(*vr, text)] {
            let found = found.unwrap_err();
            assert!(found.contains(why), "{vr} {text}: {found}");
        }
    }
    let wrong_form: &[(Vr, &str)] = &[
        (Vr::DA, "20230229"),
        (Vr::DA, "2023022"),
        (Vr::DA, "20231301"),
        (Vr::TM, "2460"),
        (Vr::TM, "24"),
        (Vr::TM, "1200."),
        (Vr::TM, "123"),
        (Vr::DT, "20240229+9900"),
        (Vr::DT, "202"),
        (Vr::DS, "1..2"),
        (Vr::DS, "-"),
        (Vr::IS, "2147483648"),
        (Vr::UI, "1.02"),
        (Vr::UI, "1..2"),
        (Vr::UI, "1.2."),
        (Vr::AS, "45Y"),
        (Vr::AS, "Y045"),
        (Vr::AE, "   "),
    ];
    for (vr, text) in wrong_form {
        assert!(
            check(*vr, text).unwrap_err().contains("wants"),
            "{vr} {text}"
        );
        assert_eq!(may_ever_fit(*vr, text), Ok(()), "{vr} {text}");
    }
}
