//! One TCP connection to a receiver: with a deadline for each step, and without the stall of delayed acknowledgements.
//!
//! Invariants:
//! - Nothing here waits for ever: reading ends at the deadline that [`Socket::expect_within`] set, a write when nothing
//!   moved for the time-out, connecting at its own end; all of it at once when [`Cut::cut`] is called.
//! - `TCP_NODELAY` is set before the first byte. Before each read a blocking look at one byte, then `TCP_QUICKACK`,
//!   then the read: a receiver with Nagle's algorithm holds the second part of its answer back until the first is
//!   acknowledged, which Linux would otherwise delay by 40 ms. The option must be set again for each read (tcp(7)), and
//!   set before the wait it is of no use.

use std::collections::HashMap;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::transport::connect::connect;
use parking_lot::{Mutex, MutexGuard};

/// How often somebody who waits for an association looks whether another one became free.
const LOOK: Duration = Duration::from_millis(25);

/// Asked while a connection is being opened: `true` gives it up.
pub type GiveUp = Arc<dyn Fn(Duration) -> bool + Send + Sync>;

/// The connections that are open, so that a stop can end all waiting.
#[derive(Default)]
pub struct Cut {
    state: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    cut: bool,
    next: u64,
    streams: HashMap<u64, TcpStream>,
}

