//! The processes that are measured.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::client::request;

pub(crate) const EMAIL: &str = "bench@example.com";
pub(crate) const AUDIENCE: &str = "countersign";
/// Under callgrind everything takes fifty times as long.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running process, killed when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// The service on its embedded default, with its limits off.
pub(crate) struct Service {
    process: Process,
    address: SocketAddr,
    /// Its data folder.
    pub(crate) data: PathBuf,
    pub(crate) started_in: Duration,
}

/// A signed-in account, and what a verifier needs to check its token.
pub(crate) struct Account {
    pub(crate) access_token: String,
    pub(crate) refresh_token: String,
    jwk: String,
    pub(crate) issuer: String,
    me: String,
}

impl Service {
    pub(crate) fn start(folder: &Path, cost: u32) -> anyhow::Result<Self> {
        Self::run(Command::new(installed("countersign", folder)?), folder, free_address()?, cost)
    }

    /// Under callgrind, which counts when it is told to and writes there.
    pub(crate) fn start_counted(folder: &Path, address: SocketAddr, cost: u32, out: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new("valgrind");
        command
            .args(["--quiet", "--tool=callgrind", "--instr-atstart=no"])
            .arg(format!("--callgrind-out-file={}", out.display()))
            .arg(installed("countersign", folder)?);
        Self::run(command, folder, address, cost)
    }

    fn run(mut command: Command, folder: &Path, address: SocketAddr, cost: u32) -> anyhow::Result<Self> {
        let data = folder.join("data");
        command
            .current_dir(folder)
            .env("COUNTERSIGN__DATA_DIR", &data)
            .env("COUNTERSIGN__SERVER__LISTEN", address.to_string())
            .env("COUNTERSIGN__SERVER__METRICS_LISTEN", "127.0.0.1:0")
            .env("COUNTERSIGN__SERVER__SHUTDOWN_DELAY", "0s")
            .env("COUNTERSIGN__PASSWORD__BCRYPT_COST", cost.to_string())
            // Lower costs than 10 are for development.
            .env("COUNTERSIGN__DEV", (cost < 10).to_string())
            .env("COUNTERSIGN__LIMITS__LOGIN_PER_MINUTE_PER_IP", "0")
            .env("COUNTERSIGN__LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "0")
            .env("COUNTERSIGN__LIMITS__FLOOD_PER_SECOND_PER_IP", "0");
        let (process, started_in) = start(command, address)?;
        Ok(Self { process, address, data, started_in })
    }

    /// Ends it in order, and so leaves the database as an operator's restart does.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let pid = Pid::from_child(&self.process.0);
        kill_process(pid, Signal::TERM)?;
        let status = self.process.0.wait()?;
        anyhow::ensure!(status.success(), "the service ended with {status}");
        Ok(())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    #[expect(clippy::unused_self, reason = "reads as the service's")]
    pub(crate) fn login_body(&self, password: &str) -> String {
        login_body(EMAIL, password)
    }

    /// Another account; what it signs in with.
    pub(crate) fn register(&self, email: &str, password: &str) -> anyhow::Result<String> {
        let body = format!(r#"{{"email":"{email}","password":"{password}","first_name":"Load","last_name":"Tester"}}"#);
        request(self.address, "POST", "/auth/register", None, Some(&body))?;
        Ok(login_body(email, password))
    }

    pub(crate) fn register_and_login(&self, password: &str) -> anyhow::Result<Account> {
        self.register(EMAIL, password)?;
        let tokens = request(self.address, "POST", "/auth/login", None, Some(&self.login_body(password)))?;
        let tokens: Value = serde_json::from_str(&tokens)?;
        let token = |name: &'static str| tokens[name].as_str().context(name).map(ToOwned::to_owned);
        let (access_token, refresh_token) = (token("access_token")?, token("refresh_token")?);
        let keys: Value = serde_json::from_str(&request(self.address, "GET", "/.well-known/jwks.json", None, None)?)?;
        let me = request(self.address, "GET", "/auth/me", Some(&access_token), None)?;
        Ok(Account { access_token, refresh_token, jwk: keys["keys"][0].to_string(), issuer: self.url(""), me })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// Resident memory in MiB.
    pub(crate) fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.0.id())).unwrap_or_default();
        let kib = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
        kib.map_or(f64::NAN, |kib: f64| kib / 1024.0)
    }
}

/// The bare handlers.
pub(crate) struct Bare {
    _process: Process,
    address: SocketAddr,
    pub(crate) started_in: Duration,
}

impl Bare {
    pub(crate) fn start(folder: &Path, account: &Account) -> anyhow::Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(installed("countersign-bench-bare", folder)?);
        command.args([&address.to_string(), &account.jwk, &account.issuer, AUDIENCE, &account.me]);
        let (process, started_in) = start(command, address)?;
        Ok(Self { _process: process, address, started_in })
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}

fn login_body(email: &str, password: &str) -> String {
    format!(r#"{{"email":"{email}","password":"{password}"}}"#)
}

/// Starts a server and waits for its first answer.
fn start(mut command: Command, address: SocketAddr) -> anyhow::Result<(Process, Duration)> {
    let start = Instant::now();
    let process = Process(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    while request(address, "GET", "/health/live", None, None).is_err() {
        anyhow::ensure!(start.elapsed() < PATIENCE, "no answer within {PATIENCE:?}: {command:?}");
        std::thread::sleep(Duration::from_micros(200));
    }
    Ok((process, start.elapsed()))
}

fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

/// A copy of what was built beside this, as an installation makes one: a linker leaves what it writes in small pieces in
/// memory, and each start would pay for that.
fn installed(name: &str, folder: &Path) -> anyhow::Result<PathBuf> {
    let copy = folder.join(name);
    if !copy.exists() {
        let built = std::env::current_exe()?.with_file_name(name);
        anyhow::ensure!(built.exists(), "{name} is not built; run scripts/bench");
        std::fs::copy(built, &copy)?;
    }
    Ok(copy)
}
