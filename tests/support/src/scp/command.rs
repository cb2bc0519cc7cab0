//! DIMSE command sets: Implicit VR Little Endian, each with its group length (PS3.7 6.3.1).
//!
//! Invariant: what is read is bounded by the bytes at hand; a broken command set gives `None`, never a panic.

/// Command fields (PS3.7 E.1).
pub(super) const C_STORE_RQ: u16 = 0x0001;
pub(super) const C_ECHO_RQ: u16 = 0x0030;
pub(super) const RESPONSE: u16 = 0x8000;

/// "No data set present" of Command Data Set Type (0000,0800).
const NO_DATA_SET: u16 = 0x0101;

/// What is needed of a request.
#[derive(Debug, Default, Clone)]
pub(super) struct Request {
    pub field: u16,
    pub message_id: u16,
    pub sop_class_uid: String,
    pub sop_instance_uid: String,
    pub move_originator: Option<String>,
    pub has_data_set: bool,
}

impl Request {
    /// A C-STORE of nothing.
    pub fn of_store() -> Self {
        Self {
            field: C_STORE_RQ,
            message_id: 1,
            ..Self::default()
        }
    }
}

/// Reads a request's command set.
pub(super) fn decode(mut bytes: &[u8]) -> Option<Request> {
    let mut request = Request::default();
    while !bytes.is_empty() {
        let group = u16::from_le_bytes(bytes.get(0..2)?.try_into().ok()?);
        let element = u16::from_le_bytes(bytes.get(2..4)?.try_into().ok()?);
        let length = u32::from_le_bytes(bytes.get(4..8)?.try_into().ok()?);
        let end = 8usize.checked_add(usize::try_from(length).ok()?)?;
        let value = bytes.get(8..end)?;
        if group == 0 {
            match element {
                0x0002 => request.sop_class_uid = text(value),
                0x0100 => request.field = number(value)?,
                0x0110 => request.message_id = number(value)?,
                0x0800 => request.has_data_set = number(value)? != NO_DATA_SET,
                0x1000 => request.sop_instance_uid = text(value),
                0x1030 => request.move_originator = Some(text(value)),
                _ => {}
            }
        }
        bytes = &bytes[end..];
    }
    Some(request)
}

/// What a response says (PS3.7 9.3.1.2, 9.3.5.2, annex C).
pub(super) struct Reply<'a> {
    pub message_id: u16,
    pub status: Option<u16>,
    pub error_comment: Option<&'a str>,
    pub offending: &'a [(u16, u16)],
}

impl Reply<'_> {
    /// The plain one.
    pub fn new(request: &Request, status: u16) -> Self {
        Self {
            message_id: request.message_id,
            status: Some(status),
            error_comment: None,
            offending: &[],
        }
    }

    /// Writes the response to `request`.
    pub fn encode(&self, request: &Request) -> Vec<u8> {
        let mut body = Vec::with_capacity(256);
        if !request.sop_class_uid.is_empty() {
            element(&mut body, 0x0002, &padded(&request.sop_class_uid, 0));
        }
        element(&mut body, 0x0100, &(request.field | RESPONSE).to_le_bytes());
        element(&mut body, 0x0120, &self.message_id.to_le_bytes());
        element(&mut body, 0x0800, &NO_DATA_SET.to_le_bytes());
        if let Some(status) = self.status {
            element(&mut body, 0x0900, &status.to_le_bytes());
        }
        if !self.offending.is_empty() {
            let tags = self.offending.iter();
            let tags = tags.flat_map(|(group, number)| [group.to_le_bytes(), number.to_le_bytes()]);
            element(&mut body, 0x0901, &tags.flatten().collect::<Vec<u8>>());
        }
        if let Some(text) = self.error_comment {
            element(&mut body, 0x0902, &padded(text, b' '));
        }
        if !request.sop_instance_uid.is_empty() {
            element(&mut body, 0x1000, &padded(&request.sop_instance_uid, 0));
        }
        let mut out = Vec::with_capacity(body.len() + 12);
        let length = u32::try_from(body.len()).expect("a response is short");
        element(&mut out, 0x0000, &length.to_le_bytes());
        out.extend_from_slice(&body);
        out
    }
}

fn element(out: &mut Vec<u8>, number: u16, value: &[u8]) {
    out.extend_from_slice(&0u16.to_le_bytes());
    out.extend_from_slice(&number.to_le_bytes());
    let length = u32::try_from(value.len()).expect("a value is short");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(value);
}

fn padded(text: &str, with: u8) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(bytes.len().next_multiple_of(2), with);
    bytes
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value)
        .trim_matches(['\0', ' '])
        .to_owned()
}

fn number(value: &[u8]) -> Option<u16> {
    Some(u16::from_le_bytes(value.get(0..2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_carries_the_request_s_message() {
        let request = Request {
            field: C_STORE_RQ,
            message_id: 0x1234,
            sop_class_uid: "1.2.3".into(),
            sop_instance_uid: "1.2.3.45".into(),
            ..Request::default()
        };
        let bytes = Reply::new(&request, 0xA700).encode(&request);
        assert_eq!(
            u32::from_le_bytes(bytes[8..12].try_into().unwrap()) as usize,
            bytes.len() - 12
        );
        assert_eq!(bytes.len() % 2, 0);
        let read = decode(&bytes).unwrap();
        assert_eq!(read.field, 0x8001);
        assert_eq!(read.sop_class_uid, "1.2.3");
        assert_eq!(read.sop_instance_uid, "1.2.3.45");
        assert!(!read.has_data_set);
        assert!(
            bytes
                .windows(10)
                .any(|w| w == [0, 0, 0, 9, 2, 0, 0, 0, 0, 0xA7])
        );
        assert!(
            bytes
                .windows(10)
                .any(|w| w == [0, 0, 0x20, 1, 2, 0, 0, 0, 0x34, 0x12])
        );
    }

    #[test]
    fn broken_command_sets_are_refused() {
        assert!(decode(&[0, 0, 0, 1, 255, 255, 255, 255, 1]).is_none());
        assert!(decode(&[0, 0, 0]).is_none());
    }
}
