//! A `PgBouncer` of a test's own, before the PostgreSQL of the tests, set as docs/operations.md says.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::support::certificate::Certificate;
use crate::support::profile::Profile;

/// Who may come in.
const USER: &str = "countersign";

/// It pools sessions, and hands any database on. It ends with its test.
#[derive(Debug)]
pub(crate) struct Pooler {
    program: &'static str,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Pooler {
    /// With which one may come in.
    pub(crate) const PASSWORD: &str = "password-of-a-pooler";

    /// With at most so many connections to a database, for which a client waits this long. `None` on the embedded default, and
    /// where it is not installed: `scripts/test` says so.
    pub(crate) fn start(connections: usize, patience: Duration) -> Option<Self> {
        let Profile::Production { database_server } = Profile::of_this_run() else { return None };
        let program = installed()?;
        let folder = tempfile::tempdir().unwrap();
        // It refuses to be root, and so runs as a user who has to get there.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let certificate = Certificate::make(folder.path(), "pooler", "localhost", 30);
        std::fs::set_permissions(&certificate.key, std::fs::Permissions::from_mode(0o644)).unwrap();
        std::fs::write(folder.path().join("users"), format!("\"{USER}\" \"{}\"\n", Self::PASSWORD)).unwrap();
        let settings = settings(&database_server, port, folder.path(), &certificate, connections, patience);
        let mut pooler = Self { program, folder, port, child: None };
        std::fs::write(pooler.settings(), settings).unwrap();
        pooler.run();
        Some(pooler)
    }

    /// Starts it again, at the same port.
    pub(crate) fn run(&mut self) {
        let mut command = Command::new(self.program);
        if geteuid().is_root() {
            command.args(["-u", "postgres"]);
        }
        command.arg(self.settings()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(10), "PgBouncer does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it, and with it every connection through it.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// A URL of it, of which only the database has to be named.
    pub(crate) fn url(&self) -> String {
        self.url_of(Self::PASSWORD, "verify-full")
    }

    /// The same of whoever comes with this password and asks for TLS in this way.
    pub(crate) fn url_of(&self, password: &str, mode: &str) -> String {
        let root = self.folder.path().join("pooler.pem");
        format!(
            "postgres://{USER}:{password}@localhost:{}/postgres?sslmode={mode}&sslrootcert={}",
            self.port,
            root.display()
        )
    }

    fn settings(&self) -> PathBuf {
        self.folder.path().join("pgbouncer.ini")
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What docs/operations.md leaves to whoever sets it up.
const OPEN: [&str; 3] = ["default_pool_size", "max_client_conn", "query_wait_timeout"];

/// Those of the table in docs/operations.md, which is held to have no others than these and `OPEN`.
fn settings(
    database_server: &str,
    port: u16,
    folder: &Path,
    certificate: &Certificate,
    connections: usize,
    patience: Duration,
) -> String {
    let server = url::Url::parse(database_server).unwrap();
    let host = server.host_str().unwrap();
    let password = server.password().map_or(String::new(), |password| format!(" password={password}"));
    let mut settings = format!(
        "[databases]\n\
         * = host={host} port={} user={}{password}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_file = {}\n\
         client_tls_cert_file = {}\n\
         client_tls_key_file = {}\n\
         default_pool_size = {connections}\n\
         max_client_conn = {}\n\
         query_wait_timeout = {}\n",
        server.port().unwrap_or(5432),
        server.username(),
        folder.join("users").display(),
        certificate.cert.display(),
        certificate.key.display(),
        connections + 50,
        patience.as_secs(),
    );
    let (fixed, open): (Vec<_>, Vec<_>) = documented().into_iter().partition(|(_, value)| value.is_some());
    assert_eq!(open.iter().map(|(name, _)| *name).collect::<Vec<_>>(), OPEN, "docs/operations.md");
    assert!(fixed.len() > 5, "docs/operations.md has no table of PgBouncer: {fixed:?}");
    settings.extend(fixed.iter().filter_map(|(name, value)| value.map(|value| format!("{name} = {value}\n"))));
    settings
}

/// Settings in the table of docs/operations.md, each with its value where that is given as code.
fn documented() -> Vec<(&'static str, Option<&'static str>)> {
    let docs = include_str!("../../../../../docs/operations.md");
    let (_, table) = docs.split_once("\n| PgBouncer | Value | Why |\n").unwrap();
    let rows = table.lines().skip(1).take_while(|line| line.starts_with('|'));
    rows.flat_map(|row| {
        let mut cells = row.trim_matches('|').split(" | ").map(str::trim);
        let (names, value) = (cells.next().unwrap(), cells.next().unwrap());
        let is_code = value.starts_with('`') && !value.contains("database.");
        let value = value.split('`').nth(1).filter(|_| is_code);
        names.split('`').skip(1).step_by(2).map(move |name| (name, value))
    })
    .collect()
}

/// Debian's is not on everybody's path.
#[expect(clippy::print_stdout, reason = "a test that was left out says so")]
fn installed() -> Option<&'static str> {
    let is_there = |program: &&str| {
        let mut command = Command::new(program);
        command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let program = ["pgbouncer", "/usr/sbin/pgbouncer"].into_iter().find(is_there);
    if program.is_none() {
        println!("without PgBouncer, which is not on this machine");
    }
    program
}
