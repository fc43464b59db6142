//! Calls to Redis, each of which ends soon.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_application::spans;
use deadpool::Runtime;
use deadpool::managed::{BuildError, Pool, PoolError, QueueMode, Timeouts};
use deadpool_redis::Manager;
use deadpool_redis::cluster::ClusterClientBuilder;
use deadpool_redis::redis::{
    Arg, AsyncConnectionConfig, Cmd, ErrorKind, FromRedisValue, RedisError, ServerErrorKind, cmd,
};
use metrics::{Counter, counter};
use tracing::{Instrument as _, Span};

use crate::home_runtime::HomeRuntime;
use crate::redis::circuit::Circuit;
use crate::redis::invocation::LuaScript;
use crate::redis::lanes::{Connector, Lane};
use crate::redis::probe::RedisProbe;

/// Connections of a node; each carries many calls at once.
const LANES: usize = 4;
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

impl Default for RedisOptions {
    fn default() -> Self {
        Self { answer: Duration::from_millis(100), connect: Duration::from_millis(250) }
    }
}

/// Redis, one server or a cluster. Every call ends within the options' times together; after several failures in a row
/// calls fail at once, and one a second finds out whether Redis is back. It is asked for what can be done without, so
/// callers do without, and what went wrong is logged here, once for each outage.
#[derive(Clone)]
pub struct RedisPool(Arc<Inner>);

struct Inner {
    lanes: Pool<Connector>,
    circuit: Circuit,
    patience: Duration,
    failures: Counter,
    home: HomeRuntime,
}

/// The URL names no Redis, or more than this service can speak.
#[derive(Debug, thiserror::Error)]
#[error("the URL of Redis cannot be used: {0}")]
pub struct InvalidRedisUrl(String);

/// Redis did not answer, or refused. The log says why.
#[derive(Debug, thiserror::Error)]
#[error("Redis is unavailable")]
pub(crate) struct Unavailable;

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("no answer in time")]
    Late,
    #[error("{0}")]
    Redis(#[from] RedisError),
    #[error("no connection: {0}")]
    NoConnection(#[from] PoolError<RedisError>),
}

impl Failure {
    /// The server has ended the connection, as when it restarts.
    fn is_disconnect(&self) -> bool {
        matches!(self, Self::Redis(error) if error.is_connection_dropped())
    }

    fn report(&self) {
        tracing::warn!(
            cause = %self,
            "Redis does not answer; until it does, entries are read from the database, this node counts its limits for itself, and answers wait until old entries have expired"
        );
    }
}

impl RedisPool {
    /// Of one `redis://` or `rediss://` URL, or of several with commas between them, which are some nodes of a
    /// cluster. Connects when it is first asked; connections are of the runtime that calls this.
    pub fn new(urls: &str, options: RedisOptions) -> Result<Self, InvalidRedisUrl> {
        let urls: Vec<&str> = urls.split(',').map(str::trim).collect();
        let connector = match urls.as_slice() {
            [url] => Connector::Server(Manager::new_with_config(*url, configuration(options))?),
            urls => {
                let client = ClusterClientBuilder::new(urls.iter().copied())
                    .connection_timeout(options.connect)
                    .response_timeout(options.answer)
                    .retries(2)
                    .build()?;
                Connector::Cluster(client)
            }
        };
        let timeouts =
            Timeouts { wait: Some(options.answer), create: Some(options.connect), recycle: Some(options.answer) };
        let lanes = Pool::builder(connector)
            .max_size(LANES)
            .queue_mode(QueueMode::Fifo)
            .timeouts(timeouts)
            .runtime(Runtime::Tokio1)
            .build()?;
        let failures = counter!("countersign_redis_failures_total");
        failures.increment(0);
        let patience = options.answer + options.connect;
        let home = HomeRuntime::current();
        Ok(Self(Arc::new(Inner { lanes, circuit: Circuit::default(), patience, failures, home })))
    }

    /// Finds out whether Redis answers. If it does not, that is logged, and calls are not kept waiting until it does.
    pub async fn greet(&self) {
        if let Err(failure) = self.bounded(|mut lane| async move { lane.ping().await }).await
            && self.0.circuit.open(Instant::now())
        {
            failure.report();
        }
    }

    /// Tells readiness about it.
    pub fn probe(&self) -> RedisProbe {
        RedisProbe::new(self.clone())
    }

    /// Whether it is asked: it has not failed several times in a row, or has answered since.
    pub fn is_asked(&self) -> bool {
        !self.0.circuit.is_open()
    }

    /// Whether it answers.
    pub(crate) async fn ping(&self) -> Result<(), Unavailable> {
        self.guarded(|mut lane| async move { lane.ping().await }).instrument(span("PING")).await
    }

    /// One command, which may be sent twice.
    pub(crate) async fn query<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Unavailable> {
        let call = self.guarded(|mut lane| async move { lane.query(command).await });
        call.instrument(span(name(command))).await
    }

    /// One script, which may be run twice.
    pub(crate) async fn run<T: FromRedisValue>(
        &self,
        script: &LuaScript,
        key: &str,
        arguments: &[&[u8]],
    ) -> Result<T, Unavailable> {
        let run = |mut lane: Lane| async move {
            match lane.query(&script.by_digest(key, arguments)).await {
                Err(error) if error.kind() == UNKNOWN_SCRIPT => lane.query(&script.by_text(key, arguments)).await,
                answer => answer,
            }
        };
        self.guarded(run).instrument(span("EVALSHA")).await
    }

    async fn guarded<T, F>(&self, call: impl Fn(Lane) -> F) -> Result<T, Unavailable>
    where
        F: Future<Output = Result<T, RedisError>>,
    {
        let circuit = &self.0.circuit;
        if !circuit.admits(Instant::now()) {
            return Err(Unavailable);
        }
        match self.bounded(call).await {
            Ok(answer) => {
                if circuit.succeeded() {
                    tracing::info!("Redis answers again");
                }
                Ok(answer)
            }
            Err(failure) => {
                self.0.failures.increment(1);
                if circuit.failed(Instant::now()) {
                    failure.report();
                }
                if circuit.is_open() {
                    // A connection that nothing comes back on may stay so for minutes.
                    self.disconnect();
                }
                Err(Unavailable)
            }
        }
    }

    async fn bounded<T, F>(&self, call: impl Fn(Lane) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, RedisError>>,
    {
        let attempts = async {
            match self.attempt(&call).await {
                Err(failure) if failure.is_disconnect() => {
                    self.disconnect();
                    self.attempt(&call).await
                }
                outcome => outcome,
            }
        };
        tokio::time::timeout(self.0.patience, self.0.home.run(attempts)).await.unwrap_or(Err(Failure::Late))
    }

    async fn attempt<T, F>(&self, call: &impl Fn(Lane) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, RedisError>>,
    {
        // The lane goes back at once, for others to use beside this call.
        let lane = Lane::clone(&*self.0.lanes.get().await?);
        Ok(call(lane).await?)
    }

    fn disconnect(&self) {
        drop(self.0.lanes.retain(|_, _| false));
    }
}

impl Lane {
    async fn ping(&mut self) -> Result<(), RedisError> {
        self.query(&cmd("PING")).await
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
        f.debug_struct("RedisPool").field("circuit", &self.0.circuit).finish_non_exhaustive()
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
