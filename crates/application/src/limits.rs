//! The named limits: sliding windows over all nodes.

mod counted_hits;

use std::net::IpAddr;
use std::sync::Arc;

use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::network::Network;
use time::{Duration, OffsetDateTime};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use crate::dependencies::Dependencies;
use crate::error::{Classify, Kind};
use crate::policy::LimitPolicy;
use crate::ports::id_generator::IdGenerator;
use crate::ports::pseudonymizer::Pseudonymizer;
use crate::ports::rate_limiter::{Hit, LimitRule, LimitVerdict, RateLimiter};

pub use crate::limits::counted_hits::CountedHits;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Sign-ins of a network.
    LoginOfNetwork,
    /// Wrong passwords of an account from networks it never signed in from.
    LoginOfAccount,
    /// Wrong passwords of an account from a network it signed in from before.
    LoginOfAccountAtHome,
    /// Registrations of a network.
    RegisterOfNetwork,
    /// Mails that registrations send to an address.
    RegisterOfAddress,
    /// Resets asked for by a network.
    ResetOfNetwork,
    /// Resets asked for an address.
    ResetOfAddress,
    /// Verification mails asked for by a network.
    VerificationOfNetwork,
    /// Verification mails asked for an address.
    VerificationOfAddress,
    /// Refused one-time and refresh tokens of a network.
    TokenFailures,
    /// Invitations of a team.
    InviteOfTeam,
    /// Invitations of an inviter.
    InviteOfUser,
    /// Invitations of an inviter whose address is unverified.
    InviteOfUnverifiedUser,
    /// Invitations to an address, of whatever team.
    InviteOfAddress,
    /// Teams created by an account.
    TeamOfUser,
    /// Exports of an account.
    ExportOfUser,
    /// Passwords that whoever has an account's session shows once more, right or wrong, from networks it never signed
    /// in from.
    ProofOfUser,
    /// The same from a network it signed in from before.
    ProofOfUserAtHome,
    /// Changes of names, teams and roles by an account.
    ChangeOfUser,
}

impl Limit {
    fn rule(self, policy: &LimitPolicy) -> LimitRule {
        let (name, max, window) = match self {
            Self::LoginOfNetwork => ("login_ip", policy.login_per_minute_per_ip, Duration::MINUTE),
            Self::LoginOfAccount => ("login_account", policy.login_per_hour_per_account, Duration::HOUR),
            Self::LoginOfAccountAtHome => ("login_account_home", policy.login_per_hour_per_account, Duration::HOUR),
            Self::RegisterOfNetwork => ("register_ip", policy.register_per_hour_per_ip, Duration::HOUR),
            Self::RegisterOfAddress => ("register_address", policy.reset_per_hour_per_address, Duration::HOUR),
            Self::ResetOfNetwork => ("reset_ip", policy.reset_per_hour_per_ip, Duration::HOUR),
            Self::ResetOfAddress => ("reset_address", policy.reset_per_hour_per_address, Duration::HOUR),
            Self::VerificationOfNetwork => ("verification_ip", policy.reset_per_hour_per_ip, Duration::HOUR),
            Self::VerificationOfAddress => ("verification_address", policy.reset_per_hour_per_address, Duration::HOUR),
            Self::TokenFailures => ("token_failures_ip", policy.token_failures_per_minute_per_ip, Duration::MINUTE),
            Self::InviteOfTeam => ("invite_team", policy.invite_per_hour_per_team, Duration::HOUR),
            Self::InviteOfUser => ("invite_user", policy.invite_per_day_per_user, Duration::DAY),
            Self::InviteOfUnverifiedUser => {
                ("invite_unverified", policy.invite_per_day_per_unverified_user, Duration::DAY)
            }
            Self::InviteOfAddress => ("invite_address", policy.invite_per_day_per_address, Duration::DAY),
            Self::TeamOfUser => ("team_user", policy.team_per_hour_per_user, Duration::HOUR),
            Self::ExportOfUser => ("export_user", policy.export_per_day_per_user, Duration::DAY),
            Self::ProofOfUser => ("proof_user", policy.proofs_per_hour_per_user, Duration::HOUR),
            Self::ProofOfUserAtHome => ("proof_user_home", policy.proofs_per_hour_per_user, Duration::HOUR),
            Self::ChangeOfUser => ("change_user", policy.changes_per_hour_per_user, Duration::HOUR),
        };
        LimitRule { name, max, window }
    }
}

/// Who or what is counted.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'a> {
    /// The client's network; `None` (no address known) is one subject.
    Network(Option<IpAddr>),
    /// A mail address; counted under its keyed fingerprint.
    Address(&'a EmailAddress),
    /// A mail address as seen from one network; counted under its keyed fingerprint.
    AddressAt(&'a EmailAddress, Option<IpAddr>),
    /// A team.
    Team(TeamId),
    /// An account.
    User(UserId),
    /// An account as seen from one network; counted under a keyed fingerprint.
    UserAt(UserId, Option<IpAddr>),
}

/// Too often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests; try again in {} s", .retry_after.whole_seconds().max(1))]
pub struct LimitExceeded {
    /// Name of the limit.
    pub limit: &'static str,
    /// When there is room again.
    pub retry_after: Duration,
}

impl Classify for LimitExceeded {
    fn kind(&self) -> Kind {
        Kind::Limited
    }

    fn code(&self) -> &'static str {
        "rate_limited"
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(self.retry_after)
    }
}

/// Asks the rate limiter by name.
#[derive(Clone)]
pub struct Limits {
    limiter: Arc<dyn RateLimiter>,
    pseudonymizer: Arc<dyn Pseudonymizer>,
    ids: Arc<dyn IdGenerator>,
    policy: LimitPolicy,
}

