//! A database that something is moved into.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::moving::lines::Lines;
use crate::support::{FreshDatabase, Rows, SECRET_KEY, Setup, TestServer, command, run, said, told};

/// Where it is, with nothing in it yet.
pub(super) struct Target {
    folder: TempDir,
    postgres: Option<FreshDatabase>,
    secret_key: String,
}

impl Target {
    /// A file of SQLite.
    pub(super) fn sqlite() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), postgres: None, secret_key: SECRET_KEY.to_owned() }
    }

    /// On PostgreSQL where this run has one, else a file of SQLite.
    pub(super) async fn of_this_run() -> Self {
        match told("TEST_PROFILE").as_deref() {
            Some("production") => {
                let server = told("TEST_DATABASE_URL").unwrap();
                Self { postgres: Some(FreshDatabase::empty(&server).await), ..Self::sqlite() }
            }
            _ => Self::sqlite(),
        }
    }

    /// With the secret key of this server.
    pub(super) fn with_key_of(self, server: &TestServer) -> Self {
        Self { secret_key: server.secret_key(), ..self }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn url(&self) -> String {
        match &self.postgres {
            Some(postgres) => postgres.url(),
            None => format!("sqlite://{}", self.folder.path().join("moved/moved.db").display()),
        }
    }

    /// With another secret key.
    pub(super) fn with_key(self, key: &str) -> Self {
        Self { secret_key: key.to_owned(), ..self }
    }

    pub(super) fn exists(&self) -> bool {
        self.postgres.is_some() || self.folder.path().join("moved").exists()
    }

    pub(super) async fn rows(&self) -> Rows {
        let url = self.url();
        if self.postgres.is_some() { Rows::of_postgres(&url).await } else { Rows::at(&format!("{url}?mode=rw")).await }
    }

    fn variables(&self) -> [(&'static str, String); 2] {
        [("DATABASE_URL", self.url()), ("COUNTERSIGN__SECRET_KEY", self.secret_key.clone())]
    }

    /// Runs a command on it.
    pub(super) fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let variables = self.variables();
        let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        said(&run(self.folder.path(), arguments, &variables))
    }

    /// The same; it goes on while the test does.
    pub(super) fn spawn(&self, arguments: &[&str]) -> std::process::Child {
        let mut command = command(self.folder.path());
        command.args(arguments).envs(self.variables());
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
    }

    /// Imports a file with nothing refused; what was said.
    #[track_caller]
    pub(super) fn import(&self, file: &Path, options: &[&str]) -> String {
        let (code, output, errors) = self.run(&[&["import", file.to_str().unwrap()], options].concat());
        assert_eq!(code, Some(0), "{output}{errors}");
        output
    }

    /// Exports everything; the file, too.
    pub(super) fn export(&self, name: &str) -> (PathBuf, Lines) {
        self.export_with(name, &["--with-secrets"])
    }

    /// The same with other options.
    pub(super) fn export_with(&self, name: &str, options: &[&str]) -> (PathBuf, Lines) {
        let file = self.folder.path().join(name);
        let (code, _, errors) = self.run(&[&["export", file.to_str().unwrap()], options].concat());
        assert_eq!(code, Some(0), "{errors}");
        let lines = Lines::of(&file);
        (file, lines)
    }

    /// A server on it.
    pub(super) async fn serve(&self) -> TestServer {
        let setup = Setup::default().variable("DATABASE_URL", &self.url());
        setup.set("SECRET_KEY", &self.secret_key).start().await
    }
}

/// What the report says of these: read, imported, already there, refused.
#[track_caller]
pub(super) fn tally(report: &str, plural: &str) -> [u64; 4] {
    let end = format!("  {plural}");
    let line = report.lines().find(|line| line.ends_with(&end)).unwrap_or_else(|| panic!("no {plural} in:\n{report}"));
    let numbers: Vec<u64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
    numbers.try_into().unwrap()
}
