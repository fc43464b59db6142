//! Frames of HTTP/2 (RFC 9113, 4.1), for what no client library would do.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::tls::HttpsServer;

pub(crate) const REFUSED_STREAM: u32 = 7;

const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const ACK: u8 = 1;
const END_STREAM_AND_HEADERS: u8 = 5;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// What the server sent.
#[derive(Debug)]
pub(crate) enum Frame {
    Headers,
    /// And why.
    Reset(u32),
    Settings(Vec<(u16, u32)>),
    Other,
}

/// A connection whose streams are given as much room as is said.
pub(crate) struct Frames {
    stream: TlsStream<TcpStream>,
    last: Option<u32>,
}

impl Frames {
    pub(crate) async fn connect(server: &HttpsServer, room: u32) -> Self {
        let mut stream = server.connect("h2").await;
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        let mut client = Self { stream, last: None };
        let setting = [&INITIAL_WINDOW_SIZE.to_be_bytes()[..], &room.to_be_bytes()].concat();
        client.send(SETTINGS, 0, 0, &setting).await;
        client
    }

    /// Asks for a path; the stream it is on.
    pub(crate) async fn get(&mut self, path: &str) -> u32 {
        let stream = self.last.map_or(1, |last| last + 2);
        self.last = Some(stream);
        let pairs = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"), (":path", path)];
        let head = pairs.iter().flat_map(|(name, value)| {
            // Without an index, without compression (RFC 7541, 6.2.2).
            let length = |text: &str| u8::try_from(text.len()).unwrap();
            [&[0, length(name)][..], name.as_bytes(), &[length(value)], value.as_bytes()].concat()
        });
        let head: Vec<u8> = head.collect();
        self.send(HEADERS, END_STREAM_AND_HEADERS, stream, &head).await;
        stream
    }

    /// Lets the server send so many octets more.
    pub(crate) async fn make_room(&mut self, stream: u32, octets: u32) {
        self.send(WINDOW_UPDATE, 0, stream, &octets.to_be_bytes()).await;
    }

    /// What comes next, `None` at the end. Answers pings and settings.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.ok()?;
        let number = |octets: &[u8]| octets.iter().fold(0, |number, octet| number << 8 | u32::from(*octet));
        let (kind, flags) = (head[3], head[4]);
        let mut content = vec![0; usize::try_from(number(&head[..3])).unwrap()];
        self.stream.read_exact(&mut content).await.ok()?;
        match kind {
            HEADERS => Some(Frame::Headers),
            RESET => Some(Frame::Reset(number(&content))),
            SETTINGS if flags & ACK == 0 => {
                self.send(SETTINGS, ACK, 0, &[]).await;
                let pairs = content.chunks(6);
                let pairs = pairs.map(|pair| (u16::try_from(number(&pair[..2])).unwrap(), number(&pair[2..])));
                Some(Frame::Settings(pairs.collect()))
            }
            PING if flags & ACK == 0 => {
                self.send(PING, ACK, 0, &content).await;
                Some(Frame::Other)
            }
            _ => Some(Frame::Other),
        }
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u32, content: &[u8]) {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        let frame = [&length[1..], &[kind, flags], &stream.to_be_bytes(), content].concat();
        self.stream.write_all(&frame).await.unwrap();
    }
}
