//! Serves until it is told to stop.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use countersign_application::keys::ensure_key::EnsureKeyCommand;
use countersign_application::keys::reseal_keys::ResealedKeys;
use countersign_domain::audit::Origin;
use countersign_domain::secret::Secret;
use countersign_infrastructure::system::SystemClock;
use countersign_web::server::ServerHandle;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::banner::banner;
use crate::commands::serve::metrics::MetricsListener;
use crate::commands::serve::web::web_settings;
use crate::metrics::Metrics;
use crate::settings::{DatabaseKind, PublicUrl, Settings, advice};
use crate::shutdown::Shutdown;
use crate::terminal;
use crate::wiring::{self, ServingLock, System};
use crate::workers::{ClockCheck, Workers};

mod connections;
mod metrics;
pub(crate) mod tls;
mod web;

/// Starts, serves, and stops in order.
pub(crate) async fn run(settings: Settings) -> anyhow::Result<()> {
    let mut shutdown = Shutdown::listen().context("cannot listen for signals")?;
    let mut service = tokio::select! {
        started = Box::pin(Service::start(&settings)) => started?,
        signal = shutdown.requested() => {
            // What was begun, such as a migration, is undone by the database.
            tracing::info!(signal, "stopped before it served");
            return Ok(());
        }
    };
    match told_to_stop(&mut shutdown, &mut service.serving).await {
        Ok(signal) => {
            tracing::info!(signal, "stopping");
            let drained = service.drain(&mut shutdown, settings.server.shutdown_delay.unsigned_abs()).await;
            let closed = service.close().await;
            drained.and(closed)?;
            tracing::info!("stopped");
            Ok(())
        }
        Err(error) => {
            if let Err(also) = service.close().await {
                tracing::error!(error = %format!("{also:#}"), "what was left could not be closed in order");
            }
            Err(error)
        }
    }
}

/// Waits for a signal. An error if the server ends without one.
async fn told_to_stop(shutdown: &mut Shutdown, serving: &mut Serving) -> anyhow::Result<&'static str> {
    tokio::select! {
        signal = shutdown.requested() => Ok(signal),
        ended = serving => {
            ended.context("the server panicked")?.context("the server failed")?;
            bail!("the server ended although nobody stopped it")
        }
    }
}

/// What the thread that serves ends with.
type Serving = JoinHandle<io::Result<()>>;

/// What runs while it serves.
struct Service {
    system: System,
    handle: ServerHandle,
    serving: Serving,
    metrics: Option<(ServerHandle, Serving)>,
    workers: Workers,
    /// What looks after keys, certificate, Redis and the replica.
    beside: Vec<JoinHandle<()>>,
    _lock: Option<ServingLock>,
}

impl Service {
    /// Everything, up to the banner.
    async fn start(settings: &Settings) -> anyhow::Result<Self> {
        // What settings name is judged before anything is made.
        let pages = wiring::templates(settings)?;
        let folder =
            Some(&settings.storage.data_dir).filter(|_| settings.storage.database_kind() == DatabaseKind::Sqlite);
        // Whoever serves from the folder is told before whoever has the port, which is the same mostly. One that is not
        // there is made once the port is taken: a start that fails leaves nothing behind.
        let (there, missing) = (folder.filter(|folder| folder.exists()), folder.filter(|folder| !folder.exists()));
        let lock = there.map(|folder| serve_alone(folder)).transpose()?;
        // Bound before anything else, so that a taken port is told at once, and links know the port that was picked.
        let (listener, address) = bind(settings.server.listen)?;
        let metrics_listener = MetricsListener::bind(settings.server.metrics_listen)?;
        let lock = missing.map(|folder| serve_alone(folder)).transpose()?.or(lock);
        let lacks_key = !wiring::has_secret_key(&settings.storage) && wiring::has_database(&settings.storage)?;
        let database = wiring::name_database(&settings.storage).await?;
        wiring::warn_of_open(settings.storage.private_paths().iter().map(PathBuf::as_path));
        if lacks_key {
            wiring::prepare_schema(&settings.storage, &database).await?;
            wiring::refuse_lost_key(settings, &database).await?;
        }
        // Takes as long as all that follows up to its end, which needs nothing of it.
        let opened = tokio::spawn({
            let (storage, database) = (settings.storage.clone(), database.clone());
            async move { wiring::prepare_schema(&storage, &database).await }
        });
        // Before the system is wired, whose adapters keep handles to the recorder.
        let metrics = metrics_listener.is_some().then(|| Metrics::install(&SystemClock)).transpose()?;
        let public_url = settings.server.public_url_at(address);
        let replica = wiring::name_replica(&settings.storage, &database).await?;
        let system = System::wire(settings, &public_url, database, replica)?;
        let tls = settings.server.tls.clone().map(|files| tls::listen(files, settings.server.public_url.clone()));
        let (tls, renewal) = tls.transpose()?.unzip();
        let web = web_settings(settings, &public_url, &system, tls, pages)?;
        let (ready, until_ready) = watch::channel(false);
        let server =
            countersign_web::server::serve(listener, &system.application, &web, until_ready).context("cannot serve")?;
        let handle = server.server.handle();
        // On a thread of its own, which it blocks until it may begin. Its workers build their routes meanwhile.
        let serving = tokio::task::spawn_blocking(move || Handle::current().block_on(server.server));
        if let Some(redis) = &system.redis {
            redis.greet().await;
        }
        opened.await.context("the opening of the database panicked")??;
        Box::pin(prepare_keys(settings, &system)).await?;
        ready.send_replace(true);
        let metrics_server = metrics_listener.zip(metrics.as_ref());
        let metrics_server =
            metrics_server.map(|(listener, metrics)| listener.serve(metrics, &system, &web)).transpose()?;
        let metrics_server = metrics_server.map(|bound| (bound.server.handle(), tokio::spawn(bound.server)));
        let clock_check = Arc::new(clock_check(&system));
        let mut workers = Workers::start(&system.application, &clock_check, spread(&system));
        if let Some(metrics) = metrics {
            workers.measure(metrics, &system.dependencies, clock_check);
        }
        let key_ring = system.key_ring.clone();
        let mut beside = vec![tokio::spawn(async move { key_ring.poll().await })];
        beside.extend(system.replica.clone().map(|replica| tokio::spawn(async move { replica.watch().await })));
        beside.extend(system.redis.clone().map(|redis| tokio::spawn(async move { redis.watch().await })));
        beside.extend(renewal.map(tokio::spawn));
        let mailbox_key = Some(&system.mailbox_key).filter(|_| web.shows_mailbox());
        announce(settings, &system, address, &public_url, mailbox_key);
        Ok(Self { system, handle, serving, metrics: metrics_server, workers, beside, _lock: lock })
    }

