//! Prints, as ratios within this one run: logins against the raw rate of bcrypt, `GET /auth/me` against a bare handler
//! that verifies the same token, memory at rest, and the time from start to first answer.
//!
//! Run it by `scripts/bench`, which builds what it measures. The load comes from wrk, a process of its own.

mod client;
mod measure;
mod raw_bcrypt;
mod server;
mod wrk;

use anyhow::Context as _;

use crate::measure::{median, pairs, spread};
use crate::server::{Bare, Service};

const COST: u32 = 12;
/// Of a round, since each takes milliseconds only.
const STARTS: usize = 8;
const PASSWORD: &str = "benchmarks like long passwords";

fn main() -> anyhow::Result<()> {
    let rounds: usize = std::env::args().nth(1).map_or(Ok(5), |n| n.parse()).context("rounds")?;
    let cores = std::thread::available_parallelism()?.get();
    say(format_args!("{cores} cores, shared with the load generator; {rounds} rounds; bcrypt cost {COST}\n"));

    let folder = tempfile::tempdir()?;
    let service = Service::start(folder.path(), COST)?;
    let account = service.register_and_login(PASSWORD)?;
    let bare = Bare::start(folder.path(), &account)?;

    idle_memory(&service);
    me(&service, &bare, &account.access_token, rounds)?;
    logins(&service, cores, rounds)?;
    service.stop()?;
    drop(bare);
    starts(folder.path(), &account, rounds)
}

fn idle_memory(service: &Service) {
    std::thread::sleep(std::time::Duration::from_secs(3));
    let mib = service.resident_mib();
    row("memory at rest", format_args!("{mib:.1} MiB"), "at most 30 MiB", mib <= 30.0);
}

fn me(service: &Service, bare: &Bare, token: &str, rounds: usize) -> anyhow::Result<()> {
    let ratios =
        pairs(rounds, || wrk::get(&service.url("/auth/me"), token), || wrk::get(&bare.url("/auth/me"), token))?;
    let ratio = median(&ratios.ratios);
    row(
        "GET /auth/me over the bare verifying handler",
        format_args!(
            "{ratio:.2} ({}); {:.0} and {:.0} a second",
            spread(&ratios.ratios),
            median(&ratios.a),
            median(&ratios.b)
        ),
        "at least 0.60",
        ratio >= 0.6,
    );
    Ok(())
}

fn logins(service: &Service, cores: usize, rounds: usize) -> anyhow::Result<()> {
    let ratios = pairs(
        rounds,
        || wrk::post(&service.url("/auth/login"), &service.login_body(PASSWORD), 8),
        || Ok(raw_bcrypt::rate(cores, COST)),
    )?;
    let ratio = median(&ratios.ratios);
    row(
        "logins over raw bcrypt on the same cores",
        format_args!(
            "{ratio:.2} ({}); {:.2} and {:.2} a second",
            spread(&ratios.ratios),
            median(&ratios.a),
            median(&ratios.b)
        ),
        "at least 0.95",
        ratio >= 0.95,
    );
    Ok(())
}

fn starts(folder: &std::path::Path, account: &server::Account, rounds: usize) -> anyhow::Result<()> {
    let start = || {
        let service = Service::start(folder, COST)?;
        let milliseconds = service.started_in.as_secs_f64() * 1e3;
        service.stop().map(|()| milliseconds)
    };
    let ratios =
        pairs(rounds * STARTS, start, || Bare::start(folder, account).map(|bare| bare.started_in.as_secs_f64() * 1e3))?;
    let ratio = median(&ratios.ratios);
    row(
        "start to first answer over the bare server",
        format_args!(
            "{ratio:.1} ({}); {:.1} ms and {:.1} ms",
            spread(&ratios.ratios),
            median(&ratios.a),
            median(&ratios.b)
        ),
        "at most 3",
        ratio <= 3.0,
    );
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of the benchmark")]
fn say(text: std::fmt::Arguments<'_>) {
    print!("{text}");
}

fn row(what: &str, value: std::fmt::Arguments<'_>, target: &str, met: bool) {
    say(format_args!("{what:<46} {value}   [{target}: {}]\n", if met { "met" } else { "NOT MET" }));
}
