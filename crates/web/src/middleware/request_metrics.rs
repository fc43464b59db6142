//! Counts requests and times them, by route, method and status: nothing that a client can make up becomes a label.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use metrics::{Counter, Histogram, counter, histogram};

/// What stands for the route of a path that none has.
const UNMATCHED: &str = "unmatched";

/// What stands for a method that is not of HTTP.
pub(crate) const OTHER: &str = "other";

/// The figures of one worker's requests. Looking a figure up in the recorder costs more than counting, so each is
/// looked up once.
#[derive(Default)]
pub(crate) struct RequestMetrics(RefCell<HashMap<String, RouteMetrics>>);

struct RouteMetrics {
    duration: Histogram,
    requests: Vec<(&'static str, StatusCode, Counter)>,
}

impl RequestMetrics {
    /// Counts a request that was answered. `route` is a pattern of the table, never a path.
    pub(crate) fn record(&self, method: &Method, route: Option<&str>, status: StatusCode, took: Duration) {
        let route = route.unwrap_or(UNMATCHED);
        let mut routes = self.0.borrow_mut();
        let metrics = match routes.get_mut(route) {
            Some(metrics) => metrics,
            None => routes.entry(route.to_owned()).or_insert_with(|| RouteMetrics::of(route)),
        };
        metrics.duration.record(took);
        metrics.requests(route, known(method), status).increment(1);
    }
}

impl RouteMetrics {
    fn of(route: &str) -> Self {
        let duration = histogram!("countersign_http_request_duration_seconds", "route" => route.to_owned());
        Self { duration, requests: vec![] }
    }

    fn requests(&mut self, route: &str, method: &'static str, status: StatusCode) -> &Counter {
        let found = self.requests.iter().position(|(of, with, _)| (*of, *with) == (method, status));
        let index = found.unwrap_or_else(|| {
            let labels =
                [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.as_str().to_owned())];
            self.requests.push((method, status, counter!("countersign_http_requests_total", &labels)));
            self.requests.len() - 1
        });
        &self.requests[index].2
    }
}

/// Clients may send any word for a method.
pub(crate) fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use metrics_exporter_prometheus::PrometheusBuilder;

    use super::*;

    #[test]
    fn requests_are_counted_by_method_route_and_status() {
        let recorder = PrometheusBuilder::new().build_recorder();
        let _guard = metrics::set_default_local_recorder(&recorder);
        let metrics = RequestMetrics::default();
        let took = Duration::from_millis(3);
        for status in [StatusCode::OK, StatusCode::OK, StatusCode::NOT_FOUND] {
            metrics.record(&Method::GET, Some("/teams/{team_id}"), status, took);
        }
        let odd = Method::from_bytes(b"BREW").unwrap();
        metrics.record(&odd, None, StatusCode::NOT_FOUND, took);
        let page = recorder.handle().render();
        for told in [
            r#"requests_total{method="GET",route="/teams/{team_id}",status="200"} 2"#,
            r#"requests_total{method="GET",route="/teams/{team_id}",status="404"} 1"#,
            r#"requests_total{method="other",route="unmatched",status="404"} 1"#,
            r#"request_duration_seconds_count{route="/teams/{team_id}"} 3"#,
        ] {
            assert!(page.contains(told), "{told}: {page}");
        }
    }
}
