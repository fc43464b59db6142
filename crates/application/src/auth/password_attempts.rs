//! Comparing a presented password, not too often.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::network::Network;
use countersign_domain::password::PresentedPassword;
use countersign_domain::user::Credentials;
use time::OffsetDateTime;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::limits::{Limit, LimitExceeded, Limits, Subject};
use crate::ports::password_hasher::{PasswordHasher, PasswordVerdict};
use crate::ports::sign_in_networks::SignInNetworks;

/// Compares passwords. Only failures count toward the limit of the account (NIST SP 800-63B, throttling).
#[derive(Clone)]
pub(crate) struct PasswordAttempts {
    limits: Limits,
    networks: Arc<dyn SignInNetworks>,
    hasher: Arc<dyn PasswordHasher>,
}

/// The password was right, and the account is active.
#[derive(Debug)]
pub(crate) struct Proven {
    /// What it was compared with.
    pub(crate) credentials: Credentials,
    /// Whether the hash is to be made anew.
    pub(crate) outdated: bool,
}

/// Why a password proves nothing. For the audit trail; the client is never told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    UnknownAccount,
    WrongPassword,
    Inactive,
}

impl Refusal {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownAccount => "unknown_account",
            Self::WrongPassword => "wrong_password",
            Self::Inactive => "inactive",
        }
    }
}

/// From where a password is shown. Strangers who fail elsewhere do not keep the owner out at home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Vantage {
    /// A network that the account signed in from before.
    Home,
    Elsewhere,
}

#[derive(Debug)]
pub(crate) enum AttemptError {
    Refused(Refusal),
    Limited {
        exceeded: LimitExceeded,
        /// Of the refusals within the window; the others are not worth an event of their own.
        first: bool,
    },
    Internal(Fault),
}

impl PasswordAttempts {
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self {
            limits: Limits::new(dependencies),
            networks: Arc::clone(&dependencies.networks),
            hasher: Arc::clone(&dependencies.password_hasher),
        }
    }

    /// From where the client shows the password of this address: one read, known or not.
    pub(crate) async fn vantage(&self, email: &EmailAddress, origin: &Origin) -> Result<Vantage, Fault> {
        let Some(ip) = origin.ip else { return Ok(Vantage::Elsewhere) };
        let known = self.networks.knows(email, Network::logged(ip)).await?;
        Ok(if known { Vantage::Home } else { Vantage::Elsewhere })
    }

    /// Compares with what was found for this address. Nothing found costs the same. The attempt is counted before
    /// the comparison, so that parallel guesses cannot pass, and taken back unless it was a failure. One whose client
    /// leaves before the verdict is not compared if it still waits, and taken back.
    pub(crate) async fn compare(
        &self,
        vantage: Vantage,
        email: &EmailAddress,
        found: Option<Credentials>,
        presented: &PresentedPassword,
        origin: &Origin,
        now: OffsetDateTime,
    ) -> Result<Proven, AttemptError> {
        let (limit, subject) = match vantage {
            Vantage::Home => (Limit::LoginOfAccountAtHome, Subject::AddressAt(email, origin.ip)),
            Vantage::Elsewhere => (Limit::LoginOfAccount, Subject::Address(email)),
        };
        let attempt = match self.limits.acquire(limit, subject, now).await {
            Ok(attempt) => self.limits.until_judged(attempt),
            Err(exceeded) => {
                let first = self.limits.is_first_refusal(limit, subject, now).await;
                return Err(AttemptError::Limited { exceeded, first });
            }
        };
        let hash = found.as_ref().map(|credentials| credentials.password_hash.clone());
        let outcome = match self.hasher.verify(presented, hash).await {
            Ok(verdict) => judge(found, verdict).map_err(AttemptError::Refused),
            Err(fault) => Err(AttemptError::Internal(fault)),
        };
        // From here on the client may learn the verdict: nothing is awaited before it counts.
        match outcome {
            Err(AttemptError::Refused(_)) => attempt.keep(),
            _ => attempt.refund().await,
        }
        outcome
    }
}

fn judge(found: Option<Credentials>, verdict: PasswordVerdict) -> Result<Proven, Refusal> {
    let credentials = found.ok_or(Refusal::UnknownAccount)?;
    match verdict {
        PasswordVerdict::Wrong => Err(Refusal::WrongPassword),
        _ if !credentials.user.is_active => Err(Refusal::Inactive),
        PasswordVerdict::Right => Ok(Proven { credentials, outdated: false }),
        PasswordVerdict::RightButOutdated => Ok(Proven { credentials, outdated: true }),
    }
}
