//! TCP connections of this process, the host's included.
//!
//! What it is for: a stopping Orthanc waits for its own C-STORE SCU, which waits for a silent receiver: one minute with
//! a time-out of 30 s (1.10.1 to 1.13.0). Nothing in the SDK ends such a wait; the connection's end does.

use std::net::SocketAddr;

/// Shuts down, in both directions, every TCP connection of this process to one of these peers, also one that is still
/// being opened; answers how many.
///
/// The descriptors stay open and their owners': they see the peer gone. Only Linux is supported; elsewhere this does
/// nothing and answers 0.
pub fn shutdown_connections(peers: &[SocketAddr]) -> usize {
    if peers.is_empty() {
        return 0;
    }
    imp::shutdown_connections(peers)
}

/// Acknowledges what comes over this connection without delay, where one setting does that for good: on Windows
/// (`SIO_TCP_SET_ACK_FREQUENCY`, 1). Elsewhere it does nothing: Linux's `TCP_QUICKACK` must be set before each read.
pub fn acknowledge_at_once(stream: &std::net::TcpStream) {
    #[cfg(windows)]
    windows::acknowledge_at_once(stream);
    #[cfg(not(windows))]
    let _ = stream;
}

/// How many bytes of what was sent over this connection the peer's system has acknowledged since it was opened
/// (`TCP_INFO`, tcp(7), Linux 4.2). `None` where the system does not tell.
pub fn acknowledged_bytes(stream: &std::net::TcpStream) -> Option<u64> {
    #[cfg(target_os = "linux")]
    return imp::acknowledged_bytes(stream);
    #[cfg(not(target_os = "linux"))]
    {
        let _ = stream;
        None
    }
}

#[cfg(windows)]
mod windows {
    use std::ffi::c_void;
    use std::os::windows::io::AsRawSocket;
    use std::ptr;

    /// `_WSAIOW(IOC_VENDOR, 23)` of mstcpip.h.
    const SIO_TCP_SET_ACK_FREQUENCY: u32 = 0x9800_0017;

    #[link(name = "ws2_32")]
    unsafe extern "system" {
        fn WSAIoctl(
            socket: usize,
            code: u32,
            input: *const c_void,
            input_size: u32,
            output: *mut c_void,
            output_size: u32,
            returned: *mut u32,
            overlapped: *mut c_void,
            completion: *mut c_void,
        ) -> i32;
    }

    pub fn acknowledge_at_once(stream: &std::net::TcpStream) {
        let frequency = 1_u32;
        let mut returned = 0_u32;
        // SAFETY: the socket is open, the input is four bytes that outlive the call, there is no output and nothing
        // overlapped. A refusal leaves the connection as it is, only slower.
        unsafe {
            WSAIoctl(
                stream.as_raw_socket() as usize,
                SIO_TCP_SET_ACK_FREQUENCY,
                (&raw const frequency).cast(),
                4,
                ptr::null_mut(),
                0,
                &raw mut returned,
                ptr::null_mut(),
                ptr::null_mut(),
            );
        }
    }
}

#[cfg(target_os = "linux")]
mod imp {
    use std::collections::HashMap;
    use std::mem;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
    use std::os::fd::{AsRawFd, RawFd};

    pub fn shutdown_connections(peers: &[SocketAddr]) -> usize {
        let opening = opening();
        descriptors()
            .into_iter()
            .filter(|fd| {
                peer_of(*fd)
                    .or_else(|| opening.get(&inode_of(*fd)?).copied())
                    .is_some_and(|peer| peers.iter().any(|one| same(*one, peer)))
            })
            .filter(|fd| {
                // SAFETY: a plain system call; on a descriptor that was closed meanwhile it fails, and one that was
                // given out anew in that instant loses a connection at a time when the host is stopping.
                unsafe { libc::shutdown(*fd, libc::SHUT_RDWR) == 0 }
            })
            .count()
    }

    pub fn acknowledged_bytes(stream: &std::net::TcpStream) -> Option<u64> {
        /// `tcpi_bytes_acked` in `struct tcp_info` of linux/tcp.h, which only ever grows at its end.
        const AT: usize = 120;
        let mut info = [0_u8; AT + 8];
        let mut length = info.len() as libc::socklen_t;
        // SAFETY: the descriptor is open as long as the stream is borrowed, and the system writes at most `length`
        // bytes into the buffer, which has as many.
        let result = unsafe {
            libc::getsockopt(
                stream.as_raw_fd(),
                libc::IPPROTO_TCP,
                libc::TCP_INFO,
                info.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        if result != 0 || (length as usize) < info.len() {
            return None;
        }
        let bytes = info.last_chunk::<8>()?;
        Some(u64::from_ne_bytes(*bytes))
    }

    fn descriptors() -> Vec<RawFd> {
        match std::fs::read_dir("/proc/self/fd") {
            Ok(entries) => entries
                .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
                .collect(),
            // Without /proc (a bare chroot): all that could be open.
            Err(_) => (0..limit()).collect(),
        }
    }

    fn limit() -> RawFd {
        const MOST: libc::rlim_t = 65_536;
        let mut limit = libc::rlimit {
            rlim_cur: 1024,
            rlim_max: 1024,
        };
        // SAFETY: the target is a valid `rlimit`; on failure it stays as it is.
        unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) };
        RawFd::try_from(limit.rlim_cur.min(MOST)).unwrap_or(1024)
    }

