//! The one line that the log has about a request, also about one whose client left before the answer.

use std::rc::Rc;
use std::time::Instant;

use actix_web::http::{Method, StatusCode};

use crate::extract::RequestOrigin;
use crate::middleware::request_metrics::RequestMetrics;

/// Dropped without an answer, it says that the client left.
pub(crate) struct AccessLine {
    metrics: Rc<RequestMetrics>,
    origin: RequestOrigin,
    method: Method,
    route: Option<String>,
    started: Instant,
    status: Option<StatusCode>,
}

impl AccessLine {
    /// From now on. The route's pattern, never the path: paths hold ids and queries hold searches for people.
    pub(crate) fn begin(
        method: Method,
        route: Option<String>,
        origin: RequestOrigin,
        metrics: Rc<RequestMetrics>,
    ) -> Self {
        Self { metrics, origin, method, route, started: Instant::now(), status: None }
    }

    /// Counts the request and writes the line.
    pub(crate) fn answered(mut self, status: StatusCode) {
        self.metrics.record(&self.method, self.route.as_deref(), status, self.started.elapsed());
        self.status = Some(status);
    }
}

impl Drop for AccessLine {
    fn drop(&mut self) {
        tracing::info!(
            target: "countersign_web::access",
            method = %self.method,
            route = self.route.as_deref().unwrap_or("-"),
            status = self.status.map(|status| status.as_u16()),
            micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX),
            network = self.origin.logged_network(),
            request_id = self.origin.request_id(),
            "{}",
            if self.status.is_some() { "answered" } else { "client left" }
        );
    }
}
