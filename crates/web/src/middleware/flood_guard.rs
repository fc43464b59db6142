//! A coarse guard of this node against floods from one network: of the open `/auth` routes, as often of pages, and, at a
//! multiple of the figure, of every other write. The named limits, which hold over all nodes, are the use cases'.

/// What a route is guarded as; each is counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guarded {
    /// Work for anybody.
    Open,
    /// A page, also of somebody who is signed in: it may renew their session.
    Page,
    /// A write of somebody who is signed in: far more often than anyone works.
    Write,
}

#[cfg(feature = "edge-limits")]
mod governed {
    use std::sync::Arc;
    use std::time::Duration;

    use actix_governor::governor::NotUntil;
    use actix_governor::governor::clock::QuantaInstant;
    use actix_governor::governor::middleware::NoOpMiddleware;
    use actix_governor::{Governor, GovernorConfig, GovernorConfigBuilder, KeyExtractor};
    use actix_web::dev::ServiceRequest;
    use actix_web::http::StatusCode;
    use actix_web::{HttpMessage as _, HttpResponse, HttpResponseBuilder, ResponseError as _, Route};
    use countersign_domain::network::Network;

    use crate::extract::RequestOrigin;
    use crate::middleware::flood_guard::Guarded;
    use crate::problem::Problem;
    use crate::settings::WebSettings;

    /// Writes for each request to the open routes.
    const WRITES: u32 = 4;
    const SWEEP: Duration = Duration::from_mins(1);

    /// Counts per network on this node; shared by its workers.
    #[derive(Clone)]
    pub(crate) struct FloodGuard {
        open: Option<Config>,
        pages: Option<Config>,
        writes: Option<Config>,
    }

    type Config = GovernorConfig<ByNetwork, NoOpMiddleware>;

    fn config(per_second: u32) -> Option<Config> {
        if per_second == 0 {
            return None;
        }
        GovernorConfigBuilder::default()
            .nanoseconds_per_request(1_000_000_000 / u64::from(per_second))
            .burst_size(per_second)
            .key_extractor(ByNetwork)
            .finish()
    }

    impl FloodGuard {
        pub(crate) fn new(settings: &WebSettings) -> Self {
            let per_second = settings.flood_per_second_per_ip;
            Self {
                open: config(per_second),
                pages: config(per_second),
                writes: config(per_second.saturating_mul(WRITES)),
            }
        }

        /// Puts the guard before a route.
        pub(crate) fn before(&self, route: Route, guarded: Guarded) -> Route {
            let config = match guarded {
                Guarded::Open => &self.open,
                Guarded::Page => &self.pages,
                Guarded::Write => &self.writes,
            };
            match config {
                Some(config) => route.wrap(Governor::new(config)),
                None => route,
            }
        }

        /// Forgets networks that have been quiet, for as long as the server lives.
        pub(crate) fn sweep(&self) {
            for config in [&self.open, &self.pages, &self.writes].into_iter().flatten() {
                let limiter = Arc::downgrade(&config.limiter());
                tokio::spawn(async move {
                    loop {
                        tokio::time::sleep(SWEEP).await;
                        let Some(limiter) = limiter.upgrade() else { return };
                        limiter.retain_recent();
                        limiter.shrink_to_fit();
                    }
                });
            }
        }
    }

    /// By the same address that the named limits count.
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct ByNetwork;

    impl KeyExtractor for ByNetwork {
        type Key = Option<Network>;
        type KeyExtractionError = Problem;

        fn extract(&self, req: &ServiceRequest) -> Result<Self::Key, Problem> {
            Ok(req.extensions().get::<RequestOrigin>().and_then(RequestOrigin::counted_network))
        }

        fn exceed_rate_limit_response(&self, _: &NotUntil<QuantaInstant>, _: HttpResponseBuilder) -> HttpResponse {
            metrics::counter!("countersign_rate_limit_refusals_total", "limit" => "flood").increment(1);
            // Room for one request comes back after at most a second.
            let problem = Problem::of_status(StatusCode::TOO_MANY_REQUESTS);
            Problem { retry_after: Some(1), ..problem }.error_response()
        }
    }
}

#[cfg(not(feature = "edge-limits"))]
#[expect(clippy::unused_self, reason = "has the shape of the guard that it stands for")]
mod open {
    use actix_web::Route;

    use crate::middleware::flood_guard::Guarded;
    use crate::settings::WebSettings;

    /// Built without the guard.
    #[derive(Clone)]
    pub(crate) struct FloodGuard;

    impl FloodGuard {
        pub(crate) fn new(_: &WebSettings) -> Self {
            Self
        }

        pub(crate) fn before(&self, route: Route, _: Guarded) -> Route {
            route
        }

        pub(crate) fn sweep(&self) {}
    }
}

#[cfg(feature = "edge-limits")]
pub(crate) use crate::middleware::flood_guard::governed::FloodGuard;
#[cfg(not(feature = "edge-limits"))]
pub(crate) use crate::middleware::flood_guard::open::FloodGuard;
