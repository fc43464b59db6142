//! Everything that the use cases are wired from.

use std::sync::Arc;

use crate::policy::Policy;
use crate::ports::access_tokens::AccessTokens;
use crate::ports::audit_log::AuditLog;
use crate::ports::clock::Clock;
use crate::ports::credential_repository::CredentialRepository;
use crate::ports::dependency_probe::DependencyProbe;
use crate::ports::erasures::Erasures;
use crate::ports::housekeeping::Housekeeping;
use crate::ports::id_generator::IdGenerator;
use crate::ports::invitation_repository::InvitationRepository;
use crate::ports::listings::Listings;
use crate::ports::mail_renderer::MailRenderer;
use crate::ports::mailer::Mailer;
use crate::ports::membership_repository::MembershipRepository;
use crate::ports::one_time_token_repository::OneTimeTokenRepository;
use crate::ports::outbox::Outbox;
use crate::ports::password_hasher::PasswordHasher;
use crate::ports::pseudonymizer::Pseudonymizer;
use crate::ports::rate_limiter::RateLimiter;
use crate::ports::remains::Remains;
use crate::ports::roster_repository::RosterRepository;
use crate::ports::sealer::Sealer;
use crate::ports::secret_generator::SecretGenerator;
use crate::ports::session_repository::SessionRepository;
use crate::ports::sign_in_networks::SignInNetworks;
use crate::ports::signing_keys::{SigningKeyFactory, SigningKeyRepository};
use crate::ports::snapshot_cache::{AccountCache, MembershipCache, SessionCache, TeamCache, TeamListCache};
use crate::ports::team_repository::TeamRepository;
use crate::ports::unit_of_work::UnitOfWorkFactory;
use crate::ports::user_repository::UserRepository;

/// Adapters and policy, one of each. Repositories in here act on their own, one statement a call.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the port of its type, documented there")]
pub struct Dependencies {
    pub policy: Policy,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdGenerator>,
    pub secrets: Arc<dyn SecretGenerator>,
    pub sealer: Arc<dyn Sealer>,
    pub pseudonymizer: Arc<dyn Pseudonymizer>,
    pub password_hasher: Arc<dyn PasswordHasher>,
    pub access_tokens: Arc<dyn AccessTokens>,
    pub rate_limiter: Arc<dyn RateLimiter>,
    pub units_of_work: Arc<dyn UnitOfWorkFactory>,
    pub users: Arc<dyn UserRepository>,
    pub credentials: Arc<dyn CredentialRepository>,
    pub sessions: Arc<dyn SessionRepository>,
    pub networks: Arc<dyn SignInNetworks>,
    pub one_time_tokens: Arc<dyn OneTimeTokenRepository>,
    pub teams: Arc<dyn TeamRepository>,
    pub memberships: Arc<dyn MembershipRepository>,
    pub roster: Arc<dyn RosterRepository>,
    pub invitations: Arc<dyn InvitationRepository>,
    pub outbox: Arc<dyn Outbox>,
    pub erasures: Arc<dyn Erasures>,
    pub audit: Arc<dyn AuditLog>,
    pub listings: Arc<dyn Listings>,
    pub signing_keys: Arc<dyn SigningKeyRepository>,
    pub signing_key_factory: Arc<dyn SigningKeyFactory>,
    pub housekeeping: Arc<dyn Housekeeping>,
    pub remains: Arc<dyn Remains>,
    pub account_cache: Arc<AccountCache>,
    pub session_cache: Arc<SessionCache>,
    pub membership_cache: Arc<MembershipCache>,
    pub team_cache: Arc<TeamCache>,
    pub team_list_cache: Arc<TeamListCache>,
    pub mail_renderer: Arc<dyn MailRenderer>,
    pub mailer: Arc<dyn Mailer>,
    pub probes: Vec<Arc<dyn DependencyProbe>>,
}