    fn inode_of(fd: RawFd) -> Option<u64> {
        let link = std::fs::read_link(format!("/proc/self/fd/{fd}")).ok()?;
        let inode = link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?;
        inode.parse().ok()
    }

    /// Connections that are being opened (SYN-SENT), by the socket's inode: `getpeername` does not know them yet.
    fn opening() -> HashMap<u64, SocketAddr> {
        ["/proc/self/net/tcp", "/proc/self/net/tcp6"]
            .iter()
            .filter_map(|path| std::fs::read_to_string(path).ok())
            .flat_map(|table| table.lines().filter_map(opening_in).collect::<Vec<_>>())
            .collect()
    }

    /// One line of such a table: `sl local remote state … inode …` (proc(5)).
    pub fn opening_in(line: &str) -> Option<(u64, SocketAddr)> {
        const SYN_SENT: &str = "02";
        let fields: Vec<&str> = line.split_whitespace().collect();
        if fields.get(3) != Some(&SYN_SENT) {
            return None;
        }
        let (address, port) = fields.get(2)?.split_once(':')?;
        let word = |at: usize| {
            let word = u32::from_str_radix(address.get(at * 8..at * 8 + 8)?, 16).ok()?;
            Some(word.to_ne_bytes())
        };
        let ip = if address.len() == 8 {
            IpAddr::from(word(0)?)
        } else {
            let words = [word(0)?, word(1)?, word(2)?, word(3)?];
            let octets: [u8; 16] = words.concat().try_into().ok()?;
            IpAddr::from(octets)
        };
        let port = u16::from_str_radix(port, 16).ok()?;
        Some((fields.get(9)?.parse().ok()?, SocketAddr::new(ip, port)))
    }

    /// An IPv4 peer may show as an IPv6 one on a socket of both families.
    fn same(one: SocketAddr, other: SocketAddr) -> bool {
        one.port() == other.port() && one.ip().to_canonical() == other.ip().to_canonical()
    }

    fn peer_of(fd: RawFd) -> Option<SocketAddr> {
        // SAFETY: an all-zero `sockaddr_storage` is a valid value of it.
        let mut storage: libc::sockaddr_storage = unsafe { mem::zeroed() };
        let mut length = mem::size_of::<libc::sockaddr_storage>() as libc::socklen_t;
        // SAFETY: the storage is as long as `length` says, and large enough for every family.
        let result = unsafe {
            libc::getpeername(
                fd,
                (&raw mut storage).cast::<libc::sockaddr>(),
                &raw mut length,
            )
        };
        if result != 0 {
            return None;
        }
        match i32::from(storage.ss_family) {
            libc::AF_INET => {
                // SAFETY: the family says that this is what the kernel wrote.
                let address = unsafe { *(&raw const storage).cast::<libc::sockaddr_in>() };
                let ip = Ipv4Addr::from(u32::from_be(address.sin_addr.s_addr));
                Some(SocketAddr::new(
                    IpAddr::V4(ip),
                    u16::from_be(address.sin_port),
                ))
            }
            libc::AF_INET6 => {
                // SAFETY: as above.
                let address = unsafe { *(&raw const storage).cast::<libc::sockaddr_in6>() };
                let ip = Ipv6Addr::from(address.sin6_addr.s6_addr);
                Some(SocketAddr::new(
                    IpAddr::V6(ip),
                    u16::from_be(address.sin6_port),
                ))
            }
            _ => None,
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    pub fn shutdown_connections(_peers: &[std::net::SocketAddr]) -> usize {
        0
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::Read;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn only_connections_to_the_peer_end() {
        let listen = || TcpListener::bind("127.0.0.1:0").unwrap();
        let (one, other) = (listen(), listen());
        let connect = |to: &TcpListener| TcpStream::connect(to.local_addr().unwrap()).unwrap();
        let (mut ended, kept) = (connect(&one), connect(&other));
        let (_accepted, _) = one.accept().unwrap();
        assert_eq!(shutdown_connections(&[one.local_addr().unwrap()]), 1);
        assert_eq!(ended.read(&mut [0]).unwrap(), 0);
        kept.set_nonblocking(true).unwrap();
        let error = (&kept).read(&mut [0]).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
        assert_eq!(shutdown_connections(&[]), 0);
    }

    #[test]
    fn a_connection_that_is_being_opened_ends_too() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = listener.local_addr().unwrap();
        let short = std::time::Duration::from_millis(200);
        // With a full backlog further SYNs are dropped: what a machine that is switched off looks like.
        let mut fill = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&peer, short) {
            fill.push(stream);
        }
        fill.clear();
        let opening = std::thread::spawn(move || TcpStream::connect(peer));
        while !opening.is_finished() {
            shutdown_connections(&[peer]);
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        assert!(opening.join().unwrap().is_err());
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn lines_of_the_kernels_tables() {
        let four = "   0: 0100007F:A0D2 0200000A:0068 02 00000001:00000000 01:00000000 00000000 0 0 4711 2 00";
        assert_eq!(
            imp::opening_in(four),
            Some((4711, "10.0.0.2:104".parse().unwrap()))
        );
        let six = "   1: 00000000000000000000000001000000:A0D2 00000000000000000000000001000000:0068 02 00000001:00000000 01:00000000 00000000 0 0 12 2 00";
        assert_eq!(
            imp::opening_in(six),
            Some((12, "[::1]:104".parse().unwrap()))
        );
        assert_eq!(imp::opening_in(&four.replace(" 02 ", " 01 ")), None);
        assert_eq!(
            imp::opening_in("  sl  local_address rem_address   st"),
            None
        );
    }
}
