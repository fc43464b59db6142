//! A disk without room.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{PASSWORD, Setup, TestServer, Tokens, assert_problem};

/// Writes are refused as an outage, reads go on, and all is well as soon as there is room.
async fn assert_survives(server: &TestServer, tokens: &Tokens, fill: impl FnOnce(), clear: impl FnOnce()) {
    fill();
    let (mut refused, mut registered) = (Vec::new(), Vec::new());
    for n in 0..40 {
        let email = format!("full{n}@example.org");
        let answer = server.registration(&email, PASSWORD).send().await;
        if answer.status == 503 {
            assert_problem(&answer, 503, "service_unavailable");
            refused.push(email);
        } else {
            assert_eq!(answer.status, 201, "{}", answer.text);
            registered.push(email);
        }
    }
    assert!(!refused.is_empty(), "the disk was not full");
    let refresh = json!({"refresh_token": tokens.refresh});
    for _ in 0..3 {
        server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
        server.get("/auth/teams").bearer(&tokens.access).send().await.expect(200);
        server.get("/health/live").send().await.expect(200);
        // A page may have room for one more session; nothing else than success or an outage is told.
        let login = server.sign_in("owner@example.org", PASSWORD).send().await;
        assert!(matches!(login.status, 200 | 503), "{}", login.text);
    }
    clear();
    let start = Instant::now();
    while server.registration("healed@example.org", PASSWORD).send().await.status != 201 {
        assert!(start.elapsed() < Duration::from_secs(5), "it does not heal by itself");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.sign_in("healed@example.org", PASSWORD).send().await.expect(200);
    server.post("/auth/refresh").json(&refresh).send().await.expect(200);
    // Which accounts are there is what was answered: success is kept, and what was refused left nothing.
    for email in &registered {
        server.sign_in(email, PASSWORD).send().await.expect(200);
    }
    for email in &refused {
        let login = server.sign_in(email, PASSWORD).send().await;
        assert_problem(&login, 401, "invalid_credentials");
        server.registration(email, PASSWORD).send().await.expect(201);
    }
    server.mailbox_at("healed@example.org").await;
}

impl TestServer {
    /// Waits for the first mail to this address, wherever the data folder is.
    async fn mailbox_at(&self, email: &str) {
        let start = Instant::now();
        loop {
            let folder = self.data_folder_of_process().join("mailbox");
            let mails = std::fs::read_dir(folder).unwrap().filter_map(Result::ok);
            let texts = mails.filter_map(|entry| std::fs::read_to_string(entry.path()).ok());
            if texts.into_iter().any(|text| text.contains(email)) {
                return;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "no mail to {email}:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Where the process has its database open.
    fn data_folder_of_process(&self) -> PathBuf {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.pid())).unwrap().filter_map(Result::ok);
        let open = files.filter_map(|file| std::fs::read_link(file.path()).ok());
        let database = open.into_iter().find(|file| file.ends_with("countersign.db")).unwrap();
        database.parent().unwrap().to_owned()
    }
}

async fn signed_in(server: &TestServer) -> Tokens {
    server.registration("owner@example.org", PASSWORD).send().await.expect(201);
    Tokens::of(&server.sign_in("owner@example.org", PASSWORD).send().await.expect(200))
}

/// A small file system of its own, for whoever may mount one.
pub(crate) struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    pub(crate) fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"]).arg(folder.path()).output();
        mount.is_ok_and(|mount| mount.status.success()).then_some(Self(folder))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// `ro` or `rw`.
    pub(crate) fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
        assert!(Command::new("mount").args(["-o", &options]).arg(self.path()).status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _status = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_is_an_outage_that_heals() {
    // Where nothing can be mounted, files that may not grow stand for it: they are met in the test below.
    let Some(disk) = SmallDisk::mount() else { return files_that_may_not_grow().await };
    let server =
        Setup::default().embedded().set("DATA_DIR", &disk.path().join("data").display().to_string()).start().await;
    let tokens = signed_in(&server).await;
    let ballast = disk.path().join("ballast");
    let fill = || {
        let full = std::fs::write(&ballast, vec![0; 32 << 20]).unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    };
    assert_survives(&server, &tokens, fill, || std::fs::remove_file(&ballast).unwrap()).await;
    drop(server);
}

#[tokio::test]
async fn files_that_may_not_grow_are_an_outage_that_heals() {
    files_that_may_not_grow().await;
}

/// The same for whoever may not mount anything: a limit on the files of a running process, which root is held to as well.
async fn files_that_may_not_grow() {
    let server = Setup::default().embedded().may_reach_file_limit().start().await;
    let tokens = signed_in(&server).await;
    let wal = std::fs::metadata(server.data_dir().join("countersign.db-wal")).unwrap().len();
    let limit = |octets: &str| {
        let (pid, soft) = (server.pid().to_string(), format!("--fsize={octets}:"));
        assert!(Command::new("prlimit").args(["--pid", &pid, &soft]).status().unwrap().success());
    };
    // Room for some registrations more.
    assert_survives(&server, &tokens, || limit(&(wal + (64 << 10)).to_string()), || limit("unlimited")).await;
}
