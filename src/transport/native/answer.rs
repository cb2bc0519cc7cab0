//! What a receiver answers: to the association request, and to a request over the association.
//!
//! Invariants:
//! - Everything here works on bytes that nobody vouches for: any sequence of them ends in an answer or in an error with
//!   words, after at most as many bytes as an answer can have. `fuzz/` tries to prove the contrary.
//! - An answer must be whole, alone but for the matches of a C-FIND, and in a presentation context that was accepted
//!   for the request's SOP class: some receivers take another one than the request's. That it answers this very request
//!   its message ID says (G2), see [`Request::read_response`]; in another context its SOP Instance UID must agree as
//!   well, if it has one.

use std::collections::VecDeque;
use std::io::Read;

use super::command::{Request, Response};
use super::pdu::{self, Accept, DataValue, ReadError, Reader, Received};
use super::upper_layer;
use crate::item::Class;

/// Most matches of a C-FIND. A receiver that does not look at some key may answer with a whole series.
pub const MOST_MATCHES: usize = 10_000;

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
/// for its SOP class, the request's own first. `matched` gets the identifier of each match that comes before it, of a
/// C-FIND alone.
pub fn response<S: Read>(
    reader: &mut Reader,
    stream: &mut S,
    contexts: &[u8],
    request: &Request<'_>,
    message_id: u16,
    matched: &mut dyn FnMut(&mut S, &[u8]),
) -> Result<Response, NoResponse> {
    let mut arriving = Arriving {
        contexts,
        answered_in: None,
        ahead: VecDeque::new(),
    };
    for _ in 0..=MOST_MATCHES {
        let command = arriving.message(reader, stream, COMMAND)?;
        let response = request
            .read_response(message_id, &command)
            .map_err(ReadError::Nonsense)?;
        if !response.is_match {
            // What comes in the next PDU, an abort perhaps, is another matter: this was answered.
            if !arriving.ahead.is_empty() {
                return nonsense("the receiver sent more than its response");
            }
            return arriving.checked(response, request);
        }
        let identifier = arriving.message(reader, stream, IDENTIFIER)?;
        matched(stream, &identifier);
    }
    nonsense(format!(
        "the receiver answered more than {MOST_MATCHES} matches"
    ))
}

fn nonsense<T>(why: impl Into<String>) -> Result<T, NoResponse> {
    Err(ReadError::Nonsense(why.into()).into())
}

/// A part of a message, and how much of it is read.
#[derive(Clone, Copy)]
struct Part {
    is_command: bool,
    /// In bytes.
    longest: usize,
    /// Empty fragments would be without end.
    most_fragments: usize,
}

/// A real one has some 200 bytes, in one fragment.
const COMMAND: Part = Part {
    is_command: true,
    longest: 16_384,
    most_fragments: 64,
};
/// A real one has some 500 bytes.
const IDENTIFIER: Part = Part {
    is_command: false,
    longest: 262_144,
    most_fragments: 512,
};

/// What comes in answer to one request.
struct Arriving<'a> {
    contexts: &'a [u8],
    /// The context that it began in.
    answered_in: Option<u8>,
    /// Values that came with the last ones, in the same PDU.
    ahead: VecDeque<DataValue>,
}

impl Arriving<'_> {
    /// A whole command or identifier.
    fn message(
        &mut self,
        reader: &mut Reader,
        stream: &mut impl Read,
        part: Part,
    ) -> Result<Vec<u8>, NoResponse> {
        let mut bytes = Vec::new();
        for _ in 0..part.most_fragments {
            if self.ahead.is_empty() {
                self.ahead = values(reader, stream)?.into();
            }
            // A P-DATA-TF without values is a fragment too.
            let Some(value) = self.ahead.pop_front() else {
                continue;
            };
            let (context, contexts) = (value.context, self.contexts);
            if !contexts.contains(&context) || *self.answered_in.get_or_insert(context) != context {
                return nonsense(format!(
                    "the receiver answered in presentation context {context}, the SOP class of the request has {contexts:?}"
                ));
            }
            match (part.is_command, value.is_command) {
                (true, false) => {
                    return nonsense("the receiver sent a data set instead of a response");
                }
                (false, true) => {
                    return nonsense(
                        "the receiver sent a response instead of a match's identifier",
                    );
                }
                _ => bytes.extend_from_slice(&value.bytes),
            }
            if bytes.len() > part.longest {
                return nonsense(format!(
                    "the receiver's response is longer than {} bytes",
                    part.longest
                ));
            }
            if value.is_last {
                return Ok(bytes);
            }
        }
        nonsense(format!(
            "the receiver's response has more than {} fragments",
            part.most_fragments
        ))
    }

    /// That another instance is stored says nothing of this one. A refusal that names another one refuses this one: its
    /// message ID says so.
    fn checked(&self, response: Response, request: &Request<'_>) -> Result<Response, NoResponse> {
        let stored = matches!(
            Class::of_status(response.status),
            Class::Success | Class::Warning
        );
        let context = self.answered_in.unwrap_or_default();
        let elsewhere = self.contexts.first() != Some(&context);
        if (stored || elsewhere) && response.names_another_than(request) {
            return nonsense(format!(
                "the receiver answered in presentation context {context} for another instance ({})",
                response.instance.unwrap_or_default()
            ));
        }
        Ok(response)
    }
}

/// Of the next P-DATA-TF.
fn values(reader: &mut Reader, stream: &mut impl Read) -> Result<Vec<DataValue>, NoResponse> {
    match reader.next(stream)? {
        Received::Data(values) => Ok(values),
        Received::Abort { source, reason } => {
            Err(NoResponse::Aborted(upper_layer::abort(source, reason)))
        }
        Received::ReleaseRequest => Err(NoResponse::Released),
        other => nonsense(format!(
            "the receiver sent {} instead of a response",
            name(&other)
        )),
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
