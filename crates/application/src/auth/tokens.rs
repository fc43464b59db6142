//! The pair of tokens that a session lives on.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::ids::{SessionId, UserId};
use countersign_domain::secret::{RefreshToken, Secret};
use countersign_domain::session::Session;
use countersign_domain::user::User;
use time::{Duration, OffsetDateTime};

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::policy::Policy;
use crate::ports::access_tokens::{AccessClaims, AccessTokens};
use crate::ports::id_generator::IdGenerator;
use crate::ports::membership_repository::MembershipRepository;
use crate::ports::secret_generator::SecretGenerator;

/// An access token and a refresh token (RFC 6749, 5.1).
#[derive(Clone, Debug)]
pub struct Tokens {
    /// Whose they are.
    pub user_id: UserId,
    /// Of which session.
    pub session_id: SessionId,
    /// Shown with every request.
    pub access_token: Secret,
    /// From now.
    pub expires_in: Duration,
    /// Exchanged for the next pair.
    pub refresh_token: Secret,
    /// From now, unless refreshed.
    pub refresh_expires_in: Duration,
}

/// Opens sessions and issues the tokens of open ones.
#[derive(Clone)]
pub struct TokenIssuance {
    ids: Arc<dyn IdGenerator>,
    secrets: Arc<dyn SecretGenerator>,
    access_tokens: Arc<dyn AccessTokens>,
    memberships: Arc<dyn MembershipRepository>,
    policy: Policy,
}

impl TokenIssuance {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            ids: Arc::clone(&dependencies.ids),
            secrets: Arc::clone(&dependencies.secrets),
            access_tokens: Arc::clone(&dependencies.access_tokens),
            memberships: Arc::clone(&dependencies.memberships),
            policy: dependencies.policy.clone(),
        }
    }

    /// A new session of the account, not yet stored, and its first refresh token.
    pub fn new_session(&self, user: &User, origin: &Origin, now: OffsetDateTime) -> (Session, RefreshToken) {
        let family = self.secrets.octets();
        let token = RefreshToken::new(std::array::from_fn(|i| family[i]), self.secrets.octets());
        let expires_at = now + self.policy.session.absolute;
        let session = Session {
            id: SessionId::new(self.ids.next_id()),
            user_id: user.id,
            epoch: user.epoch,
            family: token.family_digest(),
            current: token.digest(),
            previous: None,
            created_at: now,
            last_seen_at: now,
            idle_expires_at: expires_at.min(now + self.policy.session.idle),
            expires_at,
            ended_at: None,
            ip: origin.ip,
            user_agent: origin.user_agent.clone(),
            sign_in_ip: origin.ip,
            sign_in_user_agent: origin.user_agent.clone(),
        };
        (session, token)
    }

    /// The pair for a session that is stored and live.
    pub async fn tokens(
        &self,
        user: &User,
        session_id: SessionId,
        refresh_token: &RefreshToken,
        refresh_expires_at: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Tokens, Fault> {
        let most = self.policy.max_teams_in_token;
        let mut memberships = self.memberships.list_active_by_user(user.id, most.saturating_add(1)).await?;
        let teams_truncated = memberships.len() > usize::from(most);
        memberships.truncate(usize::from(most));
        let claims = AccessClaims {
            user_id: user.id,
            email: user.email.clone(),
            roles: memberships.iter().map(|m| (m.team_id, m.role)).collect(),
            teams_truncated,
            session_id,
            token_id: self.ids.next_id(),
            issued_at: now,
            expires_at: now + self.policy.access_ttl,
        };
        Ok(Tokens {
            user_id: user.id,
            session_id,
            access_token: self.access_tokens.issue(&claims).await?,
            expires_in: self.policy.access_ttl,
            refresh_token: refresh_token.secret().clone(),
            refresh_expires_in: refresh_expires_at - now,
        })
    }
}

#[cfg(test)]
mod tests;
