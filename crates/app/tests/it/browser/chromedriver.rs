//! The program that drives Chromium, a process of each test.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::browser::webdriver::{Session, Trust};
use crate::support::{Captured, told};

const PATIENCE: Duration = Duration::from_secs(30);

/// A new browser without a past, which asks nobody but the service for anything.
const ARGUMENTS: [&str; 14] = [
    "--headless",
    // Tests run as root, too.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--disable-dev-shm-usage",
    "--disable-breakpad",
    "--hide-scrollbars",
    "--lang=en-US",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

/// Ends with its test, also with one that fails, and its browser with it.
pub(in crate::browser) struct Chromedriver {
    pub(in crate::browser) session: Session,
    _process: Process,
    _profile: TempDir,
}

/// Does not outlive a start that fails, either.
struct Process(Child);

impl Chromedriver {
    /// `None` where it is not on this machine: `scripts/test` says so.
    pub(in crate::browser) async fn start(trust: Trust) -> Option<Self> {
        let profile = tempfile::tempdir().unwrap();
        let program = program()?;
        let start = Instant::now();
        let (process, port) = loop {
            match Process::listening(&program, profile.path()).await {
                Ok(listening) => break listening,
                Err(told) => assert!(start.elapsed() < PATIENCE, "chromedriver does not start: {told}"),
            }
        };
        let folder = format!("--user-data-dir={}", profile.path().join("profile").display());
        let arguments: Vec<String> = ARGUMENTS.into_iter().map(str::to_owned).chain([folder]).collect();
        let session = Session::begin(port, &arguments, trust).await;
        Some(Self { session, _process: process, _profile: profile })
    }
}

impl Process {
    /// One that listens, and its port; else what it told. It ends where the port that it took of IPv6 is taken of IPv4.
    async fn listening(program: &str, home: &Path) -> Result<(Self, u16), String> {
        let mut command = Command::new(program);
        // What they write beside the profile goes with it.
        command.arg("--port=0").env("HOME", home).env("TMPDIR", home);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let output = Captured::of(child.stdout.take().unwrap());
        let mut process = Self(child);
        let start = Instant::now();
        loop {
            if let Some(port) = announced_port(&output.text()) {
                return Ok((process, port));
            }
            if process.0.try_wait().unwrap().is_some() || start.elapsed() > PATIENCE {
                return Err(output.text());
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        // A browser that does not listen to its driver any more.
        if let Some(browser) = self.session.process().filter(|_| !self.session.end()) {
            let _ended_before = Command::new("kill").args(["-KILL", &browser.to_string()]).status();
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ended_before = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// The one that `TEST_CHROMEDRIVER` names, or the one on the path.
#[expect(clippy::print_stdout, reason = "a test that was left out says so")]
fn program() -> Option<String> {
    let named = told("TEST_CHROMEDRIVER");
    let program = named.clone().unwrap_or_else(|| "chromedriver".to_owned());
    let version = Command::new(&program).arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).status();
    if version.is_ok_and(|status| status.success()) {
        return Some(program);
    }
    assert!(named.is_none(), "TEST_CHROMEDRIVER is no chromedriver: {program}");
    println!("without chromedriver, which is not on this machine");
    None
}

/// `ChromeDriver was started successfully on port 4711.`
fn announced_port(output: &str) -> Option<u16> {
    let (_, rest) = output.split_once("successfully on port ")?;
    rest.split_once('.')?.0.parse().ok()
}
