//! Loopback ports.
//!
//! Invariants: a port handed out is outside the range from which the kernel takes the ports of outgoing connections,
//! and is leased by an advisory lock on a file until this process ends, so that tests running at the same time in
//! several processes never get the same one.

use std::fs::{self, File};
use std::net::TcpListener;
use std::sync::Mutex;

use rustix::fs::{FlockOperation, flock};

/// Below the usual `net.ipv4.ip_local_port_range`, above what services are registered for.
const FIRST: u16 = 20_000;
const LAST: u16 = 32_000;

static LEASED: Mutex<Leases> = Mutex::new(Leases {
    next: 0,
    files: Vec::new(),
});

struct Leases {
    next: u16,
    /// Open and locked until the process ends: that is the lease.
    files: Vec<File>,
}

/// A TCP port on which nothing listens, leased to this process.
///
/// # Panics
/// When no port of the range 20000 to 32000 is free, or the temporary folder cannot be written.
#[must_use]
pub fn free_port() -> u16 {
    let folder = std::env::temp_dir().join("sendqueue-testkit-ports");
    fs::create_dir_all(&folder).expect("a folder for the leases of ports");
    let mut leases = LEASED.lock().expect("the leases of ports");
    let span = LAST - FIRST;
    if leases.next == 0 {
        // Processes start at different places, so that they rarely try the same port.
        let spread = u64::from(std::process::id()) * 37 % u64::from(span);
        leases.next = FIRST + u16::try_from(spread).expect("less than the span");
    }
    for _ in 0..span {
        let port = leases.next;
        leases.next = if port + 1 >= LAST { FIRST } else { port + 1 };
        let Ok(file) = File::create(folder.join(port.to_string())) else {
            continue;
        };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok()
            && TcpListener::bind(("0.0.0.0", port)).is_ok()
        {
            leases.files.push(file);
            return port;
        }
    }
    panic!("no free port between {FIRST} and {LAST}");
}

/// Whether a socket of this machine listens on the IPv4 `port`, without connecting to it.
#[must_use]
pub fn is_listening(port: u16) -> bool {
    let wanted = format!(":{port:04X}");
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().any(|table| {
        fs::read_to_string(table).is_ok_and(|text| {
            text.lines().skip(1).any(|line| {
                let mut fields = line.split_whitespace().skip(1);
                let local = fields.next().unwrap_or_default();
                // 0A is TCP_LISTEN.
                local.ends_with(&wanted) && fields.nth(1) == Some("0A")
            })
        })
    })
}
