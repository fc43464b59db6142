//! A mail server that takes everything, but for what it is told to refuse.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::Mail;

#[derive(Default)]
struct State {
    mails: Mutex<Vec<String>>,
    held: AtomicBool,
    refused: AtomicBool,
}

/// Listens until the test ends. Recipients that begin with `poison` are refused for good.
pub(crate) struct SmtpSink {
    address: SocketAddr,
    state: Arc<State>,
}

impl SmtpSink {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                // A client that is killed breaks its connection.
                std::thread::spawn(move || serve(stream, &state).ok());
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// From now on a mail is taken, but its receipt is not confirmed before [`Self::answer`].
    pub(crate) fn hold(&self) {
        self.state.held.store(true, Ordering::SeqCst);
    }

    pub(crate) fn answer(&self) {
        self.state.held.store(false, Ordering::SeqCst);
    }

    /// Whether connections are turned away, and those that are open at their next command.
    pub(crate) fn refuse(&self, refuse: bool) {
        self.state.refused.store(refuse, Ordering::SeqCst);
    }

    /// Every mail that was taken, after so many, in the order in which they came.
    pub(crate) fn mails_after(&self, count: usize) -> Vec<Mail> {
        let mails = self.state.mails.lock().unwrap();
        mails[count..].iter().map(|mail| Mail::parse(mail)).collect()
    }

    /// Mails whose head names this recipient.
    pub(crate) fn mails_to(&self, address: &str) -> Vec<String> {
        let mails = self.state.mails.lock().unwrap();
        mails.iter().filter(|mail| mail.contains(&format!("To: {address}"))).cloned().collect()
    }
}

/// What its Message-ID has of it, which sorts by the time at which it was queued.
pub(crate) fn mail_id(mail: &Mail) -> String {
    let id = mail.raw.lines().find_map(|line| line.strip_prefix("Message-ID: <")).and_then(|rest| rest.split_once('@'));
    id.unwrap_or_else(|| panic!("{}", mail.raw)).0.to_owned()
}

fn serve(stream: TcpStream, state: &State) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    if state.refused.load(Ordering::SeqCst) {
        return out.write_all(b"421 not now\r\n");
    }
    out.write_all(b"220 sink\r\n")?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = lines.next().transpose()? {
        if state.refused.load(Ordering::SeqCst) {
            return out.write_all(b"421 not now\r\n");
        }
        let command = line.to_uppercase();
        let answer = if command.starts_with("RCPT") && command.contains("<POISON") {
            "550 no such user\r\n"
        } else if command == "DATA" {
            out.write_all(b"354 go on\r\n")?;
            let mut mail = String::new();
            loop {
                // One that is broken off half way is not taken.
                let Some(line) = lines.next().transpose()? else { return Ok(()) };
                if line == "." {
                    break;
                }
                mail.extend([line.strip_prefix('.').unwrap_or(&line), "\r\n"]);
            }
            state.mails.lock().unwrap().push(mail);
            while state.held.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(5));
            }
            "250 taken\r\n"
        } else if command == "QUIT" {
            out.write_all(b"221 bye\r\n")?;
            return Ok(());
        } else {
            "250 sink\r\n"
        };
        out.write_all(answer.as_bytes())?;
    }
    Ok(())
}
