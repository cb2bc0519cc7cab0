//! Whatever a receiver sends: to the association request, and to a C-STORE request.

#![no_main]

use OrthancSendQueue::transport::native::answer;
use OrthancSendQueue::transport::native::command::Request;
use OrthancSendQueue::transport::native::contexts::{
    Conversion, EXPLICIT_VR_LE, Kind, Proposal,
};
use OrthancSendQueue::transport::native::pdu::Reader;
use OrthancSendQueue::transport::native::pdu::write::fragment_size;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let request = Request::Store {
        sop_class_uid: "1.2.840.10008.5.1.4.1.1.2",
        sop_instance_uid: "1.2.3",
    };
    if let Ok(response) =
        answer::response(&mut Reader::default(), &mut &bytes[..], &[1, 3], &request, 7)
    {
        let _ = response.details("1.2.3");
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
