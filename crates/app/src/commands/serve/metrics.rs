//! The listener of the metrics.

use std::net::{SocketAddr, TcpListener};

use anyhow::Context as _;
use countersign_web::metrics_page;
use countersign_web::{BoundServer, WebSettings};

use crate::metrics::Metrics;
use crate::settings::MetricsListen;
use crate::wiring::System;

/// Bound, and serving nothing yet.
pub(crate) struct MetricsListener {
    listener: TcpListener,
    address: SocketAddr,
}

impl MetricsListener {
    /// None where metrics are off, or where nobody chose an address and the default is taken.
    pub(crate) fn bind(listen: MetricsListen) -> anyhow::Result<Option<Self>> {
        let (listen, chosen) = match listen {
            MetricsListen::Off => return Ok(None),
            MetricsListen::Default(address) => (address, false),
            MetricsListen::Chosen(address) => (address, true),
        };
        let listener = match TcpListener::bind(listen) {
            Ok(listener) => listener,
            Err(error) if chosen => {
                let next = "set server.metrics_listen to a free address of this machine, or to off";
                return Err(error).with_context(|| format!("cannot listen on {listen} for the metrics; {next}"));
            }
            Err(error) => {
                tracing::warn!(
                    address = %listen,
                    error = &error as &dyn std::error::Error,
                    "metrics are not served, for their default address is taken; set server.metrics_listen to another one, or to off"
                );
                return Ok(None);
            }
        };
        let address = listener.local_addr()?;
        Ok(Some(Self { listener, address }))
    }

    /// Starts to serve these figures.
    pub(crate) fn serve(
        self,
        metrics: &Metrics,
        system: &System,
        settings: &WebSettings,
    ) -> anyhow::Result<BoundServer> {
        let page = metrics.page(system.database.clone(), system.password_hasher.clone(), system.redis.clone());
        let server = metrics_page::serve(self.listener, settings, page).context("cannot serve metrics")?;
        tracing::info!(address = %self.address, path = "/metrics", "metrics are served");
        Ok(server)
    }
}
