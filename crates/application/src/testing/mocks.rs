//! A mock of every port.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use countersign_domain::ids::{SessionId, TeamId, UserId};
use countersign_domain::page::Page;
use countersign_domain::secret::Secret;
use countersign_domain::session::SessionState;
use countersign_domain::team::Team;
use countersign_domain::team::membership::Membership;
use countersign_domain::user::User;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::policy::Policy;
use crate::ports::access_tokens::MockAccessTokens;
use crate::ports::clock::Clock;
use crate::ports::credential_repository::MockCredentialRepository;
use crate::ports::dependency_probe::DependencyProbe;
use crate::ports::erasures::MockErasures;
use crate::ports::housekeeping::MockHousekeeping;
use crate::ports::invitation_repository::MockInvitationRepository;
use crate::ports::listings::MockListings;
use crate::ports::mail_renderer::MockMailRenderer;
use crate::ports::mailer::MockMailer;
use crate::ports::membership_repository::MockMembershipRepository;
use crate::ports::one_time_token_repository::MockOneTimeTokenRepository;
use crate::ports::outbox::MockOutbox;
use crate::ports::password_hasher::MockPasswordHasher;
use crate::ports::pseudonymizer::MockPseudonymizer;
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::ports::remains::MockRemains;
use crate::ports::roster_repository::MockRosterRepository;
use crate::ports::sealer::MockSealer;
use crate::ports::session_repository::MockSessionRepository;
use crate::ports::sign_in_networks::MockSignInNetworks;
use crate::ports::signing_keys::{MockSigningKeyFactory, MockSigningKeyRepository};
use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
use crate::ports::team_repository::MockTeamRepository;
use crate::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory};
use crate::ports::user_repository::MockUserRepository;
use crate::testing::doubles::{FixedClock, PredictableSecrets, SequentialIds};
use crate::testing::fixtures::NOW;
use crate::testing::unit_of_work::{StagedUnitOfWork, Written};

/// A mock of every port. Pseudonyms are `pseudonym`, fingerprints `fingerprint`, access tokens `access-token`, sealed secrets `sealed`; limits
/// allow and caches miss. Replace a field to change that; everything else panics unless expected.
#[expect(missing_docs, reason = "each field is the mock of its type")]
pub struct Mocks {
    pub policy: Policy,
    pub clock: Arc<FixedClock>,
    pub ids: Arc<SequentialIds>,
    pub secrets: Arc<PredictableSecrets>,
    pub sealer: MockSealer,
    pub pseudonymizer: MockPseudonymizer,
    pub password_hasher: MockPasswordHasher,
    pub access_tokens: MockAccessTokens,
    pub rate_limiter: MockRateLimiter,
    pub users: MockUserRepository,
    pub credentials: MockCredentialRepository,
    pub sessions: MockSessionRepository,
    pub networks: MockSignInNetworks,
    pub one_time_tokens: MockOneTimeTokenRepository,
    pub teams: MockTeamRepository,
    pub memberships: MockMembershipRepository,
    pub roster: MockRosterRepository,
    pub invitations: MockInvitationRepository,
    pub outbox: MockOutbox,
    pub erasures: MockErasures,
    pub listings: MockListings,
    pub signing_keys: MockSigningKeyRepository,
    pub signing_key_factory: MockSigningKeyFactory,
    pub housekeeping: MockHousekeeping,
    pub remains: MockRemains,
    pub account_cache: MockSnapshotCache<UserId, User>,
    pub session_cache: MockSnapshotCache<SessionId, SessionState>,
    pub membership_cache: MockSnapshotCache<(UserId, TeamId), Membership>,
    pub team_cache: MockSnapshotCache<TeamId, Team>,
    pub team_list_cache: MockSnapshotCache<UserId, Page<Membership>>,
    pub mail_renderer: MockMailRenderer,
    pub mailer: MockMailer,
    pub probes: Vec<Arc<dyn DependencyProbe>>,
    /// Audit events that stand alone, such as refusals.
    pub recorded: Written,
    pub(crate) units: VecDeque<StagedUnitOfWork>,
}

impl Default for Mocks {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            clock: Arc::new(FixedClock::at(NOW)),
            ids: Arc::default(),
            secrets: Arc::default(),
            sealer: sealer(),
            pseudonymizer: pseudonymizer(),
            password_hasher: MockPasswordHasher::new(),
            access_tokens: access_tokens(),
            rate_limiter: permissive_limiter(),
            users: MockUserRepository::new(),
            credentials: MockCredentialRepository::new(),
            sessions: MockSessionRepository::new(),
            networks: MockSignInNetworks::new(),
            one_time_tokens: MockOneTimeTokenRepository::new(),
            teams: MockTeamRepository::new(),
            memberships: MockMembershipRepository::new(),
            roster: MockRosterRepository::new(),
            invitations: MockInvitationRepository::new(),
            outbox: MockOutbox::new(),
            erasures: erasures(),
            listings: MockListings::new(),
            signing_keys: MockSigningKeyRepository::new(),
            signing_key_factory: MockSigningKeyFactory::new(),
            housekeeping: MockHousekeeping::new(),
            remains: remains(),
            account_cache: missing(),
            session_cache: missing(),
            membership_cache: missing(),
            team_cache: missing(),
            team_list_cache: missing(),
            mail_renderer: MockMailRenderer::new(),
            mailer: MockMailer::new(),
            probes: vec![],
            recorded: Written::default(),
            units: VecDeque::new(),
        }
    }
}

