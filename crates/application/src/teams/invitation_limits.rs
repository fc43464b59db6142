//! How many invitations a team and an inviter may send, and an address may get: whoever could send more could spam with
//! our mails.

use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::TeamId;
use time::OffsetDateTime;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::limits::{Attempt, Limit, LimitExceeded, Limits, Subject};

/// Counts invitations, new ones and repeats alike.
#[derive(Clone)]
pub(crate) struct InvitationLimits {
    limits: Limits,
}

impl InvitationLimits {
    /// Takes the ports it calls.
    pub(crate) fn new(dependencies: &Dependencies) -> Self {
        Self { limits: Limits::new(dependencies) }
    }

    /// Counts one invitation of the actor for the team to the address, or nothing when one of the limits is reached.
    /// Gives what the address was counted.
    pub(crate) async fn acquire(
        &self,
        actor: &Actor,
        team_id: TeamId,
        email: &EmailAddress,
        now: OffsetDateTime,
    ) -> Result<Attempt, LimitExceeded> {
        let limit = if actor.user.email_verified { Limit::InviteOfUser } else { Limit::InviteOfUnverifiedUser };
        let of_user = self.limits.acquire(limit, Subject::User(actor.id()), now).await?;
        let of_team = match self.limits.acquire(Limit::InviteOfTeam, Subject::Team(team_id), now).await {
            Ok(of_team) => of_team,
            Err(exceeded) => {
                self.limits.refund(of_user).await;
                return Err(exceeded);
            }
        };
        match self.limits.acquire(Limit::InviteOfAddress, Subject::Address(email), now).await {
            Ok(of_address) => Ok(of_address),
            Err(exceeded) => {
                self.limits.refund(of_team).await;
                self.limits.refund(of_user).await;
                Err(exceeded)
            }
        }
    }

    /// Nothing was mailed: what others may send to the address is not used up. The actor and the team keep theirs
    /// counted, for each attempt is work.
    pub(crate) async fn unmailed(&self, of_address: Attempt) {
        self.limits.refund(of_address).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
    use crate::testing::{Mocks, NOW, actor, email, team};

    /// Asks for one invitation while the limit named `full` is reached. Gives the answer, and what was counted and
    /// taken back, by the name of the limit.
    async fn ask(actor: Actor, full: &'static str) -> (Result<(), LimitExceeded>, Vec<String>) {
        let seen: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut mocks = Mocks { rate_limiter: MockRateLimiter::new(), ..Mocks::default() };
        let log = Arc::clone(&seen);
        mocks.rate_limiter.expect_acquire().returning(move |hit| {
            if hit.rule.name == full {
                return LimitVerdict::Refused { retry_after: time::Duration::HOUR };
            }
            log.lock().unwrap().push(format!("+{}", hit.rule.name));
            LimitVerdict::Allowed
        });
        let log = Arc::clone(&seen);
        mocks.rate_limiter.expect_refund().returning(move |hit| {
            log.lock().unwrap().push(format!("-{}", hit.rule.name));
        });
        let answer = InvitationLimits::new(&mocks.into_dependencies())
            .acquire(&actor, team(1).id, &email("new@example.com"), NOW)
            .await
            .map(drop);
        let seen = seen.lock().unwrap().clone();
        (answer, seen)
    }

    #[tokio::test]
    async fn an_invitation_counts_for_the_inviter_the_team_and_the_address() {
        let (answer, counted) = ask(actor(), "none").await;
        assert!(answer.is_ok());
        assert_eq!(counted, ["+invite_user", "+invite_team", "+invite_address"]);
    }

    #[tokio::test]
    async fn an_unverified_inviter_has_the_narrow_limit() {
        let mut unverified = actor();
        unverified.user.email_verified = false;
        assert_eq!(ask(unverified, "none").await.1, ["+invite_unverified", "+invite_team", "+invite_address"]);
    }

    #[tokio::test]
    async fn whoever_is_at_its_own_limit_does_not_use_up_that_of_the_team() {
        let (answer, counted) = ask(actor(), "invite_user").await;
        assert_eq!(answer.unwrap_err().limit, "invite_user");
        assert!(counted.is_empty());
    }

    #[tokio::test]
    async fn a_team_at_its_limit_does_not_use_up_that_of_the_inviter() {
        let (answer, counted) = ask(actor(), "invite_team").await;
        assert_eq!(answer.unwrap_err().limit, "invite_team");
        assert_eq!(counted, ["+invite_user", "-invite_user"]);
    }

    #[tokio::test]
    async fn an_address_that_is_invited_by_many_uses_up_neither_of_the_others() {
        let (answer, counted) = ask(actor(), "invite_address").await;
        assert_eq!(answer.unwrap_err().limit, "invite_address");
        assert_eq!(counted, ["+invite_user", "+invite_team", "-invite_team", "-invite_user"]);
    }
}
