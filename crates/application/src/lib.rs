//! The use cases of Countersign, and the ports they need.
//!
//! A service embeds this crate, gives it adapters for the ports in [`ports`] (those of `countersign-infrastructure`
//! or its own) as [`Dependencies`], and calls the use cases of [`Application`]:
//!
//! ```
//! # use countersign_application::{Application, Dependencies};
//! # use countersign_application::auth::login::{LogInCommand, LogInError};
//! # use countersign_domain::audit::Origin;
//! # use countersign_domain::email_address::EmailAddress;
//! # use countersign_domain::password::PresentedPassword;
//! async fn sign_in(dependencies: &Dependencies, email: &str, password: &str) -> Result<String, LogInError> {
//!     let application = Application::new(dependencies);
//!     let command = LogInCommand {
//!         email: EmailAddress::parse(email).expect("checked at the door"),
//!         password: PresentedPassword::parse(password).expect("checked at the door"),
//!     };
//!     let tokens = application.auth.login.execute(&Origin::default(), command).await?;
//!     Ok(tokens.access_token.expose().to_owned())
//! }
//! ```
//!
//! Every use case is a struct of the ports it calls, with one method `execute`. Commands are made of parsed domain
//! types; outcomes are entities; errors are one enum for each use case, which [`error::Classify`] sorts for adapters.
//! With the feature `testing`, the module of that name exports mocks of every port, fixtures, a fixed clock and predictable secrets.
#![deny(missing_docs)]

pub mod account;
pub mod actor;
pub mod admin;
pub mod application;
pub mod auth;
mod completion;
pub mod dependencies;
pub mod error;
pub mod health;
pub mod keys;
pub mod limits;
pub mod mail;
pub mod policy;
pub mod ports;
pub mod snapshots;
pub mod spans;
pub mod teams;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod time_padding;
pub mod trail;

pub use crate::application::Application;
pub use crate::dependencies::Dependencies;

/// The examples of the embedder's guide.
#[cfg(all(doctest, feature = "testing"))]
#[doc = include_str!("../../../docs/embedding.md")]
mod embedding {}
