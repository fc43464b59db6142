//! A Redis of a test's own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::support::lasting_address::cluster_port;

const PATIENCE: Duration = Duration::from_secs(30);
/// After so long without an answer the masters of a cluster give one of them up.
const GIVEN_UP: Duration = Duration::from_secs(2);

/// A port on this machine, and the server there, if it runs.
pub(crate) struct Redis {
    port: u16,
    folder: TempDir,
    child: Option<Child>,
    /// What else the server is told, and whoever asks it.
    server: Vec<String>,
    client: Vec<String>,
}

impl Redis {
    /// Not started yet. `None` where Redis is not installed: `scripts/test` says so.
    pub(crate) fn reserve() -> Option<Self> {
        Self::reserve_at(TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port())
    }

    #[expect(clippy::print_stdout, reason = "a test that was left out says so")]
    fn reserve_at(port: u16) -> Option<Self> {
        if Command::new("redis-server").arg("--version").stdout(Stdio::null()).status().is_err() {
            println!("without redis-server, which is not on this machine");
            return None;
        }
        let server = ["--port", &port.to_string()].map(str::to_owned).to_vec();
        Some(Self { port, folder: tempfile::tempdir().unwrap(), child: None, server, client: Vec::new() })
    }

    /// Started.
    pub(crate) fn start() -> Option<Self> {
        let mut redis = Self::reserve()?;
        redis.run();
        Some(redis)
    }

    /// One that speaks TLS alone, with this certificate and key, and wants this password.
    pub(crate) fn start_with_tls(certificate: &str, key: &str, password: &str) -> Option<Self> {
        let mut redis = Self::reserve()?;
        redis.wants_tls(certificate, key);
        redis.wants_password(password);
        redis.run();
        Some(redis)
    }

    /// The masters of a cluster.
    pub(crate) fn start_cluster() -> Option<[Self; 3]> {
        let masters = [Self::reserve_master()?, Self::reserve_master()?, Self::reserve_master()?];
        Some(Self::start_cluster_of(masters, GIVEN_UP))
    }

    /// The masters of a cluster, which take a minute to give one up.
    pub(crate) fn start_patient_cluster() -> Option<[Self; 3]> {
        let masters = [Self::reserve_master()?, Self::reserve_master()?, Self::reserve_master()?];
        Some(Self::start_cluster_of(masters, Duration::from_mins(1)))
    }

    /// The same, which want this password, and speak TLS alone, if they are given a certificate and its key.
    pub(crate) fn start_guarded_cluster(password: &str, tls: Option<(&str, &str)>) -> Option<[Self; 3]> {
        let mut masters = [Self::reserve_master()?, Self::reserve_master()?, Self::reserve_master()?];
        for master in &mut masters {
            if let Some((certificate, key)) = tls {
                master.wants_tls(certificate, key);
                // Among each other too.
                master.server.extend(["--tls-cluster", "yes"].map(str::to_owned));
            }
            master.wants_password(password);
            master.server.extend(["--masterauth", password].map(str::to_owned));
        }
        Some(Self::start_cluster_of(masters, GIVEN_UP))
    }

    fn wants_tls(&mut self, certificate: &str, key: &str) {
        let port = self.port.to_string();
        let server = ["--port", "0", "--tls-port", &port, "--tls-cert-file", certificate, "--tls-key-file", key];
        let server = server.into_iter().chain(["--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"]);
        self.server = server.map(str::to_owned).collect();
        self.client.extend(["--tls", "--cacert", certificate].map(str::to_owned));
    }

    fn wants_password(&mut self, password: &str) {
        self.server.extend(["--requirepass", password].map(str::to_owned));
        self.client.extend(["-a", password].map(str::to_owned));
    }

    fn start_cluster_of(mut masters: [Self; 3], given_up: Duration) -> [Self; 3] {
        let given_up = given_up.as_millis().to_string();
        for master in &mut masters {
            let server = ["--cluster-enabled", "yes", "--cluster-node-timeout", &given_up];
            master.server.extend(server.map(str::to_owned));
            master.run();
        }
        let mut create = Command::new("redis-cli");
        create
            .args(&masters[0].client)
            .args(["--cluster", "create"])
            .args(masters.each_ref().map(|master| format!("127.0.0.1:{}", master.port)));
        let create = create.args(["--cluster-yes"]).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(create.status().unwrap().success());
        let deadline = Instant::now() + PATIENCE;
        while !masters.iter().all(|master| master.ask(&["CLUSTER", "INFO"]).contains("cluster_state:ok")) {
            assert!(Instant::now() < deadline, "the cluster is not whole");
            std::thread::sleep(Duration::from_millis(20));
        }
        masters
    }

    /// One that is to take this master's place in its cluster.
    pub(crate) fn start_heir(&self) -> Self {
        let mut heir = Self::reserve_master().unwrap();
        heir.server.extend(["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"].map(str::to_owned));
        heir.run();
        heir.ask(&["CLUSTER", "MEET", "127.0.0.1", &self.port.to_string()]);
        let (id, deadline) = (self.ask(&["CLUSTER", "MYID"]), Instant::now() + PATIENCE);
        while !heir.ask(&["INFO", "replication"]).contains("master_link_status:up") {
            assert!(Instant::now() < deadline, "it does not follow its master");
            if heir.ask(&["ROLE"]).starts_with("master") {
                // Refused until it has heard of it.
                heir.ask(&["CLUSTER", "REPLICATE", &id]);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        heir
    }

    /// One that is to be a master of a cluster.
    fn reserve_master() -> Option<Self> {
        Self::reserve_at(cluster_port())
    }

    /// One that has what this one has, and goes on to copy it.
    pub(crate) fn start_replica(&self) -> Self {
        let mut replica = Self::reserve().unwrap();
        replica.server.extend(["--replicaof", "127.0.0.1", &self.port.to_string()].map(str::to_owned));
        replica.run();
        let deadline = Instant::now() + PATIENCE;
        while !replica.ask(&["INFO", "replication"]).contains("master_link_status:up") {
            assert!(Instant::now() < deadline, "the replica does not follow");
            std::thread::sleep(Duration::from_millis(20));
        }
        replica
    }

    /// Starts it, empty.
    pub(crate) fn run(&mut self) {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "-127.0.0.2", "--save", "", "--appendonly", "no"]).args(&self.server);
        command.arg("--dir").arg(self.folder.path()).stdout(Stdio::null());
        self.child = Some(command.spawn().unwrap());
        let deadline = Instant::now() + PATIENCE;
        while self.ask(&["PING"]) != "PONG" {
            assert!(Instant::now() < deadline, "Redis does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What somebody else is answered, a line for each element.
    pub(crate) fn ask(&self, words: &[&str]) -> String {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.port.to_string()]).args(&self.client).args(words).stderr(Stdio::null());
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
