//! TCP connections of this process, the host's included.
//!
//! What it is for: a stopping Orthanc waits for its own C-STORE SCU, which waits for a silent receiver: one minute with a
//! time-out of 30 s (1.10.1 to 1.13.0). Nothing in the SDK ends such a wait; the connection's end does.

use std::net::SocketAddr;

/// Shuts down, in both directions, every TCP connection of this process to one of these peers; answers how many.
///
/// The descriptors stay open and their owners': they see the peer gone. Only Linux is supported; elsewhere this does nothing
/// and answers 0.
pub fn shutdown_connections(peers: &[SocketAddr]) -> usize {
    if peers.is_empty() {
        return 0;
    }
    imp::shutdown_connections(peers)
}

#[cfg(target_os = "linux")]
mod imp {
    use std::mem;
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
    use std::os::fd::RawFd;

    pub fn shutdown_connections(peers: &[SocketAddr]) -> usize {
        descriptors()
            .into_iter()
            .filter(|fd| peer_of(*fd).is_some_and(|peer| peers.iter().any(|one| same(*one, peer))))
            .filter(|fd| {
                // SAFETY: a plain system call; on a descriptor that was closed meanwhile it fails, and one that was
                // given out anew in that instant loses a connection at a time when the host is stopping.
                unsafe { libc::shutdown(*fd, libc::SHUT_RDWR) == 0 }
            })
            .count()
    }

    fn descriptors() -> Vec<RawFd> {
        std::fs::read_dir("/proc/self/fd")
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .collect()
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
}
