//! DIMSE command sets: C-STORE and C-ECHO (PS3.7 9.3.1, 9.3.5, annex E), in Implicit VR Little Endian (PS3.7 6.3.1).
//!
//! Invariants:
//! - Requests are made of checked UIDs only.
//! - A response is taken for an answer only if it is the answer to this very request (its command and message ID) and
//!   has a status: success can come from nowhere else (G2).
//! - Bytes from a peer are data: every length is checked, and what is not understood is skipped, elements of other
//!   groups included (DCMTK skips them too).

/// All elements of a command set are of this group (PS3.7 6.3.1).
const COMMAND_GROUP: u16 = 0x0000;
/// Affected SOP Class UID.
const AFFECTED_SOP_CLASS_UID: u16 = 0x0002;
const COMMAND_GROUP_LENGTH: u16 = 0x0000;
const COMMAND_FIELD: u16 = 0x0100;
const MESSAGE_ID: u16 = 0x0110;
const MESSAGE_ID_RESPONDED_TO: u16 = 0x0120;
const PRIORITY: u16 = 0x0700;
const COMMAND_DATA_SET_TYPE: u16 = 0x0800;
const STATUS: u16 = 0x0900;
const OFFENDING_ELEMENT: u16 = 0x0901;
const ERROR_COMMENT: u16 = 0x0902;
const AFFECTED_SOP_INSTANCE_UID: u16 = 0x1000;

const C_STORE_RQ: u16 = 0x0001;
const C_ECHO_RQ: u16 = 0x0030;
/// Set in the command field of a response.
const RESPONSE: u16 = 0x8000;
/// Command Data Set Type of a message without a data set; any other value: with one.
const NO_DATA_SET: u16 = 0x0101;
const DATA_SET: u16 = 0x0000;
const MEDIUM: u16 = 0x0000;

/// Verification SOP class (PS3.4 A.4).
pub const VERIFICATION: &str = "1.2.840.10008.1.1";

/// What is asked of the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    Echo,
    Store {
        sop_class_uid: &'a str,
        sop_instance_uid: &'a str,
    },
}

impl Request<'_> {
    fn field(&self) -> u16 {
        match self {
            Request::Echo => C_ECHO_RQ,
            Request::Store { .. } => C_STORE_RQ,
        }
    }

    /// The command set. No Move Originator is named (PS3.7 9.1.1.1): nobody asked by C-MOVE.
    pub fn encode(&self, message_id: u16) -> Vec<u8> {
        let mut elements = Vec::with_capacity(256);
        match self {
            Request::Echo => {
                put_uid(&mut elements, AFFECTED_SOP_CLASS_UID, VERIFICATION);
                put_number(&mut elements, COMMAND_FIELD, self.field());
                put_number(&mut elements, MESSAGE_ID, message_id);
                put_number(&mut elements, COMMAND_DATA_SET_TYPE, NO_DATA_SET);
            }
            Request::Store {
                sop_class_uid,
                sop_instance_uid,
            } => {
                put_uid(&mut elements, AFFECTED_SOP_CLASS_UID, sop_class_uid);
                put_number(&mut elements, COMMAND_FIELD, self.field());
                put_number(&mut elements, MESSAGE_ID, message_id);
                put_number(&mut elements, PRIORITY, MEDIUM);
                put_number(&mut elements, COMMAND_DATA_SET_TYPE, DATA_SET);
                put_uid(&mut elements, AFFECTED_SOP_INSTANCE_UID, sop_instance_uid);
            }
        }
        let mut command = Vec::with_capacity(elements.len() + 12);
        let length = u32::try_from(elements.len()).unwrap_or(u32::MAX);
        put(&mut command, COMMAND_GROUP_LENGTH, &length.to_le_bytes());
        command.append(&mut elements);
        command
    }

    /// Reads the response to this request with this message ID; an error in words if it is none.
    pub fn read_response(&self, message_id: u16, command: &[u8]) -> Result<Response, String> {
        let mut field = None;
        let mut responded = None;
        let mut status = None;
        let mut data_set = None;
        let mut response = Response::default();
        for element in Elements(command) {
            let ((group, number), value) = element?;
            if group != COMMAND_GROUP {
                continue;
            }
            match number {
                COMMAND_FIELD => field = us(value),
                MESSAGE_ID_RESPONDED_TO => responded = us(value),
                STATUS => status = us(value),
                COMMAND_DATA_SET_TYPE => data_set = us(value),
                OFFENDING_ELEMENT => response.offending = tags(value),
                ERROR_COMMENT => response.comment = text(value),
                AFFECTED_SOP_INSTANCE_UID => response.instance = text(value),
                _ => {}
            }
        }
        if field != Some(self.field() | RESPONSE) {
            return Err(format!(
                "the receiver sent another message than the response (command field {})",
                hex(field)
            ));
        }
        if responded != Some(message_id) {
            return Err(format!(
                "the receiver answered another message (message ID {responded:?}, ours was {message_id})"
            ));
        }
        // Absent: an old peer may leave out that there is nothing.
        if data_set.is_some_and(|kind| kind != NO_DATA_SET) {
            return Err("the receiver announced a data set with its response".to_owned());
        }
        response.status = status.ok_or("the receiver's response has no status")?;
        if matches!(response.status, 0xFF00 | 0xFF01) {
            return Err(format!(
                "the receiver answered {:04X} (pending), which is no answer to this request",
                response.status
            ));
        }
        Ok(response)
    }
}

