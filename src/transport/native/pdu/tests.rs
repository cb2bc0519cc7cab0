//! Ours against `dicom-ul`, and against bytes that nobody should send.

use std::io::{self, Write};

use dicom_ul::pdu::{
    AbortRQServiceProviderReason, AbortRQSource, AssociationAC, AssociationRQ, PDataValue,
    PDataValueType, Pdu, PresentationContextProposed, PresentationContextResult,
    PresentationContextResultReason, UserVariableItem, read_pdu, write_pdu,
};

use super::write::{
    ABORT, AssociateRequest, ProposedContext, RELEASE_RP, RELEASE_RQ, fragment_size, write_message,
};
use super::*;

fn read_all(bytes: &[u8]) -> Result<Received, ReadError> {
    Reader::default().next(&mut &bytes[..])
}

#[test]
fn fragments_fill_the_receivers_pdus() {
    assert_eq!(fragment_size(16_384), Some(16_378));
    assert_eq!(fragment_size(16_383), Some(16_376));
    assert_eq!(fragment_size(0), Some(131_066));
    assert_eq!(fragment_size(u32::MAX), Some((1 << 20) - 6));
    assert_eq!(fragment_size(8), Some(2));
    for useless in 1..8 {
        assert_eq!(fragment_size(useless), None, "{useless}");
    }
}

/// Takes a few bytes at a time, never the same number.
struct Sluggish(Vec<u8>, usize);

