//! A PostgreSQL server of a test's own, which may be stopped.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::support::certificate::Certificate;
use crate::support::profile::Profile;

/// Dropping it ends it and what it holds.
#[derive(Debug)]
pub(crate) struct PostgresServer {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl PostgresServer {
    /// Starts one from the programs of the newest PostgreSQL on this machine; none in a run on the embedded default.
    pub(crate) fn start() -> Option<Self> {
        let Profile::Production { .. } = Profile::of_this_run() else { return None };
        let server = Self::without_data();
        server.run("initdb", &["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
        server.begin();
        Some(server)
    }

    /// Starts one that speaks TLS too, with this certificate.
    pub(crate) fn start_with_tls(certificate: &Certificate) -> Option<Self> {
        let server = Self::start()?;
        for (made, name) in [(&certificate.cert, "server.crt"), (&certificate.key, "server.key")] {
            let file = server.data().join(name);
            std::fs::copy(made, &file).unwrap();
            // It takes no key that anybody else may read.
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            own(&file);
        }
        server.stop("fast");
        std::fs::write(server.data().join("postgresql.auto.conf"), "ssl = on\n").unwrap();
        server.begin();
        Some(server)
    }

    /// From now on it asks these for a password, and lets in nobody else.
    pub(crate) fn ask_for_passwords(&self, users: &str) {
        self.stop("fast");
        std::fs::write(self.data().join("pg_hba.conf"), format!("host all {users} all scram-sha-256\n")).unwrap();
        self.begin();
    }

    /// Starts one that follows it by streaming.
    pub(crate) fn replica(&self) -> Self {
        let replica = Self::without_data();
        let source = self.port.to_string();
        replica.run(
            "pg_basebackup",
            &["-h", "127.0.0.1", "-p", &source, "-U", "postgres", "-R", "-X", "stream", "-c", "fast", "--no-sync"],
        );
        replica.begin();
        replica
    }

    fn without_data() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // PostgreSQL refuses to be root, and so runs as a user who has to get there.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = Self { programs: newest_programs(), folder, port };
        std::fs::create_dir(server.data()).unwrap();
        std::fs::set_permissions(server.data(), std::fs::Permissions::from_mode(0o700)).unwrap();
        own(&server.data());
        server
    }

    /// Where tests may make databases.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Where it listens, on this machine.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// Makes a replica take writes.
    pub(crate) fn promote(&self) {
        self.run("pg_ctl", &["-w", "-s", "promote"]);
    }

    /// Starts it again. Commits are on their way to the disk before they are answered, as they are by default.
    pub(crate) fn begin(&self) {
        let log = self.data().join("log").display().to_string();
        let data = self.data();
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1,127.0.0.2 -c unix_socket_directories={} -c fsync=off",
            self.port,
            data.display()
        );
        self.run("pg_ctl", &["-w", "-s", "-l", &log, "-o", &options, "start"]);
    }

    /// Stops it: `fast` ends every connection in order, `immediate` is a crash.
    pub(crate) fn stop(&self, mode: &str) {
        self.run("pg_ctl", &["-w", "-s", "-m", mode, "stop"]);
    }

    /// Holds it with all that it is doing, as a machine that is cut off, until this is dropped.
    pub(crate) fn hang(&self) -> HungServer {
        let pid = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let hung = HungServer { postmaster: pid.lines().next().unwrap().to_owned() };
        hung.signal("STOP");
        hung
    }

    /// A client program of the same version, such as `pg_dump`.
    pub(crate) fn client(&self, program: &str) -> Command {
        Command::new(self.programs.join(program))
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.programs.join(program));
        if geteuid().is_root() {
            command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(self.programs.join(program));
        }
        command.arg("-D").arg(self.data()).args(arguments).current_dir("/");
        let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(status.success() || std::thread::panicking(), "{program} {arguments:?}: {status}");
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if self.data().join("postmaster.pid").exists() {
            self.stop("immediate");
        }
    }
}

/// A server that does nothing while this lives.
pub(crate) struct HungServer {
    postmaster: String,
}

impl HungServer {
    /// To it, and to those that serve a client each.
    fn signal(&self, name: &str) {
        let signal = format!("-{name}");
        for (program, whom) in [("kill", &[&*self.postmaster][..]), ("pkill", &["-P", &*self.postmaster])] {
            let status = Command::new(program).arg(&signal).args(whom).status().unwrap();
            assert!(status.success() || std::thread::panicking(), "{program}: {status}");
        }
    }
}

impl Drop for HungServer {
    fn drop(&mut self) {
        self.signal("CONT");
    }
}

/// Gives it to whom the server runs as.
fn own(path: &Path) {
    if geteuid().is_root() {
        assert!(Command::new("chown").arg("postgres").arg(path).status().unwrap().success());
    }
}

/// Where Debian and its kin put them.
fn newest_programs() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().filter_map(Result::ok);
    let newest = versions.filter_map(|version| version.file_name().to_str()?.parse::<u32>().ok()).max();
    let newest = newest.unwrap_or_else(|| panic!("this test needs the programs of PostgreSQL on this machine"));
    Path::new("/usr/lib/postgresql").join(newest.to_string()).join("bin")
}
