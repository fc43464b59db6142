//! What the HTTP side needs to know.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign_application::ports::id_generator::IdGenerator;
use countersign_application::ports::mailbox::MailboxReader;

use crate::client_address::ProxyNetwork;
use crate::pages::look::Look;
use crate::pages::mailbox::at_home;
use crate::pages::mailbox::key::MailboxKey;

/// Puts the span of a request below the one that a `traceparent` names.
pub type FollowTrace = Arc<dyn Fn(&tracing::Span, &str) + Send + Sync>;

/// Settings of the listener and of what is done to every request.
#[derive(Clone)]
pub struct WebSettings {
    /// Name of the service on its pages.
    pub product: String,
    /// Whether strangers may register: pages lead there only then.
    pub open_registration: bool,
    /// How the pages look and what they say, where not as they come.
    pub look: Option<Arc<Look>>,
    /// Where browsers report what the policy of a page kept from happening; an absolute URL.
    pub csp_report_url: Option<String>,
    /// Where to listen; port 0 picks one.
    pub listen: SocketAddr,
    /// What links start with, without a slash at the end.
    pub public_url: String,
    /// Networks whose forwarding headers count.
    pub trusted_proxies: Vec<ProxyNetwork>,
    /// Exact origins that browsers may call from.
    pub cors_origins: Vec<String>,
    /// Serves HTTPS with this.
    pub tls: Option<rustls::ServerConfig>,
    /// Most octets of a request body.
    pub body_limit: usize,
    /// How long the head of a request may take to arrive.
    pub head_timeout: Duration,
    /// How long the body of a request may take to arrive.
    pub body_timeout: Duration,
    /// How long a connection may idle between requests.
    pub keep_alive: Duration,
    /// How long a client may take no more of its answer.
    pub answer_timeout: Duration,
    /// Most connections at once; more of them wait.
    pub max_connections: usize,
    /// How long requests in flight may take once the server stops.
    pub shutdown_timeout: Duration,
    /// Threads that serve; as many as there are cores when absent.
    pub workers: Option<usize>,
    /// Most open requests a second and network on this node; 0 is no limit.
    pub flood_per_second_per_ip: u32,
    /// Where requests are traced: asked for what a trusted proxy sends, and for nothing else.
    pub follow_trace: Option<FollowTrace>,
    /// Makes request ids.
    pub ids: Arc<dyn IdGenerator>,
    /// The mails that were put into a folder instead of being sent, to be read in a browser on this machine.
    pub mailbox: Option<Arc<dyn MailboxReader>>,
    /// What opens them in the browser of whoever has started the service: without it nobody reads them.
    pub mailbox_key: Option<MailboxKey>,
}

impl WebSettings {
    /// The defaults of the service for this listener and public URL.
    pub fn new(listen: SocketAddr, public_url: &str, ids: Arc<dyn IdGenerator>) -> Self {
        Self {
            product: "Countersign".to_owned(),
            open_registration: true,
            look: None,
            csp_report_url: None,
            listen,
            public_url: public_url.trim_end_matches('/').to_owned(),
            trusted_proxies: vec![],
            cors_origins: vec![],
            tls: None,
            body_limit: 64 * 1024,
            head_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_mins(1),
            answer_timeout: Duration::from_secs(30),
            max_connections: 10_000,
            shutdown_timeout: Duration::from_secs(10),
            workers: None,
            flood_per_second_per_ip: 50,
            follow_trace: None,
            ids,
            mailbox: None,
            mailbox_key: None,
        }
    }

    /// How the pages look and what they say.
    pub(crate) fn look(&self) -> &Look {
        self.look.as_deref().unwrap_or_else(|| Look::built_in())
    }

    /// Whether the mailbox is shown to browsers on this machine: there is one, and neither the listener nor the public
    /// URL is for other machines.
    pub fn shows_mailbox(&self) -> bool {
        at_home::is_served(self)
    }

    /// Whether clients reach the service by HTTPS, here or at a proxy in front.
    pub fn is_https(&self) -> bool {
        self.tls.is_some() || self.public_url.starts_with("https://")
    }
}
