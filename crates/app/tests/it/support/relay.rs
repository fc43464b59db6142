//! An address behind which one server takes the place of another.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Hands connections on to a port of this machine.
pub(crate) struct Relay {
    port: u16,
    target: Arc<AtomicU16>,
    connections: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Relay {
    pub(crate) async fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let relay = Self { port, target: Arc::new(AtomicU16::new(target)), connections: Arc::default() };
        let (target, connections) = (Arc::clone(&relay.target), Arc::clone(&relay.connections));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let handing_on = hand_on(client, target.load(Ordering::SeqCst));
                connections.lock().unwrap().push(tokio::spawn(handing_on));
            }
        });
        relay
    }

    /// Where it listens, on this machine.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Ends every connection; the next ones lead there.
    pub(crate) fn switch(&self, target: u16) {
        self.target.store(target, Ordering::SeqCst);
        self.connections.lock().unwrap().drain(..).for_each(|connection| connection.abort());
    }
}

async fn hand_on(mut client: TcpStream, target: u16) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", target)).await else { return };
    // Either side may leave as it likes.
    drop(copy_bidirectional(&mut client, &mut server).await);
}
