//! Calls to Redis, each of which ends soon.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_application::error::Fault;
use countersign_application::spans;
use deadpool::Runtime;
use deadpool::managed::{BuildError, Manager as _, Pool, QueueMode, Timeouts};
use deadpool_redis::Manager;
use deadpool_redis::cluster::ClusterClientBuilder;
use deadpool_redis::redis::{
    Arg, AsyncConnectionConfig, Cmd, ErrorKind, FromRedisValue, IntoConnectionInfo as _, RedisError, ServerErrorKind,
    cmd,
};
use metrics::{Counter, counter};
use tracing::{Instrument as _, Span};

use crate::home_runtime::HomeRuntime;
use crate::redis::circuit::Circuit;
use crate::redis::circuits::Circuits;
use crate::redis::failure::Failure;
use crate::redis::invocation::LuaScript;
use crate::redis::lanes::{Connector, Lane};
use crate::redis::probe::RedisProbe;
use crate::redis::version;

/// Connections of a node; each carries many calls at once.
const LANES: usize = 4;
/// How often [`RedisPool::watch`] looks.
const WATCHED_EVERY: Duration = Duration::from_secs(1);
/// A key of no entry.
const ALIVE: &str = "countersign:alive";
/// What a server says that has just started, or has forgotten its scripts.
const UNKNOWN_SCRIPT: ErrorKind = ErrorKind::Server(ServerErrorKind::NoScript);

/// How long to wait.
#[derive(Clone, Copy, Debug)]
pub struct RedisOptions {
    /// For an answer.
    pub answer: Duration,
    /// For a connection, where there is none yet.
    pub connect: Duration,
}

impl RedisOptions {
    /// For a connection to a cluster: to the masters that are named, and once more to all that there are. One that hangs
    /// takes the whole time of both, and the others are used all the same.
    fn of_cluster(self) -> Duration {
        (self.connect + self.answer) * 2 + self.answer
    }
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self { answer: Duration::from_millis(100), connect: Duration::from_millis(250) }
    }
}

/// Redis, one server or a cluster. Every call ends within the options' times together, but for the first ones to a
/// cluster; after several failures in a row calls fail at once, those to this master of a cluster, and beside them one a
/// second finds out whether Redis is back. It is asked for what can be done without, so callers do without, and what
/// went wrong is logged here, once for each outage.
#[derive(Clone)]
pub struct RedisPool(Arc<Inner>);

struct Inner {
    place: String,
    lanes: Pool<Connector>,
    circuits: Arc<Circuits>,
    /// To a cluster, opened when calls had failed and not used for others since: it knows who has which slots by now.
    /// The next that finds out whether Redis is back goes by it.
    fresh: Mutex<Option<Lane>>,
    is_opening: AtomicBool,
    opening: Duration,
    answer: Duration,
    failures: Counter,
    home: HomeRuntime,
}

/// The URL names no Redis, or more than this service can speak.
#[derive(Debug, thiserror::Error)]
#[error("the URL of Redis cannot be used: {0}")]
pub struct InvalidRedisUrl(String);

/// Redis did not answer, or refused. The log says why.
#[derive(Debug, thiserror::Error)]
#[error("it does not answer")]
pub(crate) struct Unavailable;

impl RedisPool {
    /// Of one `redis://` or `rediss://` URL, or of several with commas between them, which are some nodes of a
    /// cluster. Connects when it is first asked; connections are of the runtime that calls this.
    pub fn new(urls: &str, options: RedisOptions) -> Result<Self, InvalidRedisUrl> {
        let urls: Vec<&str> = urls.split(',').map(str::trim).collect();
        let place = urls.iter().map(|url| address(url)).collect::<Result<Vec<_>, _>>()?.join(", ");
        let circuits = Arc::<Circuits>::default();
        let connector = match urls.as_slice() {
            [url] => Connector::Server(Manager::new_with_config(*url, configuration(options))?),
            urls => {
                let client = ClusterClientBuilder::new(urls.iter().copied())
                    .connection_timeout(options.connect)
                    .response_timeout(options.answer)
                    .retries(2)
                    .build()?;
                Connector::Cluster(client, Arc::clone(&circuits))
            }
        };
        let opening = if connector.is_cluster() { options.of_cluster() } else { options.connect };
        let timeouts = Timeouts { wait: Some(options.answer), create: Some(opening), recycle: Some(options.answer) };
        let lanes = Pool::builder(connector)
            .max_size(LANES)
            .queue_mode(QueueMode::Fifo)
            .timeouts(timeouts)
            .runtime(Runtime::Tokio1)
            .build()?;
        let failures = counter!("countersign_redis_failures_total");
        failures.increment(0);
        let (fresh, is_opening, home) = (Mutex::default(), AtomicBool::default(), HomeRuntime::current());
        let answer = options.answer;
        Ok(Self(Arc::new(Inner { place, lanes, circuits, fresh, is_opening, opening, answer, failures, home })))
    }

