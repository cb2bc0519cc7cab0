//! An A-ASSOCIATE-AC as no library writes it, and as receivers in the field do (PS3.8 9.3.3).

use dicom_ul::pdu::{AssociationAC, PresentationContextResultReason, UserVariableItem};

/// Accepts what `accept` accepts.
pub(super) fn accept(accept: &AssociationAC) -> Vec<u8> {
    // Protocol version 3, reserved bytes that are not zero, AETs that nobody asked for.
    let mut body = vec![0, 3, 0xFF, 0xFF];
    body.extend_from_slice(&[b'x'; 32]);
    body.extend_from_slice(&[0xEE; 32]);
    body.extend(item(0x66, &[]));
    for context in &accept.presentation_contexts {
        let value = if context.reason == PresentationContextResultReason::Acceptance {
            let name = item(0x40, format!("{}\0", context.transfer_syntax).as_bytes());
            [&[context.id, 1, 0, 1][..], &item(0x99, b"?"), &name].concat()
        } else {
            vec![context.id, 0, 77, 0]
        };
        body.extend(item(0x21, &value));
    }
    let mut user = item(0x77, b"what");
    user.extend(item(0x54, &[0, 9, b'1']));
    user.extend(item(0x59, &[0, 200]));
    for variable in &accept.user_variables {
        if let UserVariableItem::MaxLength(length) = variable {
            user.extend(item(0x51, &length.to_be_bytes()));
        }
    }
    user.extend_from_slice(&[0x55, 0, 0xFF, 0xFF, b'V']);
    body.extend(item(0x50, &user));
    body.extend_from_slice(&[0; 3]);
    let length = u32::try_from(body.len()).expect("a short PDU");
    [&[2, 0][..], &length.to_be_bytes(), &body].concat()
}

fn item(kind: u8, value: &[u8]) -> Vec<u8> {
    let length = u16::try_from(value.len()).expect("a short item");
    [&[kind, 0xAB][..], &length.to_be_bytes(), value].concat()
}
