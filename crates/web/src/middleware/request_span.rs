//! A request in a trace, by OpenTelemetry's conventions for HTTP: its method, the pattern of its route and its status. Not
//! its path, query, client or program, which the conventions have too: those are about people.

use actix_web::dev::ServiceRequest;
use actix_web::http::{Method, StatusCode};
use actix_web::web;
use countersign_application::spans;
use tracing::Span;
use tracing::field::Empty;

use crate::client_address::is_proxy;
use crate::extract::RequestOrigin;
use crate::middleware::request_metrics::{OTHER, known};
use crate::settings::WebSettings;

const TRACEPARENT: &str = "traceparent";

/// The span of a request; none where nothing is traced.
pub(crate) struct RequestSpan(Span);

impl RequestSpan {
    /// From now on, until nothing is done for the request any more.
    pub(crate) fn begin(req: &ServiceRequest, route: Option<&str>, origin: &RequestOrigin) -> Self {
        let span = tracing::info_span!(
            target: spans::TARGET,
            parent: None,
            "request",
            otel.name = name(req.method(), route),
            otel.kind = "server",
            otel.status_code = Empty,
            http.request.method = method(req.method()),
            http.route = route,
            http.response.status_code = Empty,
            error.type = Empty,
            request_id = origin.request_id(),
        );
        if !span.is_disabled() {
            follow_proxy(req, &span);
        }
        Self(span)
    }

    /// What the request is done within.
    pub(crate) fn entered(&self) -> Span {
        self.0.clone()
    }

    /// Notes the answer.
    pub(crate) fn answered(self, status: StatusCode) {
        self.0.record("http.response.status_code", i64::from(status.as_u16()));
        if status.is_server_error() {
            self.0.record("otel.status_code", "ERROR").record("error.type", status.as_str());
        }
    }
}

/// A trace that a client says it is in is not believed: it could fill somebody else's, or choose that it be sent.
fn follow_proxy(req: &ServiceRequest, span: &Span) {
    let Some(settings) = req.app_data::<web::Data<WebSettings>>() else { return };
    let Some(follow) = &settings.follow_trace else { return };
    let is_trusted = req.peer_addr().is_some_and(|peer| is_proxy(peer.ip(), &settings.trusted_proxies));
    let mut parents = req.headers().get_all(TRACEPARENT);
    if let (true, Some(parent), None) = (is_trusted, parents.next(), parents.next())
        && let Ok(parent) = parent.to_str()
    {
        follow(span, parent);
    }
}

fn method(method: &Method) -> &'static str {
    match known(method) {
        OTHER => "_OTHER",
        known => known,
    }
}

fn name(method: &Method, route: Option<&str>) -> String {
    let method = match known(method) {
        OTHER => "HTTP",
        known => known,
    };
    route.map_or_else(|| method.to_owned(), |route| format!("{method} {route}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_client_makes_up_is_in_the_name() {
        assert_eq!(name(&Method::GET, Some("/teams/{team_id}")), "GET /teams/{team_id}");
        assert_eq!(name(&Method::POST, None), "POST");
        let odd = Method::from_bytes(b"BREW").unwrap();
        assert_eq!((name(&odd, None).as_str(), method(&odd)), ("HTTP", "_OTHER"));
    }
}
