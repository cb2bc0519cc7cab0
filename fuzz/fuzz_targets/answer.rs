//! Whatever a receiver sends: to the association request, and to a C-STORE, C-FIND or N-ACTION request.

#![no_main]

use OrthancSendQueue::transport::confirm::known::Parents;
use OrthancSendQueue::transport::native::answer;
use OrthancSendQueue::transport::native::command::Request;
use OrthancSendQueue::transport::native::contexts::{
    Conversion, EXPLICIT_VR_LE, Kind, Proposal,
};
use OrthancSendQueue::transport::native::pdu::Reader;
use OrthancSendQueue::transport::native::pdu::write::fragment_size;
use OrthancSendQueue::transport::native::query;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let request = Request::Store {
        sop_class_uid: "1.2.840.10008.5.1.4.1.1.2",
        sop_instance_uid: "1.2.3",
    };
    let parents = Parents {
        study: "1.2".to_owned(),
        series: "1.2.1".to_owned(),
    };
    for request in [request, Request::Find, Request::Commit] {
        let mut stream = bytes;
        let mut matched = |_: &mut &[u8], identifier: &[u8]| {
            let _ = query::found(identifier, &parents);
        };
        let answer = answer::response(
            &mut Reader::default(),
            &mut stream,
            &[1, 3],
            &request,
            7,
            &mut matched,
        );
        if let Ok(response) = answer {
            let _ = response.words(&request);
        }
    }
    let accept = answer::association(&mut Reader::default(), &mut &bytes[..]);
    if let Ok(accept) = accept {
        if let Some(length) = accept.max_length {
            assert_ne!(fragment_size(length), Some(0));
        }
        let kind = Kind {
            sop_class: "1.2.840.10008.5.1.4.1.1.2".to_owned(),
            transfer_syntax: EXPLICIT_VR_LE.to_owned(),
        };
        let proposal = Proposal::new(&[kind.clone()], &Conversion::default());
        let contexts = proposal.agree(&accept.contexts);
        for (_, syntax) in contexts.of(&kind.sop_class) {
            assert_eq!(syntax, EXPLICIT_VR_LE, "agreed to what was not offered");
        }
    }
});