impl Cut {
    /// Ends every connection, and every one that is opened later.
    pub fn cut(&self) {
        let mut state = self.lock();
        state.cut = true;
        for stream in state.streams.values() {
            // One that the peer closed already has nothing to shut down.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    pub fn is_cut(&self) -> bool {
        self.lock().cut
    }

    /// Connections open now.
    #[cfg(test)]
    pub fn count(&self) -> usize {
        self.lock().streams.len()
    }

    fn add(&self, stream: &TcpStream) -> io::Result<u64> {
        let copy = stream.try_clone()?;
        let mut state = self.lock();
        if state.cut {
            return Err(stopping());
        }
        let id = state.next;
        state.next += 1;
        state.streams.insert(id, copy);
        Ok(id)
    }

    fn remove(&self, id: u64) {
        self.lock().streams.remove(&id);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.state.lock()
    }
}

fn stopping() -> io::Error {
    io::Error::other("Orthanc is stopping")
}

/// A connection with deadlines.
pub struct Socket {
    stream: TcpStream,
    cut: Arc<Cut>,
    id: u64,
    timeout: Duration,
    deadline: Instant,
    /// What the operating system was told last.
    armed: Duration,
    give_up: Option<GiveUp>,
    opened: Instant,
}

impl Socket {
    /// Connects to the first of the addresses that answers. `timeout`: for connecting, for each write to move, and for
    /// what is read until [`Socket::expect_within`] says otherwise.
    pub fn connect(
        addresses: &[SocketAddr],
        timeout: Duration,
        cut: &Arc<Cut>,
    ) -> io::Result<Socket> {
        let mut last = io::Error::new(ErrorKind::AddrNotAvailable, "no address");
        for address in addresses {
            // Each has its time: a name may have an address that leads nowhere.
            match connect(address, timeout, &|| !cut.is_cut()) {
                Ok(stream) => return Socket::new(stream, timeout, cut),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn new(stream: TcpStream, timeout: Duration, cut: &Arc<Cut>) -> io::Result<Socket> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(timeout))?;
        stream.set_read_timeout(Some(timeout))?;
        orthanc_sdk::sockets::acknowledge_at_once(&stream);
        let id = cut.add(&stream)?;
        let now = Instant::now();
        Ok(Socket {
            stream,
            cut: cut.clone(),
            id,
            timeout,
            deadline: now + timeout,
            armed: timeout,
            give_up: None,
            opened: now,
        })
    }

    /// What is read from now on must have come within `time`.
    pub fn expect_within(&mut self, time: Duration) {
        self.deadline = Instant::now() + time;
    }

    /// Asked every now and then while reading; it gets the time since the connection was made.
    pub fn set_give_up(&mut self, give_up: Option<GiveUp>) {
        self.give_up = give_up;
    }

    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How many bytes of ours have come to the peer's system, as far as this one was told; `None` where it cannot tell.
    pub fn acknowledged(&self) -> Option<u64> {
        let bytes = orthanc_sdk::sockets::acknowledged_bytes(&self.stream);
        // A system that has the field, but does not count.
        bytes.filter(|bytes| *bytes > 0)
    }

    /// Whether the peer is silent, as it should be between two requests: it has neither closed nor sent anything.
    pub fn is_quiet(&self) -> bool {
        #[cfg(unix)]
        {
            use rustix::net::{RecvFlags, recv};
            let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
            recv(&self.stream, &mut [0u8; 1], flags)
                .is_err_and(|error| error == rustix::io::Errno::AGAIN)
        }
        #[cfg(not(unix))]
        {
            if self.stream.set_nonblocking(true).is_err() {
                return false;
            }
            let looked = self.stream.peek(&mut [0]);
            let blocking = self.stream.set_nonblocking(false);
            blocking.is_ok()
                && matches!(looked, Err(error) if error.kind() == ErrorKind::WouldBlock)
        }
    }

    /// Whether the peer is silent, and stays so for this time.
    pub fn is_quiet_for(&mut self, time: Duration) -> bool {
        // Zero would mean no limit.
        let time = time.max(Duration::from_millis(1));
        if self.stream.set_read_timeout(Some(time)).is_err() {
            return false;
        }
        self.armed = time;
        matches!(
            self.stream.peek(&mut [0]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
        )
    }

    /// The time that reading may still take, told to the operating system.
    fn arm(&mut self) -> io::Result<()> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        // What has arrived by now is taken, even where the time is over: it may have come in time, and we were slow to
        // look.
        if left.is_zero() && self.is_quiet() {
            return Err(ErrorKind::TimedOut.into());
        }
        let part = if self.give_up.is_some() {
            left.min(LOOK)
        } else {
            left
        };
        // A system call less for each answer: what little is too long does not matter.
        let slack = self.armed.saturating_sub(part);
        if part > self.armed || slack > self.armed / 8 {
            // Zero would mean no limit.
            self.stream
                .set_read_timeout(Some(part.max(Duration::from_millis(1))))?;
            self.armed = part;
        }
        Ok(())
    }

    /// Waits for a byte, and acknowledges it at once.
    fn wait(&mut self) -> io::Result<()> {
        loop {
            self.arm()?;
            match self.stream.peek(&mut [0]) {
                Ok(_) => {
                    #[cfg(target_os = "linux")]
                    let _ = rustix::net::sockopt::set_tcp_quickack(&self.stream, true);
                    return Ok(());
                }
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    let waited = self.opened.elapsed();
                    if self.give_up.as_ref().is_some_and(|ask| ask(waited)) {
                        return Err(io::Error::other(GivenUp));
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// The error of a connection that was given up while it was being opened.
#[derive(Debug)]
pub struct GivenUp;

impl std::fmt::Display for GivenUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("given up for another association")
    }
}

impl std::error::Error for GivenUp {}

/// Whether this error is [`GivenUp`].
pub fn is_given_up(error: &io::Error) -> bool {
    error.get_ref().is_some_and(|inner| inner.is::<GivenUp>())
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.cut.remove(self.id);
        // The copy that was kept for a cut may be closed after us: the peer shall see the end now.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wait()?;
        self.stream.read(buffer).map_err(timed_out)
    }
}

impl Write for Socket {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.write(buffer).map_err(timed_out)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        self.stream.write_vectored(buffers).map_err(timed_out)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

/// The same word for a time-out on every system.
fn timed_out(error: io::Error) -> io::Error {
    if error.kind() == ErrorKind::WouldBlock {
        ErrorKind::TimedOut.into()
    } else {
        error
    }
}
