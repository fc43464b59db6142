//! The HTTP adapter of Countersign: endpoints, extractors, middleware and pages on actix-web.
//!
//! A request crosses `middleware`, its gate (who may come in, stated in the table of [`routes`]), the extractors
//! that turn it into a command, one use case, and `present`, which turns the outcome into a body. Whatever goes wrong
//! on the way becomes a [`problem::Problem`], and every problem is rendered in one place.
#![deny(missing_docs)]

mod account;
mod admin;
mod auth;
pub mod client_address;
mod connection;
mod docs;
mod extract;
mod health;
pub mod metrics_page;
mod middleware;
pub mod openapi;
mod pages;
mod present;
pub mod problem;
pub mod routes;
pub mod server;
pub mod settings;
mod teams;
#[cfg(test)]
mod testing;
mod well_known;

pub use crate::pages::look::Look;
pub use crate::pages::look::error::LookError;
pub use crate::pages::mailbox::key::MailboxKey;
pub use crate::server::{BoundServer, bind};
pub use crate::settings::WebSettings;
