use super::*;

const STORE: Request<'static> = Request::Store {
    sop_class_uid: "1.2.840.10008.5.1.4.1.1.2",
    sop_instance_uid: "1.2.3",
};

fn response(elements: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (element, value) in elements {
        put(&mut bytes, *element, value);
    }
    bytes
}

fn good() -> Vec<(u16, &'static [u8])> {
    vec![
        (COMMAND_FIELD, &[0x01, 0x80]),
        (MESSAGE_ID_RESPONDED_TO, &[7, 0]),
        (COMMAND_DATA_SET_TYPE, &[1, 1]),
        (STATUS, &[0, 0]),
    ]
}

#[test]
fn a_request_says_its_own_length_and_is_even() {
    for request in [Request::Echo, STORE, Request::Find, Request::Commit] {
        let bytes = request.encode(300);
        assert_eq!(bytes.len() % 2, 0);
        let elements: Vec<_> = Elements(&bytes).map(Result::unwrap).collect();
        assert_eq!(elements[0].0, (COMMAND_GROUP, COMMAND_GROUP_LENGTH));
        let length = u32::from_le_bytes(elements[0].1.try_into().unwrap());
        assert_eq!(length as usize, bytes.len() - 12);
        assert!(elements.is_sorted_by_key(|(number, _)| *number));
        let id = elements
            .iter()
            .find(|((_, number), _)| *number == MESSAGE_ID);
        assert_eq!(id.and_then(|(_, value)| us(value)), Some(300));
    }
}

#[test]
fn the_answer_to_this_request_is_read() {
    let read = STORE.read_response(7, &response(&good())).unwrap();
    assert_eq!(read, Response::default());
    assert_eq!(read.details("1.2.3"), "");
    let mut elements = good();
    elements[3].1 = &[0x00, 0xC0];
    elements.push((OFFENDING_ELEMENT, &[0x10, 0, 0x10, 0, 0x08, 0, 0x18, 0]));
    elements.push((ERROR_COMMENT, b"no\tgood "));
    elements.push((AFFECTED_SOP_INSTANCE_UID, b"1.2.4\0"));
    let read = STORE.read_response(7, &response(&elements)).unwrap();
    assert_eq!(read.status, 0xC000);
    assert_eq!(
        read.details("1.2.3"),
        "C-STORE status 0xC000; no good; offending elements (0010,0010) (0008,0018); \
         the response names the instance 1.2.4"
    );
}

#[test]
fn a_comment_is_read_whatever_its_character_set() {
    let table: [(&[u8], &str); 4] = [
        (b"Speicher \xFCberf\xFCllt ", "Speicher überfüllt"),
        ("Speicher überfüllt".as_bytes(), "Speicher überfüllt"),
        (b"caf\xE9", "café"),
        (b"\x85\x1B[31m", "[31m"),
    ];
    for (bytes, expected) in table {
        let mut elements = good();
        elements.push((ERROR_COMMENT, bytes));
        let read = STORE.read_response(7, &response(&elements)).unwrap();
        assert_eq!(read.comment.as_deref(), Some(expected));
    }
    let long = "ü".repeat(400);
    assert_eq!(text(long.as_bytes()), Some("ü".repeat(128)));
    let odd = format!("x{long}");
    assert_eq!(text(odd.as_bytes()), Some(format!("x{}", "ü".repeat(127))));
}

#[test]
fn elements_of_other_groups_are_skipped() {
    let mut bytes = response(&good());
    let foreign = |group: u8, element: u8, value: &[u8]| {
        let mut bytes = response(&[(u16::from(element), value)]);
        bytes[0] = group;
        bytes
    };
    // One that would be the status, if its group did not count.
    let mut status = response(&[(STATUS, &[0, 0xC0])]);
    status[0] = 9;
    bytes.extend(foreign(8, 0x18, b"1.2.4\0"));
    bytes.extend(status);
    bytes.extend(response(&[(AFFECTED_SOP_INSTANCE_UID, b"1.2.3\0")]));
    let read = STORE.read_response(7, &bytes).unwrap();
    assert_eq!((read.status, read.instance.as_deref()), (0, Some("1.2.3")));
    // Without an end it is damaged.
    bytes.extend(foreign(8, 0x18, b"1.2.4\0"));
    bytes.pop();
    assert!(STORE.read_response(7, &bytes).is_err());
}

#[test]
fn nothing_else_is_taken_for_an_answer() {
    type Change = fn(&mut Vec<(u16, &'static [u8])>);
    let changes: [(&str, Change); 9] = [
        ("another message", |e| e[1].1 = &[8, 0]),
        ("another message", |e| _ = e.remove(1)),
        ("another message", |e| e[0].1 = &[0x30, 0x80]),
        ("another message", |e| e[0].1 = &[0x01, 0x00]),
        ("another message", |e| _ = e.remove(0)),
        ("no status", |e| _ = e.remove(3)),
        ("no status", |e| e[3].1 = &[0]),
        ("data set", |e| e[2].1 = &[0, 0]),
        ("pending", |e| e[3].1 = &[0, 0xFF]),
    ];
    for (words, change) in changes {
        let mut elements = good();
        change(&mut elements);
        let error = STORE.read_response(7, &response(&elements)).unwrap_err();
        assert!(error.contains(words), "{words}: {error}");
    }
}

#[test]
fn a_match_is_an_answer_to_a_find_alone_and_has_an_identifier() {
    let mut elements = good();
    elements[0].1 = &[0x20, 0x80];
    let last = Request::Find
        .read_response(7, &response(&elements))
        .unwrap();
    assert!(!last.is_match);
    elements[3].1 = &[0x01, 0xFF];
    let without = Request::Find.read_response(7, &response(&elements));
    assert!(without.unwrap_err().contains("without an identifier"));
    elements[2].1 = &[0, 0];
    let one = Request::Find
        .read_response(7, &response(&elements))
        .unwrap();
    assert!(one.is_match);
    elements[0].1 = &[0x30, 0x81];
    let other = Request::Commit.read_response(7, &response(&elements));
    assert!(other.unwrap_err().contains("pending"));
}

#[test]
fn damaged_bytes_are_no_answer() {
    let whole = response(&good());
    for end in 0..whole.len() {
        assert!(STORE.read_response(7, &whole[..end]).is_err(), "{end}");
    }
    let mut other_group = whole.clone();
    other_group[0] = 8;
    assert!(STORE.read_response(7, &other_group).is_err());
    let mut huge = whole;
    huge[4..8].copy_from_slice(&[0xFF; 4]);
    assert!(STORE.read_response(7, &huge).is_err());
}
