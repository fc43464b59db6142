//! A library that stands before the system's, in a server of a test's own.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::support::setup::Setup;

/// The library, and the file that tells it what to do.
pub(crate) struct Preloaded(TempDir);

impl Preloaded {
    /// From this source in the folder of these tests.
    pub(crate) fn build(source: &str, told: &str) -> Self {
        let library = Self(tempfile::tempdir().unwrap());
        library.tell(told);
        let source = format!("{}/tests/it/{source}", env!("CARGO_MANIFEST_DIR"));
        let mut compiler = Command::new("cc");
        let status =
            compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(library.file("library.so")).arg(source).status();
        assert!(status.unwrap().success(), "it cannot be compiled");
        library
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// For a node that goes by it, and is told where that file is by this variable.
    pub(crate) fn worn_by(&self, setup: Setup, variable: &str) -> Setup {
        let path = |name| self.file(name).to_str().unwrap().to_owned();
        setup.variable("LD_PRELOAD", &path("library.so")).variable(variable, &path("told"))
    }

    /// At once: half of it would be something else.
    pub(crate) fn tell(&self, what: &str) {
        std::fs::write(self.file("next"), what).unwrap();
        std::fs::rename(self.file("next"), self.file("told")).unwrap();
    }
}
