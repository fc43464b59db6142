//! A server of a test's own.

use std::fs::DirEntry;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Method;

use crate::support::answer::Call;
use crate::support::captured::Captured;
use crate::support::confidences::Confidences;
use crate::support::database::Rows;
use crate::support::mailbox::Mailbox;
use crate::support::place::Place;
use crate::support::process;
use crate::support::setup::Setup;

const PATIENCE: Duration = Duration::from_secs(30);

/// A running server. Dropping it kills it, and fails if its log has what was said in confidence.
pub(crate) struct TestServer {
    url: String,
    setup: Setup,
    place: Arc<Place>,
    child: Child,
    /// By its test, and not by what the test did to it.
    was_ended: bool,
    client: reqwest::Client,
    output: Captured,
    log: Captured,
    confidences: Confidences,
}

impl TestServer {
    /// A server with the settings of tests.
    pub(crate) async fn start() -> Self {
        Setup::default().start().await
    }

    /// A further node on what this one has, with one setting of its own.
    pub(crate) async fn beside(&self, key: &str, value: &str) -> Self {
        self.beside_as(|setup| setup.set(key, value)).await
    }

    /// A further node on what this one has, with what this changes.
    pub(crate) async fn beside_as(&self, change: impl FnOnce(Setup) -> Setup) -> Self {
        let setup = change(self.setup.clone());
        Self::launch(setup, Arc::clone(&self.place), self.confidences.clone()).await
    }

    /// Starts it with this set-up, at this place.
    pub(in crate::support) async fn launch(setup: Setup, place: Arc<Place>, confidences: Confidences) -> Self {
        let mut server = Self::spawn(setup, place, confidences);
        server.wait_for_readiness(200).await;
        server
    }

    fn spawn(setup: Setup, place: Arc<Place>, confidences: Confidences) -> Self {
        let mut command = (setup.binary)(place.folder.path());
        command.arg("serve").envs(setup.at(&place)).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = Captured::of(child.stdout.take().unwrap());
        let log = Captured::of(child.stderr.take().unwrap());
        // No pool: a kept connection would outlive a restart, and hide what a new one meets.
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .timeout(PATIENCE)
            .build()
            .unwrap();
        Self { url: String::new(), setup, place, child, was_ended: false, client, output, log, confidences }
    }

