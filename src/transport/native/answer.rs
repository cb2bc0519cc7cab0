//! What a receiver answers: to the association request, and to a request over the association.
//!
//! Invariants:
//! - Everything here works on bytes that nobody vouches for: any sequence of them ends in an answer or in an error with
//!   words, after at most as many bytes as an answer can have. `fuzz/` tries to prove the contrary.
//! - An answer must be whole, alone, and in a presentation context that was accepted for the request's SOP class: some
//!   receivers take another one than the request's. That it answers this very request its message ID says (G2), see
//!   [`Request::read_response`]; in another context its SOP Instance UID must agree as well, if it has one.

use std::io::Read;

use super::command::{Request, Response};
use super::pdu::{self, Accept, ReadError, Reader, Received};
use super::upper_layer;
use crate::item::Class;

/// Longest command set of a response. A real one has some 200 bytes.
const LONGEST_COMMAND: usize = 16_384;
/// Most fragments of a response: empty ones would be without end. A real one has one.
const MOST_FRAGMENTS: usize = 64;

/// Why there is no association.
#[derive(Debug)]
pub enum Refused {
    /// The receiver said so, in words.
    Said {
        details: String,
        /// It may only have too many associations.
        may_be_congestion: bool,
    },
    Unreadable(ReadError),
}

/// Why a request has no response.
#[derive(Debug)]
pub enum NoResponse {
    /// The receiver asked for the release of the association instead (PS3.8 7.2): it has not carried the request out.
    Released,
    /// It aborted the association, in words.
    Aborted(String),
    Unreadable(ReadError),
}

impl From<ReadError> for NoResponse {
    fn from(error: ReadError) -> Self {
        NoResponse::Unreadable(error)
    }
}

impl NoResponse {
    /// In words, for an administrator.
    pub fn describe(&self) -> String {
        match self {
            NoResponse::Released => {
                "the receiver asked to release the association instead of answering".to_owned()
            }
            NoResponse::Aborted(why) => why.clone(),
            NoResponse::Unreadable(error) => pdu::describe(error, "the response"),
        }
    }
}

/// The answer to an A-ASSOCIATE-RQ (PS3.8 7.1).
pub fn association(reader: &mut Reader, stream: &mut impl Read) -> Result<Accept, Refused> {
    let said = |details: String, may_be_congestion| {
        Err(Refused::Said {
            details,
            may_be_congestion,
        })
    };
    match reader.next(stream).map_err(Refused::Unreadable)? {
        Received::Accept(accept) if reader.is_empty() => Ok(accept),
        Received::Accept(_) => said(
            "the receiver sent data before it was asked for anything".to_owned(),
            false,
        ),
        Received::Reject {
            result,
            source,
            reason,
        } => said(
            upper_layer::rejection(result, source, reason),
            upper_layer::may_be_congestion(source, reason),
        ),
        Received::Abort { source, reason } => said(upper_layer::abort(source, reason), true),
        other => said(
            format!(
                "the receiver sent {} instead of an answer to the association request",
                name(&other)
            ),
            false,
        ),
    }
}

/// The response to a request with this message ID (PS3.7 8). `contexts`: the presentation contexts that were accepted
/// for its SOP class, the request's own first.
pub fn response(
    reader: &mut Reader,
    stream: &mut impl Read,
    contexts: &[u8],
    request: &Request<'_>,
    message_id: u16,
) -> Result<Response, NoResponse> {
    let nonsense = |why: String| Err(ReadError::Nonsense(why).into());
    let mut command = Vec::new();
    let mut fragments = 0;
    let mut answered_in = None;
    loop {
        let values = match reader.next(stream)? {
            Received::Data(values) => values,
            Received::Abort { source, reason } => {
                return Err(NoResponse::Aborted(upper_layer::abort(source, reason)));
            }
            Received::ReleaseRequest => return Err(NoResponse::Released),
            other => {
                return nonsense(format!(
                    "the receiver sent {} instead of a response",
                    name(&other)
                ));
            }
        };
        // A P-DATA-TF without values is a fragment too.
        fragments += values.len().max(1);
        if fragments > MOST_FRAGMENTS {
            return nonsense(format!(
                "the receiver's response has more than {MOST_FRAGMENTS} fragments"
            ));
        }
        let mut values = values.into_iter();
        while let Some(value) = values.next() {
            let context = value.context;
            if !contexts.contains(&context) || *answered_in.get_or_insert(context) != context {
                return nonsense(format!(
                    "the receiver answered in presentation context {context}, the SOP class of the request has {contexts:?}"
                ));
            }
            if !value.is_command {
                return nonsense("the receiver sent a data set instead of a response".to_owned());
            }
            command.extend_from_slice(&value.bytes);
            if command.len() > LONGEST_COMMAND {
                return nonsense(format!(
                    "the receiver's response is longer than {LONGEST_COMMAND} bytes"
                ));
            }
            if value.is_last {
                // What comes behind it, an abort perhaps, is another matter: this was answered.
                if values.next().is_some() {
                    return nonsense("the receiver sent more than its response".to_owned());
                }
                let response = request
                    .read_response(message_id, &command)
                    .map_err(ReadError::Nonsense)?;
                // That another instance is stored says nothing of this one. A refusal that names another one refuses
                // this one: its message ID says so.
                let stored = matches!(
                    Class::of_status(response.status),
                    Class::Success | Class::Warning
                );
                let elsewhere = contexts.first() != Some(&context);
                if (stored || elsewhere) && response.names_another_than(request) {
                    return nonsense(format!(
                        "the receiver answered in presentation context {context} for another instance ({})",
                        response.instance.unwrap_or_default()
                    ));
                }
                return Ok(response);
            }
        }
    }
}

fn name(received: &Received) -> &'static str {
    match received {
        Received::Accept(_) => "A-ASSOCIATE-AC",
        Received::Reject { .. } => "A-ASSOCIATE-RJ",
        Received::Data(_) => "data",
        Received::ReleaseRequest => "A-RELEASE-RQ",
        Received::ReleaseReply => "A-RELEASE-RP",
        Received::Abort { .. } => "A-ABORT",
    }
}
