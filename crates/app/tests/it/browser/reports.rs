//! Who hears what the policy of a page kept from happening: a listener of a test's own.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(10);

/// Its thread ends with the tests' process.
pub(in crate::browser) struct Reports {
    port: u16,
    heard: Arc<Mutex<Vec<Value>>>,
}

impl Reports {
    /// Starts to listen.
    pub(in crate::browser) fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(vec![]));
        let shared = Arc::clone(&heard);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || hear(stream, &shared));
            }
        });
        Self { port, heard }
    }

    /// Where reports go.
    pub(in crate::browser) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/reports", self.port)
    }

    /// What was heard so far.
    pub(in crate::browser) fn heard(&self) -> Vec<Value> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits until so many reports came; all of them.
    pub(in crate::browser) async fn wait_for(&self, count: usize) -> Vec<Value> {
        let start = Instant::now();
        loop {
            let heard = self.heard();
            if heard.len() >= count {
                return heard;
            }
            assert!(start.elapsed() < PATIENCE, "{count} reports expected; there are {heard:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn hear(stream: TcpStream, heard: &Mutex<Vec<Value>>) {
    let mut stream = BufReader::new(stream);
    // A browser may open a connection that it does not use.
    let Some(body) = read(&mut stream) else { return };
    let report = serde_json::from_slice::<Value>(&body).map(|mut report| report["csp-report"].take());
    heard.lock().unwrap().push(report.unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&body))));
    drop(stream.get_mut().write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"));
}

fn read(stream: &mut BufReader<TcpStream>) -> Option<Vec<u8>> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}
