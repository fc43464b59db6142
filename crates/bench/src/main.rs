//! Prints, as ratios within this one run: logins against the raw rate of bcrypt, `GET /auth/me` against bare handlers
//! that verify the same token or none, what sign-ins and other calls leave each other, memory at rest, and the time from
//! start to first answer. A second argument names the one part to be measured.
//!
//! With `instructions` it counts those of each call instead, and fails where they became more.
//!
//! Run it by `scripts/bench`, which builds what it measures. The load comes from wrk, a process of its own.

mod client;
mod instructions;
mod measure;
mod raw_bcrypt;
mod server;
mod signed;
mod storm;
mod wrk;

use anyhow::Context as _;

use crate::measure::{Pairs, median, pairs, spread};
use crate::server::{Account, Bare, Service};

const COST: u32 = 12;
/// Of a round, since each takes milliseconds only.
const STARTS: usize = 8;
/// More than are answered in a run.
const TOKENS: usize = 100_000;
/// What is measured, in this order.
const PARTS: [&str; 6] = ["memory", "known", "new", "logins", "storm", "start"];
const PASSWORD: &str = "benchmarks like long passwords";

fn main() -> anyhow::Result<()> {
    if std::env::args().nth(1).as_deref() == Some("instructions") {
        return instructions::run();
    }
    let rounds: usize = std::env::args().nth(1).map_or(Ok(5), |n| n.parse()).context("rounds")?;
    let part = std::env::args().nth(2);
    let wants = |name: &str| part.as_deref().is_none_or(|part| part == name);
    anyhow::ensure!(PARTS.iter().any(|name| wants(name)), "the parts are {}", PARTS.join(", "));
    let cores = std::thread::available_parallelism()?.get();
    say(format_args!("{cores} cores, shared with the load generator; {rounds} rounds; bcrypt cost {COST}\n"));

    let folder = tempfile::tempdir()?;
    let service = Service::start(folder.path(), COST)?;
    let account = service.register_and_login(PASSWORD)?;
    let bare = Bare::start(folder.path(), &account)?;

    if wants("memory") {
        idle_memory(&service);
    }
    if wants("known") {
        me_with_a_known_token(&service, &bare, &account.access_token, rounds)?;
    }
    if wants("new") {
        me_with_new_tokens(&service, &bare, &account, rounds)?;
    }
    if wants("logins") {
        logins(&service, cores, rounds)?;
    }
    if wants("storm") {
        storm::storm(&service, &bare, &account, rounds)?;
    }
    service.stop()?;
    drop(bare);
    if wants("start") { starts(folder.path(), &account, rounds) } else { Ok(()) }
}

fn idle_memory(service: &Service) {
    std::thread::sleep(std::time::Duration::from_secs(3));
    let mib = service.resident_mib();
    row("memory at rest", format_args!("{mib:.1} MiB"), "at most 25 MiB", mib <= 25.0);
}

fn me_with_a_known_token(service: &Service, bare: &Bare, token: &str, rounds: usize) -> anyhow::Result<()> {
    let me = || wrk::get(&service.url("/auth/me"), token);
    rates("GET /auth/me, the same token, over a handler without authentication", 0.5, || {
        pairs(rounds, me, || wrk::get(&bare.url("/open"), token))
    })?;
    rates("the same over a handler that verifies the token", 0.8, || {
        pairs(rounds, me, || wrk::get(&bare.url("/auth/me"), token))
    })
}

/// Tokens are new in every run: those of the last one would be remembered.
fn me_with_new_tokens(service: &Service, bare: &Bare, account: &Account, rounds: usize) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let tokens = folder.path().join("tokens");
    let fresh = || signed::write(&service.data, account, TOKENS, &tokens);
    rates("GET /auth/me, tokens never seen, over a handler that verifies them", 0.8, || {
        pairs(
            rounds,
            || fresh().and_then(|()| wrk::get_with_each(&service.url("/auth/me"), &tokens)),
            || wrk::get_with_each(&bare.url("/auth/me"), &tokens),
        )
    })
}

fn rates(what: &str, target: f64, measure: impl FnOnce() -> anyhow::Result<Pairs>) -> anyhow::Result<()> {
    let Pairs { a, b, ratios } = measure()?;
    let ratio = median(&ratios);
    let value = format_args!("{ratio:.2} ({}); {:.0} and {:.0} a second", spread(&ratios), median(&a), median(&b));
    row(what, value, &format!("at least {target:.2}"), ratio >= target);
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
        "at least 0.97",
        ratio >= 0.97,
    );
    Ok(())
}

fn starts(folder: &std::path::Path, account: &Account, rounds: usize) -> anyhow::Result<()> {
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
        "at most 2",
        ratio <= 2.0,
    );
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of the benchmark")]
fn say(text: std::fmt::Arguments<'_>) {
    print!("{text}");
}

fn row(what: &str, value: std::fmt::Arguments<'_>, target: &str, met: bool) {
    say(format_args!("{what:<66} {value}   [{target}: {}]\n", if met { "met" } else { "NOT MET" }));
}
