//! A Redis of a test's own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use countersign_infrastructure::redis::{RedisOptions, RedisPool};
use deadpool_redis::redis::{Client, Cmd, FromRedisValue, RedisError};
use tempfile::TempDir;

use crate::redis::PATIENT;

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a client may take to notice that it is there, or back.
const HEALING: Duration = Duration::from_secs(5);

/// The process, and the folder that goes with it.
pub(crate) struct Server {
    child: Child,
    folder: TempDir,
    port: u16,
    arguments: Vec<String>,
}

impl Server {
    /// `None` where Redis is not installed: `scripts/test` says so.
    pub(crate) async fn start(arguments: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        let Some(child) = spawn(&folder, port, &arguments) else {
            println!("without redis-server, which is not on this machine");
            return None;
        };
        let server = Self { child, folder, port, arguments };
        server.answers().await;
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// A node's connections to it.
    pub(crate) fn pool(&self) -> RedisPool {
        RedisPool::new(&self.url(), PATIENT).unwrap()
    }

    /// Those of a node that waits as long as it does by default.
    pub(crate) fn hasty_pool(&self) -> RedisPool {
        RedisPool::new(&self.url(), RedisOptions::default()).unwrap()
    }

    /// What somebody else asks of it.
    pub(crate) async fn query<T: FromRedisValue>(&self, command: &str) -> T {
        self.try_query(command).await.unwrap()
    }

    async fn try_query<T: FromRedisValue>(&self, command: &str) -> Result<T, RedisError> {
        let mut connection = Client::open(self.url())?.get_multiplexed_async_connection().await?;
        let mut query = Cmd::new();
        for word in command.split(' ') {
            query.arg(word);
        }
        query.query_async(&mut connection).await
    }

    /// Without a chance to say goodbye.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Empty, where it was.
    pub(crate) async fn start_again(&mut self) {
        self.child = spawn(&self.folder, self.port, &self.arguments).unwrap();
        self.answers().await;
    }

    /// Its connections stay open, and nothing comes back on them.
    pub(crate) fn hang(&self) {
        self.signal("-STOP");
    }

    /// It goes on where it stood.
    pub(crate) fn wake(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    async fn answers(&self) {
        within(PATIENCE, "the server answers", async || self.try_query::<String>("PING").await.is_ok()).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _dead_already = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn spawn(folder: &TempDir, port: u16, arguments: &[String]) -> Option<Child> {
    Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
        .arg(folder.path())
        .args(arguments)
        .stdout(Stdio::null())
        .spawn()
        .ok()
}

/// Asks until it is so, for as long as healing may take.
pub(crate) async fn eventually(what: &str, holds: impl AsyncFn() -> bool) {
    within(HEALING, what, holds).await;
}

async fn within(bound: Duration, what: &str, holds: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + bound;
    while !holds().await {
        assert!(Instant::now() < deadline, "{what}, it never came to that");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
