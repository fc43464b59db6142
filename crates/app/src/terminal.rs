//! What commands say to whoever called them. A reader that went away is no fault.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use countersign_domain::secret::Secret;

/// Writes a line to standard output.
pub(crate) fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _reader_gone = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Writes a line to standard error.
pub(crate) fn complain(text: &str) {
    let _reader_gone = writeln!(io::stderr().lock(), "{text}");
}

/// Reads a password: from a terminal without showing it, twice; otherwise the first line of standard input.
pub(crate) fn read_password() -> io::Result<Secret> {
    if !io::stdin().is_terminal() {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        let length = line.trim_end_matches(['\r', '\n']).len();
        line.truncate(length);
        return Ok(Secret::new(line));
    }
    let first = Secret::new(rpassword::prompt_password("Password: ")?);
    let second = Secret::new(rpassword::prompt_password("Again: ")?);
    if first.expose() == second.expose() {
        Ok(first)
    } else {
        Err(io::Error::new(io::ErrorKind::InvalidInput, "the two differ"))
    }
}
