//! What is written after a request.
//!
//! Invariant: `written` is called only after a sound response to the request was written whole.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::association::Peer;
use super::behaviour::Respond;
use super::command::{Reply, Request};
use super::wire::{self, Ended, Step};

/// Not proposed: presentation context IDs are odd (PS3.8 9.3.2.2).
const NO_CONTEXT: u8 = 254;

impl Peer<'_> {
    /// Does what was asked for.
    pub(super) fn respond(
        &self,
        request: &Request,
        context: u8,
        what: Respond,
        written: impl FnOnce(u16),
    ) -> Step<()> {
        let stream = self.stream;
        let send = |context: u8, reply: &Reply<'_>| {
            let command = reply.encode(request);
            wire::write_bytes(stream, &wire::p_data(context, wire::LAST_COMMAND, &command))
        };
        let reply = |status| Reply::new(request, status);
        let success = reply(0x0000);
        match what {
            Respond::Status(status) => {
                send(context, &reply(status))?;
                written(status);
            }
            Respond::Delay(time, status) => {
                self.sleep(time)?;
                send(context, &reply(status))?;
                written(status);
            }
            Respond::StatusWith {
                status,
                error_comment,
                offending,
            } => {
                let plain = reply(status);
                let full = Reply {
                    error_comment,
                    offending,
                    ..plain
                };
                send(context, &full)?;
                written(status);
            }
            Respond::Fragmented => {
                let command = success.encode(request);
                // Of even length, as every fragment (PS3.8 E.2).
                let mut parts = command.chunks((command.len() / 3) & !1).peekable();
                while let Some(part) = parts.next() {
                    let last = parts.peek().is_none();
                    let control = if last {
                        wire::LAST_COMMAND
                    } else {
                        wire::COMMAND
                    };
                    wire::write_bytes(stream, &wire::p_data(context, control, part))?;
                }
                written(0x0000);
            }
            Respond::Trickle => {
                let command = success.encode(request);
                let bytes = wire::p_data(context, wire::LAST_COMMAND, &command);
                wire::trickle(self.shared, self.stopping, stream, bytes.into_iter())?;
                written(0x0000);
            }
            Respond::Twice => {
                send(context, &success)?;
                send(context, &success)?;
                written(0x0000);
            }
            Respond::AckThenAbort => {
                send(context, &success)?;
                written(0x0000);
                return self.abort(0, 0);
            }
            Respond::AckThenClose => {
                send(context, &success)?;
                written(0x0000);
                return Err(Ended);
            }
            Respond::AckThenRelease => {
                send(context, &success)?;
                written(0x0000);
                wire::write_bytes(stream, &wire::RELEASE_RQ)?;
                wire::until_released(stream);
                return Err(Ended);
            }
            Respond::OtherContext => {
                let mut command = success.encode(request);
                command.extend_from_slice(&[8, 0, 0x18, 0, 4, 0, 0, 0, b'1', b'.', b'2', 0]);
                let other = self.other_context(context).unwrap_or(context);
                wire::write_bytes(stream, &wire::p_data(other, wire::LAST_COMMAND, &command))?;
                written(0x0000);
            }
            Respond::Abort => return self.abort(0, 0),
            Respond::AbortWith { source, reason } => return self.abort(source, reason),
            Respond::Close => return Err(Ended),
            Respond::Hang => {
                wire::hang(stream);
                return Err(Ended);
            }
            Respond::HangForever => return self.sleep(Duration::MAX),
            Respond::StopReading => {
                // What the kernel takes in without anyone reading stays small.
                let _ = rustix::net::sockopt::set_socket_recv_buffer_size(stream, 4096);
                return self.sleep(Duration::MAX);
            }
            Respond::WrongMessageId => {
                let message_id = request.message_id.wrapping_add(0x1111);
                let wrong = Reply {
                    message_id,
                    ..success
                };
                send(context, &wrong)?;
            }
            Respond::WrongInstance => {
                let other = Request {
                    sop_instance_uid: format!("{}.1", request.sop_instance_uid),
                    ..request.clone()
                };
                let command = success.encode(&other);
                wire::write_bytes(stream, &wire::p_data(context, wire::LAST_COMMAND, &command))?;
                written(0x0000);
            }
            Respond::WrongContext => send(NO_CONTEXT, &success)?,
            Respond::NoStatus => {
                let without = Reply {
                    status: None,
                    ..success
                };
                send(context, &without)?;
            }
            Respond::Raw(bytes) => wire::write_bytes(stream, bytes)?,
            Respond::ZeroLengthPdv => wire::write_bytes(stream, &wire::ZERO_LENGTH_PDV)?,
            Respond::Garbage => wire::write_bytes(stream, &wire::garbage())?,
            Respond::Release => wire::write_bytes(stream, &wire::RELEASE_RQ)?,
            Respond::EndlessPdu => {
                wire::endless(self.shared, self.stopping, stream, wire::P_DATA_TF);
                return Err(Ended);
            }
        }
        Ok(())
    }

    fn abort(&self, source: u8, reason: u8) -> Step<()> {
        wire::abort(self.stream, source, reason);
        Err(Ended)
    }

    /// Without reading; ends early, and with it the connection, when the SCP stops.
    fn sleep(&self, time: Duration) -> Step<()> {
        let forever = time == Duration::MAX;
        let step = if forever {
            Duration::from_secs(3600)
        } else {
            time
        };
        if !step.is_zero() {
            self.shared.pause(step, self.stopping);
            while forever && !self.stopping.load(Ordering::SeqCst) {
                self.shared.pause(step, self.stopping);
            }
        }
        match self.stopping.load(Ordering::SeqCst) && !step.is_zero() {
            true => Err(Ended),
            false => Ok(()),
        }
    }
}
