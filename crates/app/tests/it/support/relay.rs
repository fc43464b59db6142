//! An address behind which one server takes the place of another.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Hands connections on to a port of this machine.
pub(crate) struct Relay {
    port: u16,
    target: Arc<AtomicU16>,
    connections: Arc<Mutex<Vec<JoinHandle<()>>>>,
    silence: Arc<Notify>,
}

impl Relay {
    pub(crate) async fn to(target: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let relay = Self {
            port,
            target: Arc::new(AtomicU16::new(target)),
            connections: Arc::default(),
            silence: Arc::default(),
        };
        let (target, connections) = (Arc::clone(&relay.target), Arc::clone(&relay.connections));
        let silence = Arc::clone(&relay.silence);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let handing_on = hand_on(client, target.load(Ordering::SeqCst), Arc::clone(&silence));
                connections.lock().unwrap().push(tokio::spawn(handing_on));
            }
        });
        relay
    }

    /// Where it listens, on this machine.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Nothing comes through the connections that there are any more, and neither side is told; new ones work.
    pub(crate) fn fall_silent(&self) {
        self.silence.notify_waiters();
    }

    /// The same for one of them.
    pub(crate) fn one_falls_silent(&self) {
        self.silence.notify_one();
    }

    /// The next connections lead there; those that there are stay where they are.
    pub(crate) fn lead_new_ones(&self, target: u16) {
        self.target.store(target, Ordering::SeqCst);
    }

    /// How many there have been since all were ended.
    pub(crate) fn connections(&self) -> usize {
        self.connections.lock().unwrap().len()
    }

    /// Ends every connection; the next ones lead there.
    pub(crate) fn switch(&self, target: u16) {
        self.lead_new_ones(target);
        self.connections.lock().unwrap().drain(..).for_each(|connection| connection.abort());
    }
}

async fn hand_on(mut client: TcpStream, target: u16, silence: Arc<Notify>) {
    let Ok(mut server) = TcpStream::connect(("127.0.0.1", target)).await else { return };
    tokio::select! {
        // Either side may leave as it likes.
        _left = copy_bidirectional(&mut client, &mut server) => {}
        () = silence.notified() => std::future::pending().await,
    }
}
