//! Entities, value objects and rules of Countersign: accounts, sessions, teams, invitations.
//!
//! Everything here is a pure function or a plain value: no async, no I/O, no framework, no clock.
//! Times and ids are passed in, so that a rule gives the same answer in every test.
#![deny(missing_docs)]

pub mod audit;
pub mod color;
pub mod email_address;
pub mod ids;
pub mod invitation;
pub mod name;
pub mod network;
pub mod one_time_token;
pub mod page;
pub mod password;
pub mod secret;
pub mod session;
pub mod signing_key;
pub mod team;
pub mod user;
pub mod violation;