    /// Finds out whether Redis answers. If it does not, that is logged, and calls are not kept waiting until it does.
    pub async fn greet(&self) {
        if let Err(failure) = self.bounded(None, |mut lane| async move { lane.ping().await }).await
            && self.0.circuits.general().open(Instant::now())
        {
            failure.report();
        }
    }

    /// Whether it answers and takes what is written, and why not; its version if it says so, of a cluster that of one
    /// master. For whoever looks after it, so that nothing is given up by it.
    pub async fn examine(&self) -> Result<Option<String>, Fault> {
        let answer = self.bounded(None, |mut lane| async move { lane.write(ALIVE).await }).await;
        answer.map_err(|failure| Fault::unavailable("Redis", failure))?;
        // Whoever may not ask that may use it all the same.
        let told = self.bounded(None, |mut lane| async move { lane.query(cmd("INFO").arg("server")).await }).await;
        Ok(told.ok().as_ref().and_then(version::of))
    }

    /// Where it is: host and port, without user and password.
    pub fn place(&self) -> &str {
        &self.0.place
    }

    /// Tells readiness about it.
    pub fn probe(&self) -> RedisProbe {
        RedisProbe::new(self.clone())
    }

    /// Whether it is asked: it has not failed several times in a row, or has answered since. Of a cluster, all masters.
    pub fn is_asked(&self) -> bool {
        !self.0.circuits.is_any_open()
    }

    /// Whether one server takes what is written, each second, for ever: requests that only read may go on for long without
    /// finding out that another has become the primary. The client of a cluster finds that out itself.
    pub async fn watch(&self) {
        while !self.is_cluster() {
            tokio::time::sleep(WATCHED_EVERY).await;
            // Told where it is noticed.
            drop(self.ping().await);
        }
    }

    /// Whether it answers and, of one server, takes what is written.
    pub(crate) async fn ping(&self) -> Result<(), Unavailable> {
        let (circuit, cluster) = (self.0.circuits.general(), self.is_cluster());
        let ping = |mut lane: Lane| async move { if cluster { lane.ping().await } else { lane.write(ALIVE).await } };
        if !circuit.admits(Instant::now()) {
            return Err(Unavailable);
        }
        let fresh = if circuit.is_open() { self.fresh().take() } else { None };
        self.judged(&circuit, fresh, ping).instrument(span(if cluster { "PING" } else { "SET" })).await
    }

    /// One command, about this key, which may be sent twice.
    pub(crate) async fn query<T: FromRedisValue>(&self, key: &str, command: &Cmd) -> Result<T, Unavailable> {
        let circuit = self.0.circuits.of(key);
        let call = self.guarded(&circuit, key, |mut lane| async move { lane.query(command).await });
        call.instrument(span(name(command))).await
    }

    /// One script, which may be run twice, with what these arguments are each time.
    pub(crate) async fn run<T: FromRedisValue, A: AsRef<[u8]>, const N: usize>(
        &self,
        script: &LuaScript,
        key: &str,
        arguments: impl Fn() -> [A; N],
    ) -> Result<T, Unavailable> {
        let arguments = &arguments;
        let run = |mut lane: Lane| async move {
            match lane.query(&script.by_digest(key, &arguments())).await {
                Err(error) if error.kind() == UNKNOWN_SCRIPT => lane.query(&script.by_text(key, &arguments())).await,
                answer => answer,
            }
        };
        self.guarded(&self.0.circuits.of(key), key, run).instrument(span("EVALSHA")).await
    }

    /// Nobody who asks for an entry waits for a trial whether Redis is back: that is made beside.
    async fn guarded<T, F>(&self, circuit: &Arc<Circuit>, key: &str, call: impl Fn(Lane) -> F) -> Result<T, Unavailable>
    where
        F: Future<Output = Result<T, RedisError>>,
    {
        if circuit.is_open() {
            if circuit.admits(Instant::now()) {
                self.try_again(Arc::clone(circuit), key);
            }
            return Err(Unavailable);
        }
        self.judged(circuit, None, call).await
    }

    /// By what is written, where the key says to whom: a server that is full can still be read.
    fn try_again(&self, circuit: Arc<Circuit>, key: &str) {
        let (pool, beside) = (self.clone(), format!("{ALIVE}:{{{key}}}"));
        self.0.home.spawn(async move {
            let (fresh, beside) = (pool.fresh().take(), beside.as_str());
            // Told where it is noticed.
            drop(pool.judged(&circuit, fresh, |mut lane| async move { lane.write(beside).await }).await);
        });
    }

