//! A coarse guard of this node's open `/auth` routes against floods from one network. The named limits, which hold
//! over all nodes, are the use cases'.

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
    use crate::problem::Problem;
    use crate::settings::WebSettings;

    const SWEEP: Duration = Duration::from_mins(1);

    /// Counts per network on this node; shared by its workers.
    #[derive(Clone)]
    pub(crate) struct FloodGuard(Option<GovernorConfig<ByNetwork, NoOpMiddleware>>);

    impl FloodGuard {
        pub(crate) fn new(settings: &WebSettings) -> Self {
            let per_second = settings.flood_per_second_per_ip;
            let config = (per_second > 0).then(|| {
                GovernorConfigBuilder::default()
                    .nanoseconds_per_request(1_000_000_000 / u64::from(per_second))
                    .burst_size(per_second)
                    .key_extractor(ByNetwork)
                    .finish()
            });
            Self(config.flatten())
        }

        /// Puts the guard before a route.
        pub(crate) fn before(&self, route: Route) -> Route {
            match &self.0 {
                Some(config) => route.wrap(Governor::new(config)),
                None => route,
            }
        }

        /// Forgets networks that have been quiet, for as long as the server lives.
        pub(crate) fn sweep(&self) {
            let Some(config) = &self.0 else { return };
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
            // Room for one request comes back after at most a second.
            let problem = Problem::of_status(StatusCode::TOO_MANY_REQUESTS);
            Problem { retry_after: Some(1), ..problem }.error_response()
        }
    }
}

#[cfg(not(feature = "edge-limits"))]
mod open {
    use actix_web::Route;

    use crate::settings::WebSettings;

    /// Built without the guard.
    #[derive(Clone)]
    pub(crate) struct FloodGuard;

    impl FloodGuard {
        pub(crate) fn new(_: &WebSettings) -> Self {
            Self
        }

        pub(crate) fn before(&self, route: Route) -> Route {
            route
        }

        pub(crate) fn sweep(&self) {}
    }
}

#[cfg(feature = "edge-limits")]
pub(crate) use crate::middleware::flood_guard::governed::FloodGuard;
#[cfg(not(feature = "edge-limits"))]
pub(crate) use crate::middleware::flood_guard::open::FloodGuard;
