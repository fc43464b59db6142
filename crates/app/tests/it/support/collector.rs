//! A collector of traces of a test's own: takes OTLP over HTTP, or does not, as told.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const PATIENCE: Duration = Duration::from_secs(20);

/// What becomes of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It is taken.
    Takes,
    /// It is answered 503.
    Refuses,
    /// It is read and never answered.
    Hangs,
}

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Debug)]
struct State {
    mood: Mood,
    taken: Vec<Batch>,
    asked: usize,
}

/// Its thread ends with the tests' process.
#[derive(Clone, Debug)]
pub(crate) struct Collector {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Collector {
    /// In the clear.
    pub(crate) fn start() -> Self {
        Self::serve(None)
    }

    /// Over TLS, with this certificate.
    pub(crate) fn start_with_tls(cert: &Path, key: &Path) -> Self {
        let certs = CertificateDer::pem_file_iter(cert).unwrap().map(Result::unwrap).collect();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let key = PrivateKeyDer::from_pem_file(key).unwrap();
        Self::serve(Some(Arc::new(config.with_no_client_auth().with_single_cert(certs, key).unwrap())))
    }

    fn serve(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(State { mood: Mood::Takes, taken: vec![], asked: 0 }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (tls, shared) = (tls.clone(), Arc::clone(&shared));
                std::thread::spawn(move || match tls {
                    Some(config) => {
                        answer(StreamOwned::new(ServerConnection::new(config).unwrap(), stream), &shared);
                    }
                    None => answer::<TcpStream>(stream, &shared),
                });
            }
        });
        Self { port, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn be(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// How many batches came, taken or not.
    pub(crate) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }

    /// What was taken.
    pub(crate) fn batches(&self) -> Vec<Batch> {
        self.state.lock().unwrap().taken.clone()
    }

    fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        let batches = self.batches();
        batches.iter().map(|batch| ExportTraceServiceRequest::decode(batch.body.as_slice()).unwrap()).collect()
    }

    /// The spans that were taken.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let of_resources = self.requests().into_iter().flat_map(|request| request.resource_spans);
        of_resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    /// What was said of the service that sent them.
    pub(crate) fn resource(&self) -> Vec<KeyValue> {
        let request = self.requests().remove(0);
        request.resource_spans[0].resource.clone().unwrap().attributes
    }

    /// The first span of this request, once it is there.
    pub(crate) async fn of_request(&self, id: &str) -> Span {
        let start = Instant::now();
        loop {
            let found = self.spans().into_iter().find(|span| text_of(&span.attributes, "request_id") == id);
            if let Some(span) = found {
                return span;
            }
            assert!(start.elapsed() < PATIENCE, "no span of {id}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn answer<S: Read + Write>(stream: S, state: &Mutex<State>) {
    let mut stream = BufReader::new(stream);
    let Some(batch) = read(&mut stream) else { return };
    let mood = {
        let mut state = state.lock().unwrap();
        state.asked += 1;
        if state.mood == Mood::Takes {
            state.taken.push(batch);
        }
        state.mood
    };
    let status = match mood {
        Mood::Takes => "200 OK",
        Mood::Refuses => "503 Service Unavailable",
        Mood::Hangs => {
            std::thread::sleep(Duration::from_mins(1));
            return;
        }
    };
    // Whoever asked may have left.
    drop(write!(stream.get_mut(), "HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"));
    drop(stream.get_mut().flush());
}

fn read(stream: &mut BufReader<impl Read>) -> Option<Batch> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some(Batch { head, body })
}

/// An attribute as text; empty if it is not there.
pub(crate) fn text_of(attributes: &[KeyValue], key: &str) -> String {
    let found = attributes.iter().find(|attribute| attribute.key == key);
    match found.and_then(|attribute| attribute.value.clone()).and_then(|value| value.value) {
        Some(Value::StringValue(text)) => text,
        Some(Value::IntValue(number)) => number.to_string(),
        Some(other) => panic!("{key} is {other:?}"),
        None => String::new(),
    }
}
