//! How many instructions a call takes: a figure that does not depend on what else the machine does. Counted by callgrind
//! (valgrind) in the service itself, kernel excluded, and held against what was recorded.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use crate::client::Connection;
use crate::server::{Account, Service};
use crate::{PASSWORD, row, say, signed};

/// What was counted when it was last looked at: name and instructions a call.
const RECORDED: &str = include_str!("../instructions.txt");
/// So much more than recorded is a regression: allocators and copies vary with processors.
const ALLOWED: f64 = 1.10;
/// Of each call that is counted.
const CALLS: u32 = 200;
/// The least that bcrypt takes: its own work is not what is counted.
const COST: u32 = 4;

/// Counts each call, prints it beside what was recorded, and fails where one is worse.
pub(crate) fn run() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let tokens = folder.path().join("tokens");
    let (account, address) = prepare(folder.path(), &tokens)?;
    let tokens = fs::read_to_string(&tokens)?;
    let mut tokens = tokens.lines();
    let out = folder.path().join("callgrind");
    let service = Service::start_counted(folder.path(), address, COST, &out)?;
    let counter = Counter { service: &service, out: &out };
    let mut client = Connection::to(address)?;
    let mut me = |token: &str| client.call("GET", "/auth/me", Some(token), None).map(drop);
    // Caches are warm, and everything that is made once is there.
    (0..CALLS).try_for_each(|_| me(tokens.next().context("a token")?))?;
    let known = counter.of(CALLS, || me(&account.access_token))?;
    let new = counter.of(CALLS, || me(tokens.next().context("a token")?))?;
    let mut refresh_token = account.refresh_token.clone();
    let mut refresh = || {
        let body = format!(r#"{{"refresh_token":"{refresh_token}"}}"#);
        let answer: Value = serde_json::from_str(&client.call("POST", "/auth/refresh", None, Some(&body))?)?;
        answer["refresh_token"].as_str().context("refresh_token")?.clone_into(&mut refresh_token);
        anyhow::Ok(())
    };
    (0..10).try_for_each(|_| refresh())?;
    let refreshed = counter.of(CALLS / 4, refresh)?;
    let body = service.login_body(PASSWORD);
    let mut login = || client.call("POST", "/auth/login", None, Some(&body)).map(drop);
    login()?;
    let logged_in = counter.of(CALLS / 10, login)?;
    drop(service);
    let mut is_worse = false;
    for (name, counted) in [("me_known", known), ("me_new", new), ("refresh", refreshed), ("login", logged_in)] {
        let recorded = recorded(name)?;
        let ratio = counted / recorded;
        is_worse |= ratio > ALLOWED;
        let value = format_args!("{counted:.0} instructions a call; {ratio:.2} of the recorded {recorded:.0}");
        row(name, value, &format!("at most {ALLOWED:.2}"), ratio <= ALLOWED);
    }
    ensure!(!is_worse, "a call takes more instructions than recorded in crates/bench/instructions.txt");
    say(format_args!("what was recorded stands in crates/bench/instructions.txt\n"));
    Ok(())
}

/// An account with its tokens, by a service that runs as fast as it can.
fn prepare(folder: &Path, tokens: &Path) -> anyhow::Result<(Account, SocketAddr)> {
    let service = Service::start(folder, COST)?;
    let account = service.register_and_login(PASSWORD)?;
    signed::write(&service.data, &account, 3 * CALLS as usize, tokens)?;
    let address = service.address();
    service.stop()?;
    Ok((account, address))
}

fn recorded(name: &str) -> anyhow::Result<f64> {
    let line = RECORDED.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.with_context(|| format!("{name} is not recorded"))?.trim().parse().context("a number")
}

struct Counter<'a> {
    service: &'a Service,
    out: &'a Path,
}

impl Counter<'_> {
    /// Instructions of one of so many calls.
    fn of(&self, calls: u32, mut call: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
        self.control("--zero")?;
        self.control("--instr=on")?;
        (0..calls).try_for_each(|_| call())?;
        self.control("--dump")?;
        self.control("--instr=off")?;
        // It is written when the service next does something, of which there is little.
        let until = Instant::now() + Duration::from_secs(20);
        loop {
            match self.newest_total() {
                Ok(total) if total > 0.0 => return Ok(total / f64::from(calls)),
                outcome if Instant::now() > until => bail!("callgrind counted nothing: {:?}", outcome.err()),
                _ => std::thread::sleep(Duration::from_millis(100)),
            }
        }
    }

    fn control(&self, what: &str) -> anyhow::Result<()> {
        let pid = self.service.pid().to_string();
        let output = Command::new("callgrind_control").args([what, &pid]).output().context("callgrind_control")?;
        ensure!(output.status.success(), "callgrind_control {what}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(())
    }

    /// Of the dumps, which are numbered, the last one.
    fn newest_total(&self) -> anyhow::Result<f64> {
        let folder = self.out.parent().context("a folder")?;
        let mut dumps: Vec<_> = fs::read_dir(folder)?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .filter(|path| path.with_extension("").file_name() == self.out.file_name())
            .filter_map(|path| Some((path.extension()?.to_str()?.parse::<u32>().ok()?, path)))
            .collect();
        dumps.sort();
        let (_, newest) = dumps.pop().context("callgrind wrote nothing")?;
        let text = fs::read_to_string(&newest)?;
        let total =
            text.lines().find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")));
        let total = total.context("a dump without a total")?.trim().parse().context("a total")?;
        // The next one is not to be taken for it.
        fs::remove_file(newest)?;
        Ok(total)
    }
}
