//! DIMSE command sets: C-STORE, C-FIND, C-ECHO and the N-ACTION of storage commitment (PS3.7 9.3.1, 9.3.2, 9.3.5,
//! 10.3.4, annex E), in Implicit VR Little Endian (PS3.7 6.3.1).
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
const REQUESTED_SOP_CLASS_UID: u16 = 0x0003;
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
const REQUESTED_SOP_INSTANCE_UID: u16 = 0x1001;
const ACTION_TYPE_ID: u16 = 0x1008;

const C_STORE_RQ: u16 = 0x0001;
const C_FIND_RQ: u16 = 0x0020;
const C_ECHO_RQ: u16 = 0x0030;
const N_ACTION_RQ: u16 = 0x0130;
/// Set in the command field of a response.
const RESPONSE: u16 = 0x8000;
/// Command Data Set Type of a message without a data set; any other value: with one.
const NO_DATA_SET: u16 = 0x0101;
const DATA_SET: u16 = 0x0000;
const MEDIUM: u16 = 0x0000;
/// Request Storage Commitment (PS3.4 J.3.2).
const REQUEST_STORAGE_COMMITMENT: u16 = 1;

/// Verification SOP class (PS3.4 A.4).
pub const VERIFICATION: &str = "1.2.840.10008.1.1";
/// Study Root Query/Retrieve Information Model, FIND (PS3.4 C.6.2).
pub const STUDY_ROOT_FIND: &str = "1.2.840.10008.5.1.4.1.2.2.1";
/// Storage Commitment Push Model SOP class (PS3.4 J.3).
pub const STORAGE_COMMITMENT: &str = "1.2.840.10008.1.20.1";
/// Its one instance, which is there by definition.
const STORAGE_COMMITMENT_INSTANCE: &str = "1.2.840.10008.1.20.1.1";

/// What is asked of the peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    Echo,
    Store {
        sop_class_uid: &'a str,
        sop_instance_uid: &'a str,
    },
    /// With an identifier; answered by any number of matches, and then by one response without.
    Find,
    /// Storage commitment is requested of the instances in the data set.
    Commit,
}

impl Request<'_> {
    fn field(&self) -> u16 {
        match self {
            Request::Echo => C_ECHO_RQ,
            Request::Store { .. } => C_STORE_RQ,
            Request::Find => C_FIND_RQ,
            Request::Commit => N_ACTION_RQ,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Request::Echo => "C-ECHO",
            Request::Store { .. } => "C-STORE",
            Request::Find => "C-FIND",
            Request::Commit => "N-ACTION",
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
            Request::Find => {
                put_uid(&mut elements, AFFECTED_SOP_CLASS_UID, STUDY_ROOT_FIND);
                put_number(&mut elements, COMMAND_FIELD, self.field());
                put_number(&mut elements, MESSAGE_ID, message_id);
                put_number(&mut elements, PRIORITY, MEDIUM);
                put_number(&mut elements, COMMAND_DATA_SET_TYPE, DATA_SET);
            }
            Request::Commit => {
                put_uid(&mut elements, REQUESTED_SOP_CLASS_UID, STORAGE_COMMITMENT);
                put_number(&mut elements, COMMAND_FIELD, self.field());
                put_number(&mut elements, MESSAGE_ID, message_id);
                put_number(&mut elements, COMMAND_DATA_SET_TYPE, DATA_SET);
                put_uid(
                    &mut elements,
                    REQUESTED_SOP_INSTANCE_UID,
                    STORAGE_COMMITMENT_INSTANCE,
                );
                put_number(&mut elements, ACTION_TYPE_ID, REQUEST_STORAGE_COMMITMENT);
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
        let has_data_set = data_set.is_some_and(|kind| kind != NO_DATA_SET);
        response.status = status.ok_or("the receiver's response has no status")?;
        // PS3.4 C.4.1.1.4; FF01: not all keys of the identifier are supported.
        response.is_match = matches!(response.status, 0xFF00 | 0xFF01);
        match (response.is_match, has_data_set) {
            (true, _) if *self != Request::Find => Err(format!(
                "the receiver answered {:04X} (pending), which is no answer to this request",
                response.status
            )),
            (true, false) => Err("the receiver answered a match without an identifier".to_owned()),
            (false, true) => Err("the receiver announced a data set with its response".to_owned()),
            _ => Ok(response),
        }
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
    /// Of a C-FIND: an identifier follows, and then another response.
    pub is_match: bool,
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

    /// Of a C-STORE, in words, with what the peer said; empty for a success without remarks.
    pub fn details(&self, asked: &str) -> String {
        let request = Request::Store {
            sop_class_uid: "",
            sop_instance_uid: asked,
        };
        self.words(&request)
    }

    /// The same, of any request.
    pub fn words(&self, request: &Request<'_>) -> String {
        let mut parts = Vec::new();
        if self.status != 0 {
            parts.push(format!("{} status 0x{:04X}", request.name(), self.status));
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
        if self.names_another_than(request) {
            let named = self.instance.as_deref().unwrap_or_default();
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
mod tests;
