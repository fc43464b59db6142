//! The service that issues the tokens, as this crate asks it.

#[cfg(feature = "http")]
pub(crate) mod http;

use async_trait::async_trait;

/// The service that issues the tokens. [`HttpIssuer`](crate::HttpIssuer) asks it over HTTPS; tests may answer themselves.
#[async_trait]
pub trait Issuer: Send + Sync {
    /// The JSON of its key set (RFC 7517, 5).
    ///
    /// # Errors
    /// It cannot be had now.
    async fn key_set(&self) -> Result<Vec<u8>, Unreachable>;

    /// Whether it still accepts this token, which is genuine and has not expired.
    ///
    /// # Errors
    /// It cannot be asked now, or answers something else.
    async fn accepts(&self, token: &str) -> Result<bool, Unreachable>;
}

/// The service that issues the tokens cannot be asked. Carries no token and no address of a person.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the issuer of access tokens cannot be asked: {reason}")]
pub struct Unreachable {
    reason: std::sync::Arc<str>,
    /// Whether it could not be asked about another token either.
    concerns_all: bool,
}

impl Unreachable {
    /// For this reason, in words for the log of an operator.
    pub fn because(reason: impl std::fmt::Display) -> Self {
        Self { reason: reason.to_string().into(), concerns_all: true }
    }

    /// For this reason, which lies in the one token that was asked about, as where it is too long for a proxy: others are
    /// asked about all the same.
    pub fn for_one_token(reason: impl std::fmt::Display) -> Self {
        Self { concerns_all: false, ..Self::because(reason) }
    }

    pub(crate) const fn concerns_all(&self) -> bool {
        self.concerns_all
    }
}
