//! The binary as a process.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::geteuid;

/// The binary in this folder, with nothing of this process's environment that it would read.
pub(crate) fn command(folder: &Path) -> Command {
    in_folder(Command::new(env!("CARGO_BIN_EXE_countersign")), folder)
}

/// The same, but that the signal at a file that may not grow any more is not its end.
pub(crate) fn deaf_to_file_limit(folder: &Path) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_countersign")]);
    in_folder(shell, folder)
}

/// The same without what lets root read and write everything.
pub(crate) fn bound_by_permissions(folder: &Path) -> Command {
    if !geteuid().is_root() {
        return command(folder);
    }
    let mut setpriv = Command::new("setpriv");
    setpriv.args(["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]);
    setpriv.arg(env!("CARGO_BIN_EXE_countersign"));
    in_folder(setpriv, folder)
}

fn in_folder(mut command: Command, folder: &Path) -> Command {
    command.current_dir(folder).env_clear().stdin(Stdio::null());
    // For coverage runs, and for the resolver of temporary folders.
    for name in ["PATH", "TMPDIR", "LLVM_PROFILE_FILE"] {
        #[expect(clippy::disallowed_methods, reason = "passed through, not read")]
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// A command that takes longer is one that should have ended: a server that started after all.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a command of the binary to its end.
pub(crate) fn run(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    run_with_input(folder, arguments, variables, "")
}

/// The same, with this on its standard input.
pub(crate) fn run_with_input(folder: &Path, arguments: &[&str], variables: &[(&str, &str)], input: &str) -> Output {
    let mut command = command(folder);
    command.args(arguments).envs(variables.iter().copied());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that reads no input may have ended before it is written.
    let _unread = child.stdin.take().unwrap().write_all(input.as_bytes());
    let (pid, (ended, end)) = (child.id().to_string(), mpsc::channel());
    std::thread::spawn(move || ended.send(child.wait_with_output().unwrap()));
    end.recv_timeout(PATIENCE).unwrap_or_else(|_| {
        let _killed = Command::new("kill").args(["-KILL", &pid]).status();
        panic!("{arguments:?} did not end")
    })
}

/// How a command ended, and what it wrote to standard output and to standard error.
pub(crate) fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// The address in the banner: the line `listening on http://…`.
pub(crate) fn announced_url(output: &str) -> Option<String> {
    let (_, rest) = output.split_once("listening on ")?;
    rest.lines().next().filter(|_| rest.contains('\n')).map(|url| url.trim().to_owned())
}