    /// A call that is made, by this lane or one of those for all, and what it says of Redis.
    async fn judged<T, F>(
        &self,
        circuit: &Circuit,
        lane: Option<Lane>,
        call: impl Fn(Lane) -> F,
    ) -> Result<T, Unavailable>
    where
        F: Future<Output = Result<T, RedisError>>,
    {
        match self.bounded(lane, call).await {
            Ok(answer) => {
                if circuit.succeeded() {
                    tracing::info!("Redis answers again");
                    if self.is_cluster() {
                        // Others may have the slots now, which connections that are older do not know.
                        self.disconnect();
                    }
                }
                Ok(answer)
            }
            Err(failure) => {
                self.0.failures.increment(1);
                let now = Instant::now();
                let opens = if failure.refuses_writes() { circuit.open(now) } else { circuit.failed(now) };
                if opens {
                    failure.report();
                }
                if circuit.is_open() {
                    // A connection that nothing comes back on may stay so for minutes.
                    if self.is_cluster() {
                        self.open_fresh();
                        // Those to the other masters are as good as ever.
                        drop(self.0.lanes.retain(|lane, _| lane.is_forgiven()));
                    } else {
                        self.disconnect();
                    }
                }
                Err(Unavailable)
            }
        }
    }

    /// By this lane, or one of those for all.
    async fn bounded<T, F>(&self, lane: Option<Lane>, call: impl Fn(Lane) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, RedisError>>,
    {
        let attempts = async {
            match self.attempt(lane, &call).await {
                Err(failure) if failure.is_disconnect() && !self.is_cluster() => {
                    self.disconnect();
                    self.attempt(None, &call).await
                }
                outcome => outcome,
            }
        };
        tokio::time::timeout(self.0.answer + self.0.opening, self.0.home.run(attempts))
            .await
            .unwrap_or(Err(Failure::Late))
    }

    async fn attempt<T, F>(&self, lane: Option<Lane>, call: &impl Fn(Lane) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, RedisError>>,
    {
        let lane = match lane {
            Some(lane) => lane,
            // It goes back at once, for others to use beside this call.
            None => Lane::clone(&*self.0.lanes.get().await?),
        };
        // The client of a cluster asks several times by itself, and would go on for longer than anybody waits.
        match tokio::time::timeout(self.0.opening.max(self.0.answer), call(lane.clone())).await {
            Ok(answer) => Ok(answer?),
            Err(_elapsed) => {
                lane.was_late();
                Err(Failure::Late)
            }
        }
    }

    /// Beside what is under way. One at a time.
    fn open_fresh(&self) {
        if self.0.is_opening.swap(true, Ordering::Relaxed) {
            return;
        }
        let pool = self.clone();
        self.0.home.spawn(async move {
            let opened = tokio::time::timeout(pool.0.opening, pool.0.lanes.manager().create()).await;
            *pool.fresh() = opened.ok().and_then(Result::ok);
            pool.0.is_opening.store(false, Ordering::Relaxed);
        });
    }

    fn fresh(&self) -> std::sync::MutexGuard<'_, Option<Lane>> {
        self.0.fresh.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_cluster(&self) -> bool {
        self.0.lanes.manager().is_cluster()
    }

    fn disconnect(&self) {
        drop(self.0.lanes.retain(|_, _| false));
    }
}

impl Lane {
    async fn ping(&mut self) -> Result<(), RedisError> {
        self.query(&cmd("PING")).await
    }

    /// Something that nobody reads, and that is gone a second later.
    async fn write(&mut self, key: &str) -> Result<(), RedisError> {
        self.query(cmd("SET").arg(key).arg(1).arg("PX").arg(1_000)).await
    }
}

/// A call in a trace: the command, without what it is about.
fn span(command: &str) -> Span {
    tracing::info_span!(
        target: spans::TARGET,
        "redis",
        otel.name = command,
        otel.kind = "client",
        db.system.name = "redis",
        db.operation.name = command,
    )
}

fn address(url: &str) -> Result<String, RedisError> {
    Ok(url.into_connection_info()?.addr().to_string())
}

fn name(command: &Cmd) -> &str {
    match command.args_iter().next() {
        Some(Arg::Simple(name)) => std::str::from_utf8(name).unwrap_or("other"),
        _ => "other",
    }
}

fn configuration(options: RedisOptions) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(options.connect))
        .set_response_timeout(Some(options.answer))
}

/// The URL holds a password.
impl fmt::Debug for RedisPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisPool").field("circuits", &self.0.circuits).finish_non_exhaustive()
    }
}

impl From<RedisError> for InvalidRedisUrl {
    fn from(error: RedisError) -> Self {
        Self(error.category().to_owned())
    }
}

impl From<BuildError> for InvalidRedisUrl {
    fn from(error: BuildError) -> Self {
        Self(error.to_string())
    }
}
