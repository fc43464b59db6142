//! A Redis of a test's own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(30);

/// A port on this machine, and the server there, if it runs.
pub(crate) struct Redis {
    port: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl Redis {
    /// Not started yet. `None` where Redis is not installed: `scripts/test` says so.
    #[expect(clippy::print_stdout, reason = "a test that was left out says so")]
    pub(crate) fn reserve() -> Option<Self> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            println!("without redis-server, which is not on this machine");
            return None;
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Some(Self { port, folder: tempfile::tempdir().unwrap(), child: None })
    }

    /// Started.
    pub(crate) fn start() -> Option<Self> {
        let mut redis = Self::reserve()?;
        redis.run();
        Some(redis)
    }

    /// Starts it, empty.
    pub(crate) fn run(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.arg("--dir").arg(self.folder.path()).stdout(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        while self.ask(&["PING"]) != "PONG" {
            assert!(Instant::now() < deadline, "Redis does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What somebody else is answered, a line for each element.
    pub(crate) fn ask(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port.to_string()]).args(words).stderr(Stdio::null());
        String::from_utf8_lossy(&command.output().unwrap().stdout).trim().to_owned()
    }

    /// Everything in it: keys and values.
    pub(crate) fn dump(&self) -> String {
        let mut dump = String::new();
        for key in self.ask(&["KEYS", "*"]).lines() {
            let value = match self.ask(&["TYPE", key]).as_str() {
                "zset" => self.ask(&["ZRANGE", key, "0", "-1", "WITHSCORES"]),
                _ => self.ask(&["GET", key]),
            };
            dump.extend([key, " ", &value, "\n"]);
        }
        dump
    }

    /// Sends the process a signal.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &pid]).status().unwrap().success());
    }

    /// Without a chance to say goodbye.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}
