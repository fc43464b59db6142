//! Addresses that a server gets again after a restart.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that systems give to outgoing connections, one of which might take the place meanwhile.
const LOWEST: u16 = 22_000;
const PORTS: u16 = 10_000;

/// Another one each time; processes begin far from each other.
pub(crate) fn lasting_address() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id().wrapping_mul(37) % u32::from(PORTS)).unwrap();
    loop {
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let address = format!("127.0.0.1:{}", LOWEST + first.wrapping_add(nth) % PORTS);
        if TcpListener::bind(&address).is_ok() {
            return address;
        }
    }
}
