//! Where the service listens and how it is reached.

use std::net::SocketAddr;
use std::path::PathBuf;

use time::Duration;

use crate::settings::catalogue::Setting;
use crate::settings::path;
use crate::settings::public_url::PublicUrl;
use crate::settings::reader::Reader;
use crate::settings::trusted_network::TrustedNetwork;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new(
        "dev",
        "false",
        "Allows what only tests and development may do. Refused unless listener and public URL are loopback.",
    ),
    Setting::new("server.listen", "127.0.0.1:8080", "Address and port of the listener; port 0 picks a free one."),
    Setting::new(
        "server.public_url",
        "",
        "What links in mail start with: scheme, host and port. https unless its host is loopback. Without it, the listen address.",
    ),
    Setting::new(
        "server.trusted_proxies",
        "",
        "Networks (CIDR, comma-separated) of the proxies whose forwarding headers count.",
    ),
    Setting::new("server.tls_cert", "", "PEM file with the certificate chain: serves HTTPS, together with the key."),
    Setting::new("server.tls_key", "", "PEM file with the private key of the certificate."),
    Setting::new("server.cors_origins", "", "Exact origins (comma-separated) that browsers may call from."),
    Setting::new(
        "server.metrics_listen",
        "127.0.0.1:9090",
        "Listener of the metrics, for the monitoring system alone: it asks nobody who they are. off serves none; where the default is taken the service starts without.",
    ),
    Setting::new("server.workers", "0", "Threads that serve requests; 0 is one for each core."),
    Setting::new("server.request_timeout", "10s", "How long a client may take to send the body of a request."),
    Setting::new(
        "server.answer_timeout",
        "30s",
        "How long a client may take nothing more of its answer, over HTTP/2 less than 16 KiB more, before it is broken off.",
    ),
    Setting::new(
        "server.keep_alive",
        "60s",
        "How long a connection may be idle between an answer and the next request.",
    ),
    Setting::new(
        "server.max_connections",
        "10000",
        "Connections at once on this node; more of them wait. Fewer where the process may not open as many files.",
    ),
    Setting::new(
        "server.shutdown_delay",
        "1s",
        "How long readiness already fails before the listener closes, for load balancers to turn away.",
    ),
    Setting::new(
        "server.shutdown_timeout",
        "30s",
        "How long requests under way may take to finish once the service is told to stop.",
    ),
    Setting::new(
        "limits.flood_per_second_per_ip",
        "50",
        "Requests to the open /auth routes of this node, a coarse guard in front of the named limits; as many pages may be asked for, and other writes may come four times as often.",
    ),
];

/// See [`SETTINGS`].
#[derive(Clone, Debug)]
pub(crate) struct ServerSettings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// What links start with; without one, [`PublicUrl::of_listener`].
    pub public_url: Option<PublicUrl>,
    /// Whose forwarding headers count.
    pub trusted_proxies: Vec<TrustedNetwork>,
    /// Serve HTTPS with these.
    pub tls: Option<TlsFiles>,
    /// Who may call from a browser.
    pub cors_origins: Vec<PublicUrl>,
    /// Where metrics are served.
    pub metrics_listen: MetricsListen,
    /// Threads; 0 is one for each core.
    pub workers: usize,
    /// Bound of the body of a request.
    pub request_timeout: Duration,
    /// Bound of a client that takes no more of its answer.
    pub answer_timeout: Duration,
    /// Bound of the time between an answer and the next request.
    pub keep_alive: Duration,
    /// Most connections at once.
    pub max_connections: usize,
    /// Between failing readiness and closing the listener.
    pub shutdown_delay: Duration,
    /// Bound of the drain.
    pub shutdown_timeout: Duration,
    /// Flood guard of this node; 0 is off.
    pub flood_per_second_per_ip: u32,
}

/// Certificate chain and key, both PEM.
#[derive(Clone, Debug)]
pub(crate) struct TlsFiles {
    /// The chain.
    pub cert: PathBuf,
    /// The key.
    pub key: PathBuf,
}

impl ServerSettings {
    /// Reads the section.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        Self {
            listen: reader.get("server.listen", socket_address),
            public_url: reader.optional("server.public_url", PublicUrl::parse),
            trusted_proxies: reader.list("server.trusted_proxies", TrustedNetwork::parse),
            tls: read_tls(reader),
            cors_origins: reader.list("server.cors_origins", cors_origin),
            metrics_listen: MetricsListen::read(reader),
            workers: reader.number("server.workers", 0..=1_024),
            request_timeout: reader.duration("server.request_timeout", "1s"..="5m"),
            answer_timeout: reader.duration("server.answer_timeout", "1s"..="10m"),
            keep_alive: reader.duration("server.keep_alive", "1s"..="10m"),
            max_connections: reader.number("server.max_connections", 1..=1_000_000),
            shutdown_delay: reader.duration("server.shutdown_delay", "0s"..="5m"),
            shutdown_timeout: reader.duration("server.shutdown_timeout", "1s"..="10m"),
            flood_per_second_per_ip: reader.number("limits.flood_per_second_per_ip", 0..=1_000_000),
        }
    }

    /// The public URL, with the address that was bound in place of a missing one.
    pub(crate) fn public_url_at(&self, bound: SocketAddr) -> PublicUrl {
        self.public_url.clone().unwrap_or_else(|| PublicUrl::of_listener(bound, self.tls.is_some()))
    }
}

fn read_tls(reader: &mut Reader<'_>) -> Option<TlsFiles> {
    let cert_set = reader.is_set("server.tls_cert");
    let key_set = reader.is_set("server.tls_key");
    let cert = reader.optional("server.tls_cert", path::parse_existing_file);
    let key = reader.optional("server.tls_key", path::parse_existing_file);
    if cert_set != key_set {
        let (lone, missing) = if cert_set { ("cert", "key") } else { ("key", "cert") };
        reader
            .report(&format!("server.tls_{lone}"), format!("needs server.tls_{missing} with it; set both or neither"));
    }
    cert.zip(key).map(|(cert, key)| TlsFiles { cert, key })
}

/// Where metrics are served, and how much that matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MetricsListen {
    /// Nowhere.
    Off,
    /// Where nobody chose, if it is free: a second service on a machine starts all the same.
    Default(SocketAddr),
    /// There, or the service does not start.
    Chosen(SocketAddr),
}

impl MetricsListen {
    fn read(reader: &mut Reader<'_>) -> Self {
        let key = "server.metrics_listen";
        let chosen = reader.is_set(key);
        let address = reader.get(key, |text| match text {
            "" | "off" => Ok(None),
            address => socket_address(address).map(Some).map_err(|what| format!("{what}, or off")),
        });
        match address {
            None => Self::Off,
            Some(address) if chosen => Self::Chosen(address),
            Some(address) => Self::Default(address),
        }
    }
}

fn socket_address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_malformed| "is an address and a port, such as 127.0.0.1:8080 or [::]:8080".to_owned())
}

fn cors_origin(text: &str) -> Result<PublicUrl, String> {
    match PublicUrl::parse(text) {
        Ok(origin) if !text.ends_with('/') => Ok(origin),
        _ => Err("is a list of exact origins, scheme://host[:port] without a path and without *".to_owned()),
    }
}