/// A counted hit that can be taken back: for limits that count failures only.
#[must_use = "refund it on success"]
pub struct Attempt {
    hit: Option<Hit>,
}

impl Limits {
    /// With the limiter and figures of these dependencies.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            limiter: Arc::clone(&dependencies.rate_limiter),
            pseudonymizer: Arc::clone(&dependencies.pseudonymizer),
            ids: Arc::clone(&dependencies.ids),
            policy: dependencies.policy.limits.clone(),
        }
    }

    /// Counts, or refuses. Keep the attempt to [`Self::refund`] it if only failures count.
    pub async fn acquire(
        &self,
        limit: Limit,
        subject: Subject<'_>,
        now: OffsetDateTime,
    ) -> Result<Attempt, LimitExceeded> {
        let Some(hit) = self.hit(limit, subject, now) else { return Ok(Attempt { hit: None }) };
        Self::judge(count(&self.limiter, &hit).await, &hit)?;
        Ok(Attempt { hit: Some(hit) })
    }

    /// Refuses when the limit is reached, without counting.
    pub async fn check(&self, limit: Limit, subject: Subject<'_>, now: OffsetDateTime) -> Result<(), LimitExceeded> {
        match self.hit(limit, subject, now) {
            Some(hit) => Self::judge(self.limiter.peek(&hit).await, &hit),
            None => Ok(()),
        }
    }

    /// Takes a counted hit back.
    pub async fn refund(&self, attempt: Attempt) {
        if let Some(hit) = attempt.hit {
            self.limiter.refund(&hit).await;
        }
    }

    /// Counts until it is known what became of the attempt: one whose client leaves before is taken back.
    pub(crate) fn until_judged(&self, attempt: Attempt) -> Unjudged {
        Unjudged { limits: self.clone(), attempt: Some(attempt) }
    }

    /// Whether a refusal of this limit is the first within its window: for the audit trail, which such refusals are
    /// not to fill.
    pub(crate) async fn is_first_refusal(&self, limit: Limit, subject: Subject<'_>, now: OffsetDateTime) -> bool {
        let Some(hit) = self.hit(limit, subject, now) else { return false };
        let subject = format!("{} {}", hit.rule.name, hit.subject);
        let hit = Hit { rule: LimitRule { name: "refusal_audited", max: 1, ..hit.rule }, subject, ..hit };
        count(&self.limiter, &hit).await == LimitVerdict::Allowed
    }

    fn hit(&self, limit: Limit, subject: Subject<'_>, at: OffsetDateTime) -> Option<Hit> {
        let rule = limit.rule(&self.policy);
        (rule.max > 0).then(|| Hit { id: self.ids.next_id(), rule, subject: self.subject(subject), at })
    }

    fn subject(&self, subject: Subject<'_>) -> String {
        match subject {
            Subject::Network(ip) => network(ip),
            Subject::Address(email) => self.pseudonymizer.fingerprint(email.as_str()),
            Subject::AddressAt(email, ip) => {
                self.pseudonymizer.fingerprint(&format!("{} {}", email.as_str(), logged_network(ip)))
            }
            Subject::Team(id) => id.to_string(),
            Subject::User(id) => id.to_string(),
            Subject::UserAt(id, ip) => self.pseudonymizer.fingerprint(&format!("{id} {}", logged_network(ip))),
        }
    }

    fn judge(verdict: LimitVerdict, hit: &Hit) -> Result<(), LimitExceeded> {
        match verdict {
            LimitVerdict::Allowed => Ok(()),
            LimitVerdict::Refused { retry_after } => {
                tracing::info!(limit = hit.rule.name, "limit reached");
                Err(LimitExceeded { limit: hit.rule.name, retry_after })
            }
        }
    }
}

/// Counts a hit, for the request that is being handled.
pub(crate) async fn count(limiter: &Arc<dyn RateLimiter>, hit: &Hit) -> LimitVerdict {
    let verdict = limiter.acquire(hit).await;
    if verdict == LimitVerdict::Allowed {
        CountedHits::note(limiter, hit);
    }
    verdict
}

/// A counted attempt whose outcome is not known yet. Dropped, it is taken back by a task of its own: the client has
/// learned nothing, and must not be able to lock somebody out without a trace.
#[must_use = "say what became of it"]
pub(crate) struct Unjudged {
    limits: Limits,
    attempt: Option<Attempt>,
}

impl Unjudged {
    /// It was a failure: it stays counted.
    pub(crate) fn keep(mut self) {
        self.attempt = None;
    }

    /// It was none: it is taken back, also when the client leaves meanwhile.
    pub(crate) async fn refund(mut self) {
        if let Some(refund) = self.start_refund() {
            drop(refund.await);
        }
    }

    fn start_refund(&mut self) -> Option<JoinHandle<()>> {
        let (limits, attempt) = (self.limits.clone(), self.attempt.take()?);
        let runtime = Handle::try_current().ok()?;
        Some(runtime.spawn(async move { limits.refund(attempt).await }.in_current_span()))
    }
}

impl Drop for Unjudged {
    fn drop(&mut self) {
        drop(self.start_refund());
    }
}

fn network(ip: Option<IpAddr>) -> String {
    ip.map_or_else(|| "unknown".to_owned(), |ip| Network::counted(ip).to_string())
}

fn logged_network(ip: Option<IpAddr>) -> String {
    ip.map_or_else(|| "unknown".to_owned(), |ip| Network::logged(ip).to_string())
}

#[cfg(test)]
mod tests;
