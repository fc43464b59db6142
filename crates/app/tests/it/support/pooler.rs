//! A `PgBouncer` of a test's own, before the PostgreSQL of the tests.

use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::support::profile::Profile;

/// It pools sessions, and hands any database on. It ends with its test.
#[derive(Debug)]
pub(crate) struct Pooler {
    program: &'static str,
    folder: TempDir,
    port: u16,
    child: Option<Child>,
}

impl Pooler {
    /// With at most so many connections to a database, for which a client waits this long. `None` on the embedded default, and
    /// where it is not installed: `scripts/test` says so.
    pub(crate) fn start(connections: usize, patience: Duration) -> Option<Self> {
        let Profile::Production { database_server } = Profile::of_this_run() else { return None };
        let program = installed()?;
        let folder = tempfile::tempdir().unwrap();
        // It refuses to be root, and so runs as a user who has to get there.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut pooler = Self { program, folder, port, child: None };
        std::fs::write(pooler.settings(), settings(&database_server, port, connections, patience)).unwrap();
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
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
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

/// Those that docs/operations.md gives. Who a client is does not matter: all are the user of the tests.
fn settings(database_server: &str, port: u16, connections: usize, patience: Duration) -> String {
    let server = url::Url::parse(database_server).unwrap();
    let host = server.host_str().unwrap();
    let password = server.password().map_or(String::new(), |password| format!(" password={password}"));
    format!(
        "[databases]\n\
         * = host={host} port={} user={}{password}\n\
         [pgbouncer]\n\
         listen_addr = 127.0.0.1\n\
         listen_port = {port}\n\
         unix_socket_dir =\n\
         auth_type = any\n\
         pool_mode = session\n\
         ignore_startup_parameters = extra_float_digits\n\
         default_pool_size = {connections}\n\
         query_wait_timeout = {}\n",
        server.port().unwrap_or(5432),
        server.username(),
        patience.as_secs(),
    )
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