/// A response (PS3.7 annex C).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    pub status: u16,
    pub comment: Option<String>,
    /// Group and element.
    pub offending: Vec<(u16, u16)>,
    /// The instance that it names, if it names one.
    pub instance: Option<String>,
}

impl Response {
    /// Whether it names an instance, and not the request's.
    pub fn names_another_than(&self, request: &Request<'_>) -> bool {
        match (request, &self.instance) {
            (
                Request::Store {
                    sop_instance_uid, ..
                },
                Some(named),
            ) => named != sop_instance_uid,
            _ => false,
        }
    }

    /// In words, with what the peer said; empty for a success without remarks.
    pub fn details(&self, asked: &str) -> String {
        let mut parts = Vec::new();
        if self.status != 0 {
            parts.push(format!("C-STORE status 0x{:04X}", self.status));
        }
        if let Some(comment) = &self.comment {
            parts.push(comment.clone());
        }
        if !self.offending.is_empty() {
            let tags: Vec<String> = self
                .offending
                .iter()
                .map(|(group, element)| format!("({group:04X},{element:04X})"))
                .collect();
            parts.push(format!("offending elements {}", tags.join(" ")));
        }
        if let Some(named) = self.instance.as_deref().filter(|named| *named != asked) {
            // Of a refusal: the message ID says what it answers.
            parts.push(format!("the response names the instance {named}"));
        }
        parts.join("; ")
    }
}

fn put(target: &mut Vec<u8>, element: u16, value: &[u8]) {
    target.extend_from_slice(&[0, 0]);
    target.extend_from_slice(&element.to_le_bytes());
    let length = u32::try_from(value.len()).unwrap_or(u32::MAX);
    target.extend_from_slice(&length.to_le_bytes());
    target.extend_from_slice(value);
}

fn put_number(target: &mut Vec<u8>, element: u16, value: u16) {
    put(target, element, &value.to_le_bytes());
}

/// Padded with NUL to an even length (PS3.5 9.1).
fn put_uid(target: &mut Vec<u8>, element: u16, uid: &str) {
    let mut bytes = uid.as_bytes().to_vec();
    if bytes.len() % 2 == 1 {
        bytes.push(0);
    }
    put(target, element, &bytes);
}

/// Elements one after the other: group and element, value.
struct Elements<'a>(&'a [u8]);

impl<'a> Iterator for Elements<'a> {
    type Item = Result<((u16, u16), &'a [u8]), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let damaged = |elements: &mut Self| {
            elements.0 = &[];
            Some(Err("the receiver's response is damaged".to_owned()))
        };
        let Some((head, rest)) = self.0.split_first_chunk::<8>() else {
            return damaged(self);
        };
        let group = u16::from_le_bytes([head[0], head[1]]);
        let element = u16::from_le_bytes([head[2], head[3]]);
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
        if length > rest.len() {
            return damaged(self);
        }
        let (value, rest) = rest.split_at(length);
        self.0 = rest;
        Some(Ok(((group, element), value)))
    }
}

fn us(value: &[u8]) -> Option<u16> {
    value.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

/// AT (PS3.5 6.2): group and element, each two bytes. At most a few are kept.
fn tags(value: &[u8]) -> Vec<(u16, u16)> {
    const MOST: usize = 16;
    value
        .chunks_exact(4)
        .take(MOST)
        .map(|tag| {
            (
                u16::from_le_bytes([tag[0], tag[1]]),
                u16::from_le_bytes([tag[2], tag[3]]),
            )
        })
        .collect()
}

/// LO or UI: without padding and control characters. An LO has 64 characters at most, of the default repertoire (PS3.7
/// C.4.1); receivers write in their own language all the same, most of them in Latin-1: what is no UTF-8 is read as
/// that.
fn text(value: &[u8]) -> Option<String> {
    const LONGEST: usize = 256;
    let value = &value[..value.len().min(LONGEST)];
    let text: String = match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        // Only its last character is cut.
        Err(error) if error.error_len().is_none() && error.valid_up_to() + 4 > LONGEST => {
            String::from_utf8_lossy(&value[..error.valid_up_to()]).into_owned()
        }
        Err(_) => value.iter().copied().map(char::from).collect(),
    };
    let text: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn hex(number: Option<u16>) -> String {
    number.map_or_else(|| "missing".to_owned(), |number| format!("{number:04X}"))
}

#[cfg(test)]
mod tests {
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
        for request in [Request::Echo, STORE] {
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
}
