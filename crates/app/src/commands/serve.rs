//! Serves until it is told to stop.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use countersign_application::keys::ensure_key::EnsureKeyCommand;
use countersign_domain::audit::Origin;

use crate::banner::banner;
use crate::commands::serve::metrics::MetricsListener;
use crate::commands::serve::web::web_settings;
use crate::settings::{DatabaseKind, PublicUrl, Settings};
use crate::shutdown::Shutdown;
use crate::terminal;
use crate::wiring::{self, ServingLock, System};
use crate::workers::Workers;

mod connections;
mod metrics;
mod tls;
mod web;

/// How often this node looks for new signing keys; `keys rotate --now` counts on it.
const KEY_POLL: Duration = Duration::from_secs(1);

/// Starts, serves, and stops in order.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<()> {
    let mut shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let _lock = match settings.storage.database_kind() {
        DatabaseKind::Sqlite => Some(serve_alone(&settings.storage.data_dir)?),
        DatabaseKind::Postgres => None,
    };
    // Bound before anything else, so that a taken port is told at once, and links know the port that was picked.
    let (listener, address) = bind(settings.server.listen)?;
    let metrics_listener = MetricsListener::bind(settings.server.metrics_listen)?;
    let metrics = metrics_listener.as_ref().map(MetricsListener::metrics);
    let public_url = settings.server.public_url_at(address);
    let system = Box::pin(start(&settings, &public_url)).await?;
    let web = web_settings(&settings, &public_url, system.dependencies.ids.clone())?;
    let server = countersign_web::server::serve(listener, &system.application, &web).context("cannot serve")?;
    let handle = server.server.handle();
    let serving = tokio::spawn(server.server);
    let metrics_server = metrics_listener.map(|listener| listener.serve(&system, &web)).transpose()?;
    let metrics_server = metrics_server.map(|bound| (bound.server.handle(), tokio::spawn(bound.server)));
    let mut workers = Workers::start(&system.application, system.dependencies.secrets.octets()[0]);
    if let Some(metrics) = metrics {
        workers.measure(metrics, &system.dependencies);
    }
    let key_ring = system.key_ring.clone();
    let keys = tokio::spawn(async move { key_ring.poll(KEY_POLL).await });
    announce(&settings, address, &public_url);

    let signal = shutdown.requested().await;
    tracing::info!(signal, "stopping");
    system.lifecycle.stop();
    tokio::select! {
        () = tokio::time::sleep(settings.server.shutdown_delay.unsigned_abs()) => {}
        _impatient = shutdown.requested() => {}
    }
    handle.stop(true).await;
    serving.await.context("the server panicked")?.context("the server failed")?;
    workers.stop().await;
    keys.abort();
    if let Some((handle, serving)) = metrics_server {
        // A scrape is short, and its connection is kept open for the next: nothing to wait for.
        handle.stop(false).await;
        serving.await.context("the server of the metrics panicked")?.context("the server of the metrics failed")?;
    }
    system.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Whether the files that the settings name can be used; opens and makes nothing.
pub(crate) fn check_files(settings: &Settings) -> anyhow::Result<()> {
    settings.server.tls.as_ref().map(tls::server_config).transpose()?;
    wiring::check_templates(settings)
}

/// Everything that has to hold before the first request is taken.
async fn start(settings: &Settings, public_url: &PublicUrl) -> anyhow::Result<System> {
    let database = wiring::open_database(&settings.storage).await?;
    wiring::prepare_schema(&settings.storage, &database).await?;
    let system = System::wire(settings, public_url, database)?;
    let command = EnsureKeyCommand { algorithm: settings.tokens.algorithm };
    system
        .application
        .keys
        .ensure_key
        .execute(&Origin::default(), command)
        .await
        .context("cannot make a signing key")?;
    let resealed = system.application.keys.reseal_keys.execute().await.context(
        "cannot use the signing keys: they were sealed with another secret key. Set secret_key (or, on the embedded \
         default, secret.key in the data folder) to the one that the database was used with; if it is being replaced, \
         set secret_key to the new one and secret_key_previous to the former. If it is lost for good, \
         `countersign keys rotate --now` starts anew, and clients refresh their tokens",
    )?;
    if resealed > 0 {
        tracing::info!(keys = resealed, "sealed the signing keys with the current secret key");
    }
    system.key_ring.refresh().await.context("cannot read the signing keys")?;
    system.key_ring.check(system.dependencies.clock.now()).context("no signing key can be used")?;
    Ok(system)
}

fn serve_alone(data_dir: &Path) -> anyhow::Result<ServingLock> {
    ServingLock::acquire(data_dir)?.with_context(|| {
        let data_dir = data_dir.display();
        format!("another countersign serves from {data_dir}; stop that one, or set data_dir to another folder")
    })
}

fn bind(listen: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(listen).map_err(|error| {
        let next = match error.kind() {
            io::ErrorKind::AddrInUse => "stop what listens there already, or set server.listen to another port",
            io::ErrorKind::PermissionDenied => "this user may not; set server.listen to a port above 1023",
            _ => "set server.listen to an address of this machine",
        };
        anyhow::Error::new(error).context(format!("cannot listen on {listen}; {next}"))
    })?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn announce(settings: &Settings, address: SocketAddr, public_url: &PublicUrl) {
    let server = &settings.server;
    tracing::info!(%address, %public_url, dev = settings.dev, "listening");
    if !address.ip().is_loopback() && server.tls.is_none() && server.trusted_proxies.is_empty() {
        tracing::warn!(
            "others can reach the listener, and neither TLS nor a trusted proxy is set: behind a proxy all clients look like one and share its limits; set server.trusted_proxies to the networks of your proxies"
        );
    }
    if settings.storage.database_kind() == DatabaseKind::Postgres {
        tracing::warn!(
            "without Redis, which this version does not speak yet, each node counts limits for itself: run one node, or lower the limits by the number of nodes"
        );
    }
    let listening = PublicUrl::of_listener(address, server.tls.is_some());
    terminal::say(&banner(settings, &listening, public_url));
}
