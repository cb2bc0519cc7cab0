//! What the operating system says, in words for an administrator.

use std::io::{Error, ErrorKind};

/// Without the system's number, and the same words on every system.
pub fn words(error: &Error) -> String {
    let known = match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused",
        ErrorKind::ConnectionReset => "connection reset",
        ErrorKind::ConnectionAborted => "connection aborted",
        ErrorKind::NotConnected | ErrorKind::BrokenPipe => "the connection is closed",
        ErrorKind::HostUnreachable => "no route to the host",
        ErrorKind::NetworkUnreachable => "the network cannot be reached",
        ErrorKind::NetworkDown => "the network is down",
        ErrorKind::AddrNotAvailable => "the address is not available",
        ErrorKind::TimedOut => "no answer in time",
        ErrorKind::UnexpectedEof => "it ended too early",
        ErrorKind::NotFound => "no such file or folder",
        ErrorKind::PermissionDenied => "permission denied",
        ErrorKind::StorageFull => "no space left on the disk",
        ErrorKind::QuotaExceeded => "the disk quota is used up",
        ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        ErrorKind::IsADirectory => "it is a folder",
        ErrorKind::NotADirectory => "a part of the path is not a folder",
        _ => return without_number(&error.to_string()).to_owned(),
    };
    // Whoever made the error said more.
    match error.get_ref() {
        Some(said) => said.to_string(),
        None => known.to_owned(),
    }
}

/// The standard library appends it: "Too many open files (os error 24)".
fn without_number(text: &str) -> &str {
    match text.rsplit_once(" (os error ") {
        Some((words, number)) if number.ends_with(')') => words,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn nobody_reads_the_system_s_number() {
        for number in 1..140 {
            let said = words(&Error::from_raw_os_error(number));
            assert!(!said.contains("os error") && !said.is_empty(), "{said}");
        }
        let refused = std::net::TcpStream::connect(("127.0.0.1", 1)).unwrap_err();
        assert_eq!(words(&refused), "connection refused");
    }

    #[test]
    fn what_was_said_stays() {
        let own = Error::new(ErrorKind::AddrNotAvailable, "no address");
        assert_eq!(words(&own), "no address");
        assert_eq!(words(&Error::other("it (stops)")), "it (stops)");
        let kind = Error::from(ErrorKind::ConnectionRefused);
        assert_eq!(words(&kind), "connection refused");
    }
}
