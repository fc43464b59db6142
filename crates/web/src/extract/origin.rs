//! Where a request came from, and its id.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::USER_AGENT;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use countersign_domain::audit::Origin;
use countersign_domain::network::Network;

use crate::client_address::client_address;
use crate::problem::Problem;
use crate::settings::WebSettings;

const USER_AGENT_MAX: usize = 256;
const REQUEST_ID_MAX: usize = 64;

/// Where the request came from; the outermost middleware has found out.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestOrigin(pub(crate) Origin);

impl RequestOrigin {
    /// Reads it from the head of the request.
    pub(crate) fn of(req: &HttpRequest, settings: &WebSettings) -> Self {
        let ip = client_address(req.peer_addr().map(|peer| peer.ip()), req.headers(), &settings.trusted_proxies);
        let user_agent = req.headers().get(USER_AGENT).map(|value| printable(value.as_bytes()));
        let request_id = sane_request_id(req).unwrap_or_else(|| settings.ids.next_id().to_string());
        Self(Origin { ip, user_agent: user_agent.filter(|text| !text.is_empty()), request_id: Some(request_id) })
    }

    /// Its id.
    pub(crate) fn request_id(&self) -> &str {
        self.0.request_id.as_deref().unwrap_or_default()
    }

    /// The network that logs keep.
    pub(crate) fn logged_network(&self) -> String {
        self.0.ip.map_or_else(|| "unknown".to_owned(), |ip| Network::logged(ip).to_string())
    }

    /// The network that limits count.
    #[cfg(feature = "edge-limits")]
    pub(crate) fn counted_network(&self) -> Option<Network> {
        self.0.ip.map(Network::counted)
    }
}

/// What a client may name its request: nothing that could break a log line.
fn sane_request_id(req: &HttpRequest) -> Option<String> {
    let id = req.headers().get("x-request-id")?.to_str().ok()?;
    let sane = (1..=REQUEST_ID_MAX).contains(&id.len())
        && id.bytes().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'_' | b'-'));
    sane.then(|| id.to_owned())
}

fn printable(octets: &[u8]) -> String {
    String::from_utf8_lossy(octets).chars().filter(|c| !c.is_control()).take(USER_AGENT_MAX).collect()
}

impl FromRequest for RequestOrigin {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let origin = req.extensions().get::<Self>().cloned();
        ready(origin.ok_or_else(|| Problem::internal("the origin of the request was not recorded")))
    }
}