    /// Until it answers with this when it is asked whether it is ready.
    async fn wait_for_readiness(&mut self, status: u16) {
        let start = Instant::now();
        loop {
            if self.url.is_empty() {
                self.url = process::announced_url(&self.output()).unwrap_or_default();
            } else if self.get("/health/ready").try_send().await.is_ok_and(|answer| answer.status == status) {
                return;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the server ended with {status}:\n{}", self.log());
            }
            assert!(start.elapsed() < PATIENCE, "its readiness is not {status}:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The URL of a path of it.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// `127.0.0.1:port`, for raw sockets.
    pub(crate) fn address(&self) -> &str {
        self.url.split_once("://").map_or("", |(_, address)| address)
    }

    /// Where its metrics are, `127.0.0.1:port`, as the log tells: a moment after the service is ready.
    pub(crate) fn metrics_address(&self) -> String {
        let told = || self.log().lines().find(|line| line.contains("metrics are served")).map(ToOwned::to_owned);
        let line = (0..500).find_map(|_| {
            told().or_else(|| {
                std::thread::sleep(Duration::from_millis(10));
                None
            })
        });
        let line = line.unwrap_or_else(|| panic!("{}", self.log()));
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        line["address"].as_str().unwrap().to_owned()
    }

    /// A call of the listener of its metrics.
    pub(crate) fn call_metrics(&self, method: Method, path: &str) -> Call {
        let url = format!("http://{}{path}", self.metrics_address());
        Call::new(self.client.request(method, url), &self.confidences)
    }

    /// A call of any method.
    pub(crate) fn call(&self, method: Method, path: &str) -> Call {
        Call::new(self.client.request(method, self.url(path)), &self.confidences)
    }

    pub(crate) fn get(&self, path: &str) -> Call {
        self.call(Method::GET, path)
    }

    pub(crate) fn post(&self, path: &str) -> Call {
        self.call(Method::POST, path)
    }

    pub(crate) fn patch(&self, path: &str) -> Call {
        self.call(Method::PATCH, path)
    }

    pub(crate) fn delete(&self, path: &str) -> Call {
        self.call(Method::DELETE, path)
    }

    /// The data folder.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.place.folder.path().join("data")
    }

    /// Its mailbox, or what its mail server has taken.
    pub(crate) fn mailbox(&self) -> Mailbox {
        let is_local = !self.setup.at(&self.place).contains_key("SMTP_URL");
        let postbox = self.place.backing.postbox.as_ref().filter(|_| !is_local);
        Mailbox::new(postbox.map_or_else(|| self.data_dir().join("mailbox"), |postbox| postbox.folder().to_owned()))
    }

    /// Its database, from outside.
    pub(crate) async fn rows(&self) -> Rows {
        match &self.place.backing.database {
            Some(database) => Rows::of_postgres(&database.url()).await,
            None => Rows::of_sqlite(&self.data_dir()).await,
        }
    }

    /// Its secret key: the one that it was given, or made.
    pub(crate) fn secret_key(&self) -> String {
        let given = self.setup.at(&self.place).remove("COUNTERSIGN__SECRET_KEY");
        given.unwrap_or_else(|| std::fs::read_to_string(self.data_dir().join("secret.key")).unwrap())
    }

    /// The replica that it was given.
    pub(crate) fn replica_url(&self) -> String {
        self.setup.at(&self.place).remove("COUNTERSIGN__DATABASE__REPLICA_URL").unwrap()
    }

    /// Everything it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.text()
    }

    /// Path and query of the link to the mailbox that the start has printed.
    pub(crate) fn mailbox_link(&self) -> Option<String> {
        let output = self.output();
        let (_, key) = output.split_once("/mailbox?key=")?;
        let key = key.split(' ').next().unwrap();
        self.confidences.note(key);
        Some(format!("/mailbox?key={key}"))
    }

    /// Asks for a page of the mailbox, as a browser that opens that link first.
    pub(crate) async fn mailbox_page(&self, path: &str) -> Call {
        self.get(path).header("cookie", &self.mailbox_cookie().await)
    }

    /// What a browser keeps that opens that link.
    pub(crate) async fn mailbox_cookie(&self) -> String {
        let led = self.get(&self.mailbox_link().unwrap()).send().await.expect(303);
        let cookie = led.header("set-cookie").split(';').next().unwrap().to_owned();
        self.confidences.note(cookie.split_once('=').unwrap().1);
        cookie
    }

    /// Everything it has written to standard output so far.
    pub(crate) fn output(&self) -> String {
        self.output.text()
    }

    /// What its log must not have.
    pub(crate) fn confidences(&self) -> &Confidences {
        &self.confidences
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Runs another command of the binary with the same settings, in the same folder.
    pub(crate) fn run(&self, arguments: &[&str], input: &str) -> Output {
        input.lines().for_each(|line| self.confidences.note(line));
        let variables = self.setup.at(&self.place);
        let variables: Vec<_> = variables.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        process::run_with_input(self.place.folder.path(), arguments, &variables, input)
    }

    /// Runs a command with other settings in the same folder.
    pub(crate) fn run_with(&self, arguments: &[&str], setup: &Setup) -> Output {
        let variables = setup.at(&self.place);
        let variables: Vec<_> = variables.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        process::run(self.place.folder.path(), arguments, &variables)
    }

    /// Creates a superuser by the command line.
    pub(crate) fn create_superuser(&self, email: &str, password: &str) {
        self.confidences.note(email);
        let arguments = ["create-superuser", "--email", email, "--first-name", "Firstname", "--last-name", "Lastname"];
        let output = self.run(&arguments, &format!("{password}\n"));
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Sends a signal: `TERM`, `INT`, `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let status = std::process::Command::new("kill").args([format!("-{name}"), pid]).status().unwrap();
        assert!(status.success());
    }

    /// Stops the process as it is. A busy machine takes a moment until none of its threads runs.
    pub(crate) async fn halt(&self) {
        self.signal("STOP");
        let threads = format!("/proc/{}/task", self.pid());
        let runs = |thread: std::io::Result<DirEntry>| {
            let status = std::fs::read_to_string(thread.unwrap().path().join("stat")).unwrap();
            // The name in brackets may hold anything.
            !status.rsplit_once(") ").unwrap().1.starts_with('T')
        };
        let start = Instant::now();
        while std::fs::read_dir(&threads).unwrap().any(runs) {
            assert!(start.elapsed() < Duration::from_secs(10), "it goes on");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the process has ended.
    pub(crate) async fn wait_for_end(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.was_ended = true;
                self.read_to_the_end();
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "the server does not end:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// SIGTERM; how it ended.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        self.signal("TERM");
        self.wait_for_end().await
    }

    /// SIGKILL: what is not on disk is lost.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.was_ended = true;
        self.read_to_the_end();
    }

    /// The whole of what it told; it must have ended.
    fn read_to_the_end(&mut self) {
        self.output.finish();
        self.log.finish();
    }

    /// Starts it again on the same folder, at a new port unless its address is set; it must have ended. The log starts anew.
    pub(crate) async fn restart(self) -> Self {
        let setup = self.setup.clone();
        self.restart_with(setup).await
    }

    /// The same with what this changes.
    pub(crate) async fn restart_as(self, change: impl FnOnce(Setup) -> Setup) -> Self {
        let setup = change(self.setup.clone());
        self.restart_with(setup).await
    }

    /// The same with other settings.
    pub(crate) async fn restart_with(self, setup: Setup) -> Self {
        let mut server = self.respawn(setup);
        server.wait_for_readiness(200).await;
        server
    }

    /// The same where it will not be ready: as soon as it says so.
    pub(crate) async fn restart_unready(self) -> Self {
        let setup = self.setup.clone();
        let mut server = self.respawn(setup);
        server.wait_for_readiness(503).await;
        server
    }

    fn respawn(mut self, setup: Setup) -> Self {
        assert!(self.child.try_wait().unwrap().is_some(), "end the server first");
        let (place, confidences) = (Arc::clone(&self.place), self.confidences.clone());
        drop(self);
        Self::spawn(setup, place, confidences)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let answers = std::thread::panicking() || self.was_ended || is_alive(self.address());
        let _ended_before = self.child.kill();
        let _reaped = self.child.wait();
        if std::thread::panicking() {
            return;
        }
        assert!(answers, "whatever a test does, the server goes on: {}", self.log());
        self.read_to_the_end();
        self.mailbox().all().iter().for_each(|mail| self.confidences.note_mail(mail));
        self.confidences.assert_untold(&self.log());
        // What the banner says of the mailbox is for whoever starts the service.
        let output = self.output();
        let told: Vec<_> = output.lines().filter(|line| !line.starts_with("  mail ")).collect();
        self.confidences.assert_untold(&told.join("\n"));
    }
}

/// Whether the server says so of itself.
fn is_alive(address: &str) -> bool {
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    asked().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}
