//! A mail server for tests: takes what it is given, or misbehaves as told.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// Takes every mail.
    Accept,
    /// Answers each recipient with this, the address in it.
    RefuseRecipient(u16),
    /// Answers the content with this.
    RefuseContent(u16),
    /// Greets with this and hangs up.
    RefuseConnection(u16),
    /// Accepts the connection and never says a word.
    Silent,
    /// Takes the content and hangs up before it says so.
    DropAfterData,
}

/// What the server has seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Contents, as they came over the line, dots unstuffed.
    pub(crate) messages: Vec<String>,
    /// Arguments of every `MAIL` and `RCPT`.
    pub(crate) envelopes: Vec<String>,
    /// Connections so far.
    pub(crate) connections: usize,
}

/// A running server; it ends with the test.
pub(crate) struct Sink {
    port: u16,
    manner: Arc<Mutex<Manner>>,
    seen: Arc<Mutex<Seen>>,
}

impl Sink {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink = Self {
            port: listener.local_addr().unwrap().port(),
            manner: Arc::new(Mutex::new(manner)),
            seen: Arc::default(),
        };
        let (manner, seen) = (Arc::clone(&sink.manner), Arc::clone(&sink.seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manner, seen) = (Arc::clone(&manner), Arc::clone(&seen));
                seen.lock().unwrap().connections += 1;
                tokio::spawn(async move { serve(stream, &manner, &seen).await });
            }
        });
        sink
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, manner: &Mutex<Manner>, seen: &Mutex<Seen>) -> Option<()> {
    let manner_now = || *manner.lock().unwrap();
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    match manner_now() {
        Manner::Silent => std::future::pending().await,
        Manner::RefuseConnection(code) => return write.write_all(format!("{code} no\r\n").as_bytes()).await.ok(),
        _ => write.write_all(b"220 sink\r\n").await.ok()?,
    }
    loop {
        let line = line(&mut read).await?;
        let command = line.to_ascii_uppercase();
        let answer = match (command.split([' ', ':']).next()?, manner_now()) {
            ("EHLO" | "HELO", _) => "250 sink".to_owned(),
            ("MAIL" | "RCPT", manner) => {
                seen.lock().unwrap().envelopes.push(line.clone());
                match manner {
                    Manner::RefuseRecipient(code) if command.starts_with("RCPT") => {
                        format!("{code} no such user {line}")
                    }
                    _ => "250 ok".to_owned(),
                }
            }
            ("DATA", manner) => {
                write.write_all(b"354 go on\r\n").await.ok()?;
                let content = content(&mut read).await?;
                match manner {
                    Manner::DropAfterData => return None,
                    Manner::RefuseContent(code) => format!("{code} not that"),
                    _ => {
                        seen.lock().unwrap().messages.push(content);
                        "250 taken".to_owned()
                    }
                }
            }
            ("QUIT", _) => return write.write_all(b"221 bye\r\n").await.ok(),
            _ => "250 ok".to_owned(),
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
}

/// One line, ended by LF with or without CR: as lax as the laxest server, so that smuggling would show.
async fn line(read: &mut (impl tokio::io::AsyncBufRead + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    if read.read_until(b'\n', &mut line).await.ok()? == 0 {
        return None;
    }
    let line = String::from_utf8_lossy(&line);
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Some(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

async fn content(read: &mut (impl tokio::io::AsyncBufRead + Unpin)) -> Option<String> {
    let mut content = String::new();
    loop {
        let line = line(read).await?;
        if line == "." {
            return Some(content);
        }
        content.push_str(line.strip_prefix('.').unwrap_or(&line));
        content.push('\n');
    }
}