impl Mocks {
    /// Mocks of which the limit of this name is reached, and no other.
    #[cfg(test)]
    pub(crate) fn at_limit(name: &'static str) -> Self {
        let mut rate_limiter = MockRateLimiter::new();
        rate_limiter.expect_acquire().returning(move |hit| {
            let full = hit.rule.name == name;
            if full { LimitVerdict::Refused { retry_after: time::Duration::HOUR } } else { LimitVerdict::Allowed }
        });
        Self { rate_limiter, ..Self::default() }
    }

    /// Adds a unit of work; the use case gets them in this order, and a fault once there are no more.
    /// Returns what it will have written.
    pub fn stage(&mut self, unit: StagedUnitOfWork) -> Written {
        let written = unit.written.clone();
        self.units.push_back(unit);
        written
    }

    /// Wires the mocks.
    pub fn into_dependencies(self) -> Dependencies {
        Dependencies {
            policy: self.policy,
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            ids: self.ids,
            secrets: self.secrets,
            sealer: Arc::new(self.sealer),
            pseudonymizer: Arc::new(self.pseudonymizer),
            password_hasher: Arc::new(self.password_hasher),
            access_tokens: Arc::new(self.access_tokens),
            rate_limiter: Arc::new(self.rate_limiter),
            units_of_work: Arc::new(StagedUnits(Mutex::new(self.units))),
            users: Arc::new(self.users),
            credentials: Arc::new(self.credentials),
            sessions: Arc::new(self.sessions),
            networks: Arc::new(self.networks),
            one_time_tokens: Arc::new(self.one_time_tokens),
            teams: Arc::new(self.teams),
            memberships: Arc::new(self.memberships),
            roster: Arc::new(self.roster),
            invitations: Arc::new(self.invitations),
            outbox: Arc::new(self.outbox),
            erasures: Arc::new(self.erasures),
            audit: Arc::new(self.recorded),
            listings: Arc::new(self.listings),
            signing_keys: Arc::new(self.signing_keys),
            signing_key_factory: Arc::new(self.signing_key_factory),
            housekeeping: Arc::new(self.housekeeping),
            remains: Arc::new(self.remains),
            account_cache: Arc::new(self.account_cache),
            session_cache: Arc::new(self.session_cache),
            membership_cache: Arc::new(self.membership_cache),
            team_cache: Arc::new(self.team_cache),
            team_list_cache: Arc::new(self.team_list_cache),
            mail_renderer: Arc::new(self.mail_renderer),
            mailer: Arc::new(self.mailer),
            probes: self.probes,
        }
    }
}

struct StagedUnits(Mutex<VecDeque<StagedUnitOfWork>>);

#[async_trait]
impl UnitOfWorkFactory for StagedUnits {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, Fault> {
        let unit = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let unit = unit.ok_or_else(|| Fault::unavailable("database", "no unit of work was staged"))?;
        Ok(Box::new(unit))
    }
}

fn erasures() -> MockErasures {
    let mut erasures = MockErasures::new();
    erasures.expect_erase().returning(|_, _, _| Ok(true));
    erasures.expect_list_noted().returning(|_, _| Ok(vec![]));
    erasures
}

fn remains() -> MockRemains {
    let mut remains = MockRemains::new();
    remains.expect_clear().returning(|_, _| Ok(()));
    remains
}

fn sealer() -> MockSealer {
    let mut sealer = MockSealer::new();
    sealer.expect_seal_mail_token().returning(|_, _| Ok(b"sealed".to_vec()));
    sealer.expect_seal_successor().returning(|_, _| Ok(b"sealed".to_vec()));
    // Open, behind a mark that tells it from what nobody sealed.
    sealer.expect_seal_cookie().returning(|contents| Ok(Secret::new(format!("sealed-{}", contents.expose()))));
    sealer.expect_open_cookie().returning(|sealed| sealed.expose().strip_prefix("sealed-").map(Secret::new));
    // As long as a real one.
    sealer.expect_mark_forms_of().returning(|account| Ok(Secret::new(format!("{:A>43}", account.to_string()))));
    sealer
}

fn pseudonymizer() -> MockPseudonymizer {
    let mut pseudonymizer = MockPseudonymizer::new();
    pseudonymizer.expect_pseudonym().returning(|_| "pseudonym".to_owned());
    pseudonymizer.expect_fingerprint().returning(|_| "fingerprint".to_owned());
    pseudonymizer
}

fn access_tokens() -> MockAccessTokens {
    let mut tokens = MockAccessTokens::new();
    tokens.expect_issue().returning(|_| Ok(Secret::new("access-token")));
    tokens
}

fn permissive_limiter() -> MockRateLimiter {
    let mut limiter = MockRateLimiter::new();
    limiter.expect_acquire().returning(|_| LimitVerdict::Allowed);
    limiter.expect_peek().returning(|_| LimitVerdict::Allowed);
    limiter.expect_refund().returning(|_| ());
    limiter
}

fn missing<K: Send + Sync + 'static, V: Send + Sync + 'static>() -> MockSnapshotCache<K, V> {
    let mut cache = MockSnapshotCache::new();
    cache.expect_read().returning(|_| Lookup::Miss(None));
    cache.expect_fence().returning(|_| Ok(()));
    cache.expect_lift().returning(|_| Ok(()));
    cache
}
