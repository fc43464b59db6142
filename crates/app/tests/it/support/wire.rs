//! Octets over a socket, where a client library would tidy them up.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::support::answer::Answer;
use crate::support::documented::assert_documented;
use crate::support::test_server::TestServer;
use crate::support::volley::read;

const QUIET: Duration = Duration::from_secs(8);

/// What came back.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) text: String,
    /// Whether the server closed the connection, rather than waiting for more.
    pub(crate) closed: bool,
}

impl Exchange {
    /// The status of every answer, in order.
    pub(crate) fn statuses(&self) -> Vec<u16> {
        let lines = self.text.split("HTTP/1.1 ").skip(1);
        lines.filter_map(|line| line.get(..3)?.parse().ok()).collect()
    }

    /// The one answer.
    #[track_caller]
    pub(crate) fn answer(&self) -> Answer {
        assert!(self.statuses().len() == 1 && self.closed, "{self:?}");
        read(&self.text)
    }

    /// The same of the first answer as of the answers that a client library reads.
    fn assert_documented(&self, request: &str) {
        let mut words = request.split(' ');
        let (Some(Ok(method)), Some(target)) = (words.next().map(str::parse), words.next()) else { return };
        let first = self.text.split("HTTP/1.1 ").nth(1).unwrap_or_default();
        let (head, body) = first.split_once("\r\n\r\n").unwrap_or_default();
        let content_type = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default();
        if let Some(status) = self.statuses().first() {
            let path = target.split('?').next().unwrap_or_default();
            assert_documented(&method, path, *status, content_type, body);
        }
    }
}

impl TestServer {
    /// Sends these octets, at once, and reads until the server closes or has been quiet for long.
    pub(crate) fn exchange<T: Into<Vec<u8>>>(&self, octets: T) -> impl Future<Output = Exchange> + use<T> {
        let (address, octets) = (self.address().to_owned(), octets.into());
        let request = String::from_utf8_lossy(&octets[..octets.len().min(256)]).into_owned();
        let confidences = self.confidences().clone();
        confidences.note_octets(&octets);
        let exchange = tokio::task::spawn_blocking(move || exchange(&address, &octets));
        async move {
            let exchange = exchange.await.unwrap();
            confidences.note_octets(exchange.text.as_bytes());
            exchange.assert_documented(&request);
            exchange
        }
    }
}

fn exchange(address: &str, octets: &[u8]) -> Exchange {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(QUIET)).unwrap();
    stream.set_write_timeout(Some(QUIET)).unwrap();
    // The server may refuse and close before it has read everything.
    let _refused_early = stream.write_all(octets);
    let mut received = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let closed = loop {
        match stream.read(&mut buffer) {
            Ok(0) => break true,
            Ok(count) => received.extend_from_slice(&buffer[..count]),
            Err(error) => break error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    };
    let _gone_already = stream.shutdown(Shutdown::Both);
    Exchange { text: String::from_utf8_lossy(&received).into_owned(), closed }
}