impl Write for Sluggish {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.1 = self.1 % 13 + 1;
        let taken = buffer.len().min(self.1);
        self.0.extend_from_slice(&buffer[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_message_is_put_together_again_whatever_a_write_takes() {
    let mut random = fastrand::Rng::with_seed(12);
    for (size, fragment, longest) in [
        (0, 100, 1),
        (1, 100, 1),
        (100, 100, 100),
        (100, 100, 7),
        (101, 100, 1000),
        (101, 100, 50),
        (7001, 10, 7001),
        (7001, 10, 25),
        (20_000, 16_378, 20_000),
        (20_000, 16_378, 3),
    ] {
        let command = [7u8; 130];
        let data: Vec<u8> = (0..size).map(|n| n as u8).collect();
        let mut line = Sluggish(Vec::new(), 0);
        // In pieces, some of them empty.
        let mut pieces: Vec<&[u8]> = vec![&[]];
        let mut rest = &data[..];
        while !rest.is_empty() {
            let (piece, more) = rest.split_at(random.usize(..=rest.len().min(longest)));
            pieces.push(piece);
            rest = more;
        }
        write_message(&mut line, 5, &command, Some(&pieces), fragment).unwrap();
        let mut found = [Vec::new(), Vec::new()];
        let mut ended = [false, false];
        let mut bytes = &line.0[..];
        while !bytes.is_empty() {
            let Some(Pdu::PData { data }) = read_pdu(&mut bytes, 1 << 20, true).unwrap() else {
                panic!("not P-DATA");
            };
            for value in data {
                let which = usize::from(value.value_type == dicom_ul::pdu::PDataValueType::Data);
                assert_eq!(value.presentation_context_id, 5);
                assert!(!ended[which], "something after the last fragment");
                assert!(value.data.len() <= fragment);
                assert!(value.is_last || value.data.len() == fragment, "not filled");
                ended[which] = value.is_last;
                found[which].extend_from_slice(&value.data);
            }
        }
        assert_eq!(ended, [true, true]);
        assert_eq!((&found[0][..], &found[1]), (&command[..], &data));
    }
}

#[test]
fn lengths_are_checked_before_anything_is_read() {
    for kind in [2u8, 3, 4, 5, 6, 7] {
        let endless = [kind, 0, 0xFF, 0xFF, 0xFF, 0xF0, 1, 2, 3];
        assert!(
            matches!(read_all(&endless), Err(ReadError::Nonsense(_))),
            "{kind}"
        );
    }
    for kind in [0u8, 1, 8, 0x48] {
        let strange = [kind, 0, 0, 0, 0, 4, 0, 0, 0, 0];
        assert!(
            matches!(read_all(&strange), Err(ReadError::Nonsense(_))),
            "{kind}"
        );
    }
    let cut_off = [4u8, 0, 0, 0, 0, 100, 1];
    assert!(matches!(read_all(&cut_off), Err(ReadError::Io(_))));
}

#[test]
fn a_refusal_with_reserved_numbers_is_a_refusal() {
    let reject = [3u8, 0, 0, 0, 0, 4, 0, 9, 8, 7];
    assert!(matches!(
        read_all(&reject),
        Ok(Received::Reject {
            result: 9,
            source: 8,
            reason: 7
        })
    ));
    let abort = [7u8, 0, 0, 0, 0, 4, 0, 0, 1, 99];
    assert!(matches!(
        read_all(&abort),
        Ok(Received::Abort {
            source: 1,
            reason: 99
        })
    ));
    let short = [3u8, 0, 0, 0, 0, 2, 0, 1];
    assert!(matches!(read_all(&short), Err(ReadError::Nonsense(_))));
}

#[test]
fn what_comes_together_is_read_one_after_the_other() {
    let mut bytes = Vec::new();
    for pdu in [Pdu::ReleaseRQ, Pdu::ReleaseRP] {
        write_pdu(&mut bytes, &pdu).unwrap();
    }
    let mut reader = Reader::default();
    let mut line = &bytes[..];
    assert!(matches!(
        reader.next(&mut line),
        Ok(Received::ReleaseRequest)
    ));
    assert!(!reader.is_empty());
    assert!(matches!(reader.next(&mut line), Ok(Received::ReleaseReply)));
    assert!(reader.is_empty());
}

fn by_dicom_ul(pdu: &Pdu) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_pdu(&mut bytes, pdu).unwrap();
    bytes
}

#[test]
fn what_we_send_is_what_dicom_ul_would_send() {
    let contexts: Vec<ProposedContext> = (0..128u8)
        .map(|number| ProposedContext {
            id: number.wrapping_mul(2).wrapping_add(1),
            abstract_syntax: format!("1.2.840.10008.5.1.4.1.1.{number}"),
            transfer_syntaxes: (0..=number % 3)
                .map(|n| format!("1.2.840.10008.1.2.{n}"))
                .collect(),
        })
        .collect();
    for count in [0, 1, 2, 128] {
        let ours = AssociateRequest {
            called_aet: "PACS",
            calling_aet: "SIXTEEN_LETTERS_",
            contexts: &contexts[..count],
            max_length: OUR_MAX_PDU,
            implementation_class_uid: "2.25.1",
            implementation_version: "VERSION",
        };
        let theirs = Pdu::AssociationRQ(AssociationRQ {
            protocol_version: 1,
            calling_ae_title: "SIXTEEN_LETTERS_".to_owned(),
            called_ae_title: "PACS".to_owned(),
            application_context_name: "1.2.840.10008.3.1.1.1".to_owned(),
            presentation_contexts: contexts[..count]
                .iter()
                .map(|context| PresentationContextProposed {
                    id: context.id,
                    abstract_syntax: context.abstract_syntax.clone(),
                    transfer_syntaxes: context.transfer_syntaxes.clone(),
                })
                .collect(),
            user_variables: vec![
                UserVariableItem::MaxLength(OUR_MAX_PDU),
                UserVariableItem::ImplementationClassUID("2.25.1".to_owned()),
                UserVariableItem::ImplementationVersionName("VERSION".to_owned()),
            ],
        });
        assert_eq!(ours.encode(), by_dicom_ul(&theirs), "{count}");
    }
    assert_eq!(RELEASE_RQ[..], by_dicom_ul(&Pdu::ReleaseRQ));
    assert_eq!(RELEASE_RP[..], by_dicom_ul(&Pdu::ReleaseRP));
    let abort = Pdu::AbortRQ {
        source: AbortRQSource::ServiceProvider(AbortRQServiceProviderReason::ReasonNotSpecified),
    };
    assert_eq!(ABORT[..], by_dicom_ul(&abort));
}

#[test]
fn an_aet_that_is_too_long_is_cut() {
    let encode = |called_aet, calling_aet| {
        AssociateRequest {
            called_aet,
            calling_aet,
            contexts: &[],
            max_length: 1,
            implementation_class_uid: "1",
            implementation_version: "1",
        }
        .encode()
    };
    assert_eq!(
        encode("SIXTEEN_LETTERS_AND_MORE", "A"),
        encode("SIXTEEN_LETTERS_", "A")
    );
    assert_eq!(
        encode("A", "SIXTEEN_LETTERS_X"),
        encode("A", "SIXTEEN_LETTERS_")
    );
}

#[test]
fn what_dicom_ul_sends_is_read() {
    let reasons = [
        PresentationContextResultReason::Acceptance,
        PresentationContextResultReason::UserRejection,
        PresentationContextResultReason::NoReason,
        PresentationContextResultReason::AbstractSyntaxNotSupported,
        PresentationContextResultReason::TransferSyntaxesNotSupported,
    ];
    let theirs = Pdu::AssociationAC(AssociationAC {
        protocol_version: 1,
        calling_ae_title: "US".to_owned(),
        called_ae_title: "PACS".to_owned(),
        application_context_name: "1.2.840.10008.3.1.1.1".to_owned(),
        presentation_contexts: (0..128u8)
            .map(|number| PresentationContextResult {
                id: number.wrapping_mul(2).wrapping_add(1),
                reason: reasons[usize::from(number) % reasons.len()].clone(),
                transfer_syntax: "1.2.840.10008.1.2".to_owned(),
            })
            .collect(),
        user_variables: vec![
            UserVariableItem::ImplementationClassUID("1.2.3".to_owned()),
            UserVariableItem::MaxLength(12_345),
        ],
    });
    let Ok(Received::Accept(accept)) = read_all(&by_dicom_ul(&theirs)) else {
        panic!("not read");
    };
    assert_eq!(accept.max_length, Some(12_345));
    assert_eq!(accept.contexts.len(), 128);
    for (number, context) in accept.contexts.iter().enumerate() {
        assert_eq!(usize::from(context.id), 2 * number + 1);
        assert_eq!(usize::from(context.result), number % 5);
        assert_eq!(context.transfer_syntaxes, ["1.2.840.10008.1.2"]);
    }
    let value = |context, is_command, is_last, data: &[u8]| PDataValue {
        presentation_context_id: context,
        value_type: if is_command {
            PDataValueType::Command
        } else {
            PDataValueType::Data
        },
        is_last,
        data: data.to_vec(),
    };
    let theirs = Pdu::PData {
        data: vec![
            value(1, true, false, &[1, 2]),
            value(3, true, true, &[]),
            value(255, false, true, &[9; 4000]),
        ],
    };
    let Ok(Received::Data(values)) = read_all(&by_dicom_ul(&theirs)) else {
        panic!("not read");
    };
    let read: Vec<_> = values
        .iter()
        .map(|one| (one.context, one.is_command, one.is_last, one.bytes.len()))
        .collect();
    assert_eq!(
        read,
        [
            (1, true, false, 2),
            (3, true, true, 0),
            (255, false, true, 4000)
        ]
    );
}
