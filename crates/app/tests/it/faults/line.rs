//! A bad line to a server of this machine: answers are late, and what is said is lost, either way.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::faults::ledger::Chance;

/// Hands connections on to a port of this machine, as well as it is set to.
pub(crate) struct Line {
    port: u16,
    quality: Arc<Quality>,
}

struct Quality {
    delay: AtomicU64,
    of_thousand: AtomicU64,
    chance: Mutex<Chance>,
    lost: AtomicUsize,
}

/// What becomes of what either side has said.
enum Fate {
    Arrives,
    /// The connection ends instead.
    Ends,
    /// Nothing comes through this way any more, and nobody is told: what is lost of a stream holds up all behind it.
    Silent,
}

impl Line {
    /// A good one, until it is told otherwise; what it loses then is the same for the same seed.
    pub(crate) async fn to(target: u16, seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let chance = Mutex::new(Chance(seed));
        let (delay, of_thousand, lost) = (AtomicU64::new(0), AtomicU64::new(0), AtomicUsize::new(0));
        let quality = Arc::new(Quality { delay, of_thousand, chance, lost });
        let shared = Arc::clone(&quality);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(hand_on(client, target, Arc::clone(&shared)));
            }
        });
        Self { port, quality }
    }

    /// The same URL by way of this line.
    pub(crate) fn before(&self, url: &str, target: u16) -> String {
        url.replace(&format!(":{target}"), &format!(":{}", self.port))
    }

    /// Each answer comes so much later from now on.
    pub(crate) fn delay(&self, by: Duration) {
        self.quality.delay.store(u64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    /// Of a thousand questions and of a thousand answers so many are lost from now on.
    pub(crate) fn lose(&self, of_thousand: u64) {
        self.quality.of_thousand.store(of_thousand, Ordering::SeqCst);
    }

    /// How many were lost.
    pub(crate) fn lost(&self) -> usize {
        self.quality.lost.load(Ordering::SeqCst)
    }
}

impl Quality {
    fn fate(&self) -> Fate {
        let mut chance = self.chance.lock().unwrap();
        if chance.below(1_000) >= self.of_thousand.load(Ordering::SeqCst) {
            return Fate::Arrives;
        }
        self.lost.fetch_add(1, Ordering::SeqCst);
        if chance.below(2) == 0 { Fate::Ends } else { Fate::Silent }
    }

    fn delay(&self) -> Duration {
        Duration::from_millis(self.delay.load(Ordering::SeqCst))
    }
}

async fn hand_on(client: TcpStream, target: u16, quality: Arc<Quality>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", target)).await else { return };
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    let (questions, to_client) = client.into_split();
    let (answers, to_server) = server.into_split();
    let (under_way, arriving) = mpsc::unbounded_channel();
    let answered = async { tokio::join!(send(answers, under_way, &quality), deliver(arriving, to_client)) };
    tokio::select! {
        // Either side may leave as it likes.
        () = ask(questions, to_server, &quality) => {}
        ((), ()) = answered => {}
    }
}

type Late = (Instant, Vec<u8>);

async fn ask(mut questions: OwnedReadHalf, mut server: OwnedWriteHalf, quality: &Quality) {
    let mut buffer = vec![0; 64 * 1_024];
    while let Ok(count @ 1..) = questions.read(&mut buffer).await {
        let taken = match quality.fate() {
            Fate::Arrives => server.write_all(&buffer[..count]).await,
            Fate::Ends => return,
            Fate::Silent => std::future::pending().await,
        };
        if taken.is_err() {
            return;
        }
    }
}

async fn send(mut answers: OwnedReadHalf, under_way: mpsc::UnboundedSender<Late>, quality: &Quality) {
    let mut buffer = vec![0; 64 * 1_024];
    while let Ok(count @ 1..) = answers.read(&mut buffer).await {
        match quality.fate() {
            Fate::Arrives => drop(under_way.send((Instant::now() + quality.delay(), buffer[..count].to_vec()))),
            Fate::Ends => return,
            Fate::Silent => std::future::pending().await,
        }
    }
}

async fn deliver(mut arriving: mpsc::UnboundedReceiver<Late>, mut client: OwnedWriteHalf) {
    while let Some((due, octets)) = arriving.recv().await {
        sleep_until(due).await;
        if client.write_all(&octets).await.is_err() {
            return;
        }
    }
}
