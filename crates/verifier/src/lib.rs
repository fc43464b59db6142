//! Verifies Countersign's access tokens in another service: a resource server (RFC 6749, 1.1).
//!
//! ```no_run
//! use countersign_verifier::{HttpIssuer, TeamRole, Verifier, VerifyError};
//!
//! # async fn example(token: &str, team: uuid::Uuid) -> Result<(), Box<dyn std::error::Error>> {
//! // Once, for the life of the process.
//! let issuer = HttpIssuer::new("https://id.example.com")?;
//! let verifier = Verifier::new(issuer, "https://id.example.com", "countersign");
//!
//! // For each request.
//! let caller = verifier.verify(token).await?;
//! if caller.role_in(team) == Some(TeamRole::Admin) {
//!     println!("{} administers {team}", caller.user_id);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - **Keys** come from `/.well-known/jwks.json`: fetched at the first token, kept for five minutes, fetched by one task while
//!   others wait or go on, and once more for a key that is not known yet (at most twice in ten seconds, whatever is presented).
//!   While the service is away, known keys are honoured for an hour ([`Verifier::with_outage_tolerance`]).
//! - **Tokens** must be JWTs of RFC 9068: signed by the algorithm of the key (ES256, `EdDSA`, RS256; RFC 8725, 3.1), `typ` `at+jwt`, this
//!   issuer and audience, not expired; clocks may be 30 s apart. The header decides nothing but which key is tried.
//! - **Revocation.** A token says what was true when it was issued, up to 15 minutes ago. [`Verifier::with_revocation_check`]
//!   asks the service whether the session still lives, and remembers the answer as long as you allow. Rights in a team
//!   ([`Claims::role_in`]) stay those of the token.
//! - **Extractors**: with the feature `actix-web` or `axum`, `Caller` is an argument of a handler.
//!
//! A key that was taken out of use at once (`keys rotate --now`) is honoured here until the key set is fetched again.

#[cfg(any(feature = "actix-web", feature = "axum"))]
mod caller;
mod claims;
mod error;
mod issuer;
mod key;
mod key_set;
mod liveness;
mod verifier;

#[cfg(any(feature = "actix-web", feature = "axum"))]
pub use crate::caller::Caller;
pub use crate::claims::{Claims, TeamRole};
pub use crate::error::VerifyError;
#[cfg(feature = "http")]
pub use crate::issuer::http::{HttpIssuer, NotAnAddress};
pub use crate::issuer::{Issuer, Unreachable};
pub use crate::verifier::Verifier;

/// The examples of the guide.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/verifying.md")]
mod guide {}
