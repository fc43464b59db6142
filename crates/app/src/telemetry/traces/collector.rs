//! OTLP over HTTP: one request for each batch, on a connection of its own.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{InvalidDnsNameError, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::telemetry::traces::collector_url::CollectorUrl;

/// From the name of the collector to the head of its answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A collector of traces.
pub(crate) struct Collector {
    url: CollectorUrl,
    authorization: Option<HeaderValue>,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

/// Why a batch was not taken. Never says what stands in the URL.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CollectorError {
    /// It cannot be reached.
    #[error("no connection")]
    Connection(#[from] io::Error),
    /// What was said is no HTTP, or was cut off.
    #[error("the exchange failed")]
    Exchange(#[from] hyper::Error),
    /// Nothing came.
    #[error("no answer in time")]
    Late,
    /// It will not have it.
    #[error("it answered {0}")]
    Refused(StatusCode),
    /// The URL or what is sent cannot be put into a request.
    #[error("the request cannot be made")]
    Request(#[from] hyper::http::Error),
}

impl Collector {
    /// At this URL; nothing is sent yet.
    pub(crate) fn new(url: CollectorUrl) -> anyhow::Result<Self> {
        let tls = if url.is_secure { Some((connector(), server_name(&url)?)) } else { None };
        let authorization = url.authorization.as_ref().map(|text| HeaderValue::from_str(text.expose())).transpose()?;
        let authorization = authorization.map(|mut value| {
            value.set_sensitive(true);
            value
        });
        Ok(Self { url, authorization, tls })
    }

    /// Hands a batch over, within the bound of time. Redirects are not followed, proxies not asked.
    pub(crate) async fn post(&self, batch: Vec<u8>) -> Result<(), CollectorError> {
        let status =
            tokio::time::timeout(PATIENCE, self.attempt(batch)).await.map_err(|_elapsed| CollectorError::Late)??;
        if status.is_success() { Ok(()) } else { Err(CollectorError::Refused(status)) }
    }

    async fn attempt(&self, batch: Vec<u8>) -> Result<StatusCode, CollectorError> {
        let stream = TcpStream::connect((self.url.host.as_str(), self.url.port)).await?;
        let request = self.request(batch)?;
        match &self.tls {
            Some((connector, name)) => exchange(connector.connect(name.clone(), stream).await?, request).await,
            None => exchange(stream, request).await,
        }
    }

    fn request(&self, batch: Vec<u8>) -> Result<Request<Full<Bytes>>, CollectorError> {
        let mut request = Request::post(self.url.path.expose())
            .header(HOST, &self.url.authority)
            .header(USER_AGENT, concat!("countersign/", env!("CARGO_PKG_VERSION")))
            .header(CONTENT_TYPE, "application/x-protobuf")
            .body(Full::from(batch))?;
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        Ok(request)
    }
}

async fn exchange<S>(stream: S, request: Request<Full<Bytes>>) -> Result<StatusCode, CollectorError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driver = AbortOnDrop(tokio::spawn(connection));
    let answer = sender.send_request(request).await;
    drop(driver);
    Ok(answer?.status())
}

/// The connection goes with whoever waits for its answer.
struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Trusts what the system trusts; `SSL_CERT_FILE` names another bundle.
fn connector() -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    TlsConnector::from(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

fn server_name(url: &CollectorUrl) -> Result<ServerName<'static>, InvalidDnsNameError> {
    ServerName::try_from(url.host.clone())
}
