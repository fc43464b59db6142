//! What black-box tests stand on: a server of their own, its mailbox, its log, its database.

mod account;
mod answer;
mod captured;
mod confidences;
mod database;
mod documented;
mod environment;
mod forger;
mod fresh_database;
mod mailbox;
mod membership;
mod oracle;
mod postgres_server;
mod process;
mod profile;
mod redis;
mod schema;
mod test_server;
mod timing;
mod volley;
mod wire;

pub(crate) use crate::support::account::{Account, PASSWORD, Tokens};
pub(crate) use crate::support::answer::{Answer, Call};
pub(crate) use crate::support::confidences::Confidences;
pub(crate) use crate::support::database::Rows;
pub(crate) use crate::support::environment::number;
pub(crate) use crate::support::forger::{Forger, claims_of, header_of, near_miss, private_key};
pub(crate) use crate::support::mailbox::Mail;
pub(crate) use crate::support::oracle::{assert_no_leak, assert_problem};
pub(crate) use crate::support::postgres_server::PostgresServer;
pub(crate) use crate::support::process::{command, run, run_with_input, said};
pub(crate) use crate::support::profile::Schema;
pub(crate) use crate::support::redis::Redis;
pub(crate) use crate::support::test_server::{Setup, TestServer};
pub(crate) use crate::support::timing::{HASHING_COST, Timing};
pub(crate) use crate::support::volley::{at_once, count, tally};
