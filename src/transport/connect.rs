//! A TCP connection that can be given up.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// When TCP sends its SYN again.
const SYN_AGAIN: Duration = Duration::from_secs(1);

/// Connects, in parts of a second, after which TCP would try again anyway: a stop need not wait for the end of
/// `timeout`.
pub fn connect(
    address: &SocketAddr,
    timeout: Duration,
    go_on: &dyn Fn() -> bool,
) -> io::Result<TcpStream> {
    let end = Instant::now() + timeout;
    loop {
        if !go_on() {
            return Err(io::Error::other("Orthanc is stopping"));
        }
        let part = end
            .saturating_duration_since(Instant::now())
            .clamp(Duration::from_millis(1), SYN_AGAIN);
        match TcpStream::connect_timeout(address, part) {
            Err(error) if error.kind() == ErrorKind::TimedOut && Instant::now() < end => {}
            result => return result,
        }
    }
}
