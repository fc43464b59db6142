//! A mail server of a test's own: a process that speaks SMTP, and misbehaves as told (`mail_server.py`).

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::support::certificate::Certificate;
use crate::support::mailbox::Mail;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/mail_server.py");

/// A port on this machine, and the server there, if it runs. It ends with its test.
pub(crate) struct MailServer {
    python: &'static str,
    arguments: Vec<String>,
    port: u16,
    folder: TempDir,
    child: Option<Child>,
}

impl MailServer {
    /// Takes mail without encryption. `None` where aiosmtpd is not installed: `scripts/test` says so.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// Speaks TLS from the start (`implicit`) or after STARTTLS (`starttls`), with this certificate.
    pub(crate) fn start_with_tls(tls: &str, certificate: &Certificate) -> Option<Self> {
        Self::start_with(&Self::tls_arguments(tls, certificate))
    }

    /// The same, for this user alone.
    pub(crate) fn start_for(user: &str, password: &str, tls: &str, certificate: &Certificate) -> Option<Self> {
        let login = ["--user".to_owned(), user.to_owned(), "--password".to_owned(), password.to_owned()];
        Self::start_with(&[Self::tls_arguments(tls, certificate), login.to_vec()].concat())
    }

    fn tls_arguments(tls: &str, certificate: &Certificate) -> Vec<String> {
        let (cert, key) = (certificate.cert.display().to_string(), certificate.key.display().to_string());
        vec!["--tls".to_owned(), tls.to_owned(), "--cert".to_owned(), cert, "--key".to_owned(), key]
    }

    fn start_with(arguments: &[String]) -> Option<Self> {
        let python = python_with_aiosmtpd()?;
        let folder = tempfile::tempdir().unwrap();
        let mut server = Self { python, arguments: arguments.to_vec(), port: 0, folder, child: None };
        server.run();
        Some(server)
    }

    /// Starts it again, at the same port.
    pub(crate) fn run(&mut self) {
        let mut command = Command::new(self.python);
        command.arg(SCRIPT).arg(self.folder.path()).arg(self.port.to_string()).args(&self.arguments);
        // Its errors are those of clients that went away; they are in the way where nothing went wrong.
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        self.port = port.trim().parse().unwrap_or_else(|_| panic!("the mail server does not start"));
        self.child = Some(child);
    }

    /// Ends it: its port takes no more connections, and those that were open break.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// With this scheme, such as `smtp`, and this behind it, such as `?tls=required`.
    pub(crate) fn url(&self, scheme: &str, query: &str) -> String {
        format!("{scheme}://localhost:{}{query}", self.port)
    }

    /// Whether new connections are taken and then left without a word.
    pub(crate) fn fall_silent(&self, silent: bool) {
        self.mark("silent", silent);
    }

    /// Whether mails are taken and then left without an answer.
    pub(crate) fn hold(&self, held: bool) {
        self.mark("held", held);
    }

    fn mark(&self, name: &str, there: bool) {
        let path = self.folder.path().join(name);
        if there {
            std::fs::write(path, "").unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }

    /// What it saw of this kind.
    pub(crate) fn seen(&self, event: &str) -> Vec<Value> {
        let journal = std::fs::read_to_string(self.folder.path().join("journal")).unwrap();
        let whole_lines = journal.rsplit_once('\n').map_or("", |(lines, _)| lines);
        let events = whole_lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        events.filter(|seen| seen["event"] == event).collect()
    }

    /// Mails to this address, as their reader sees them.
    pub(crate) fn read_by(&self, address: &str) -> Vec<Mail> {
        self.mails_to(address).iter().map(|mail| Mail::parse(mail["content"].as_str().unwrap())).collect()
    }

    /// Mails to this address.
    pub(crate) fn mails_to(&self, address: &str) -> Vec<Value> {
        self.seen("mail").into_iter().filter(|mail| mail["to"] == address).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Python of the distribution has its packages, which one that comes first on the path may not have.
#[expect(clippy::print_stdout, reason = "a test that was left out says so")]
fn python_with_aiosmtpd() -> Option<&'static str> {
    let has_it = |python: &&str| {
        let mut command = Command::new(python);
        command.args(["-c", "import aiosmtpd"]).stdin(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let python = ["/usr/bin/python3", "python3"].into_iter().find(has_it);
    if python.is_none() {
        println!("without aiosmtpd, which is not on this machine");
    }
    python
}
