//! Addresses that a server gets again after a restart.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the ports that systems give to outgoing connections, one of which might take the place meanwhile.
const LOWEST: u16 = 22_000;
/// Those of clusters, whose nodes talk to each other by a port so far above.
const LOWEST_OF_CLUSTERS: u16 = 12_000;
const PORTS: u16 = 10_000;

/// Another one each time; processes begin far from each other.
pub(crate) fn lasting_address() -> String {
    format!("127.0.0.1:{}", next(LOWEST, &[0]))
}

/// Where a node of a Redis Cluster listens.
pub(crate) fn cluster_port() -> u16 {
    next(LOWEST_OF_CLUSTERS, &[0, PORTS])
}

/// The next port from there that nobody has, nor those so far above it.
fn next(lowest: u16, above: &[u16]) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id().wrapping_mul(37) % u32::from(PORTS)).unwrap();
    loop {
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = lowest + first.wrapping_add(nth) % PORTS;
        if above.iter().all(|above| TcpListener::bind(("127.0.0.1", port + above)).is_ok()) {
            return port;
        }
    }
}
