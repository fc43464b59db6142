//! Certificates of a test's own, signed by themselves.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A certificate and its key, as files.
#[derive(Clone, Debug)]
pub(crate) struct Certificate {
    pub(crate) cert: PathBuf,
    pub(crate) key: PathBuf,
}

impl Certificate {
    /// For this host, valid from now on for so many days; a negative number is one that has expired.
    pub(crate) fn make(folder: &Path, name: &str, host: &str, days: i32) -> Self {
        let file = |kind: &str| folder.join(format!("{name}.{kind}"));
        let made = Self { cert: file("pem"), key: file("key") };
        let (request, extensions) = (file("csr"), file("ext"));
        std::fs::write(&extensions, format!("subjectAltName=DNS:{host}\nbasicConstraints=critical,CA:FALSE\n"))
            .unwrap();
        let mut ask = Command::new("openssl");
        ask.args(["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj"]);
        succeed(ask.arg(format!("/CN={host}")).arg("-keyout").arg(&made.key).arg("-out").arg(&request));
        let mut sign = Command::new("openssl");
        sign.args(["x509", "-req", "-days", &days.to_string(), "-in"]).arg(&request).arg("-signkey").arg(&made.key);
        succeed(sign.arg("-extfile").arg(&extensions).arg("-out").arg(&made.cert));
        made
    }
}

fn succeed(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