    /// Turns away, and lets what is under way finish.
    async fn drain(&mut self, shutdown: &mut Shutdown, delay: Duration) -> anyhow::Result<()> {
        self.system.lifecycle.stop();
        tokio::select! {
            () = tokio::time::sleep(delay) => {}
            _impatient = shutdown.requested() => tracing::warn!("told again to stop: server.shutdown_delay is not waited out"),
        }
        self.handle.stop(true).await;
        (&mut self.serving).await.context("the server panicked")?.context("the server failed")
    }

    /// Ends what goes on beside requests.
    async fn close(self) -> anyhow::Result<()> {
        self.workers.stop().await;
        self.beside.iter().for_each(JoinHandle::abort);
        if let Some((handle, serving)) = self.metrics {
            // A scrape is short, and its connection is kept open for the next: nothing to wait for.
            handle.stop(false).await;
            serving.await.context("the server of the metrics panicked")?.context("the server of the metrics failed")?;
        }
        self.system.close().await;
        Ok(())
    }
}

/// Whether the files that the settings name can be used; opens and makes nothing.
pub(crate) fn check_files(settings: &Settings) -> anyhow::Result<()> {
    settings.server.tls.as_ref().map(tls::check).transpose()?;
    wiring::templates(settings)?;
    Ok(())
}

/// A key that signs, and those known that verify.
async fn prepare_keys(settings: &Settings, system: &System) -> anyhow::Result<()> {
    let use_cases = &system.application.keys;
    let began = Instant::now();
    let command = EnsureKeyCommand { algorithm: settings.tokens.algorithm };
    let seen = use_cases.ensure_key.execute(&Origin::default(), command).await.context("cannot make a signing key")?;
    let ResealedKeys { keys, resealed } = use_cases.reseal_keys.execute(seen).await.map_err(wiring::explain_keys)?;
    if resealed > 0 {
        tracing::info!(keys = resealed, "sealed the signing keys with the current secret key");
    }
    system.key_ring.hold(keys, began).await;
    system.key_ring.check(system.dependencies.clock.now()).context("no signing key can be used")
}

/// Any number, other than that of other nodes.
fn spread(system: &System) -> u8 {
    system.dependencies.ids.next_id().as_bytes()[15]
}

fn clock_check(system: &System) -> ClockCheck {
    let clock = &system.dependencies.clock;
    ClockCheck::new(Arc::new(system.database.clock_probe(Arc::clone(clock))), Arc::clone(clock))
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

fn announce(
    settings: &Settings,
    system: &System,
    address: SocketAddr,
    public_url: &PublicUrl,
    mailbox_key: Option<&Secret>,
) {
    tracing::info!(%address, %public_url, dev = settings.dev, "listening");
    advice::all(settings).for_each(|advice| tracing::warn!("{advice}"));
    let listening = PublicUrl::of_listener(address, settings.server.tls.is_some());
    terminal::say(&banner(settings, system, &listening, public_url, mailbox_key));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_server_that_ends_by_itself_is_an_error() {
        let mut shutdown = Shutdown::listen().unwrap();
        let failed = || Err(io::Error::other("gone"));
        for (ended, why) in
            [(tokio::spawn(async { Ok(()) }), "nobody stopped it"), (tokio::spawn(async move { failed() }), "failed")]
        {
            let mut ended: Serving = ended;
            let error = told_to_stop(&mut shutdown, &mut ended).await.unwrap_err();
            assert!(format!("{error:#}").contains(why), "{error:#}");
        }
    }
}
