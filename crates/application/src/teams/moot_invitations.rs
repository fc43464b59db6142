//! Invitations of an account into teams that it is in already: there is nothing left to accept.

use countersign_domain::invitation::InvitationState;
use countersign_domain::team::membership::MembershipStatus;
use countersign_domain::user::User;

use crate::error::Fault;
use crate::ports::unit_of_work::UnitOfWork;

/// Settles those that wait for the address which the account has taken, and withdraws their mails: what lies in the
/// mailbox must not be worth a role again once the member has lost its own.
pub(crate) async fn settle(uow: &dyn UnitOfWork, user: &User) -> Result<(), Fault> {
    for invitation in uow.invitations().list_by_email(&user.email).await? {
        if invitation.state != InvitationState::Pending {
            continue;
        }
        let membership = uow.memberships().find(user.id, invitation.team_id).await?;
        if membership.is_some_and(|membership| membership.status == MembershipStatus::Active)
            && uow.invitations().settle(invitation.id, InvitationState::Accepted, Some(user.id)).await?
        {
            uow.outbox().withdraw(invitation.id).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use countersign_domain::invitation::Invitation;
    use countersign_domain::team::membership::Membership;
    use countersign_domain::team::role::Role;
    use mockall::predicate::eq;

    use super::*;
    use crate::testing::{StagedUnitOfWork, invitation, membership, team, user, user_id};

    async fn settled(state: InvitationState, membership: Option<Membership>) -> bool {
        let mut uow = StagedUnitOfWork::default();
        let stored = Invitation { state, ..invitation("user1@example.com", Role::Member) };
        let id = stored.id;
        uow.invitations.expect_list_by_email().with(eq(user(1).email)).return_once(move |_| Ok(vec![stored]));
        uow.memberships.expect_find().with(eq(user_id(1)), eq(team(1).id)).returning(move |_, _| Ok(membership));
        uow.invitations
            .expect_settle()
            .with(eq(id), eq(InvitationState::Accepted), eq(Some(user_id(1))))
            .returning(|_, _, _| Ok(true));
        settle(&uow, &user(1)).await.unwrap();
        uow.written.withdrawn() == [id]
    }

    #[tokio::test]
    async fn only_what_is_pending_into_a_team_of_the_account_is_settled() {
        let active = membership(1, Role::Member);
        let awaiting = Membership { status: MembershipStatus::AwaitingVerification, ..active };
        assert!(settled(InvitationState::Pending, Some(active)).await);
        assert!(!settled(InvitationState::Pending, Some(awaiting)).await);
        assert!(!settled(InvitationState::Pending, None).await);
        assert!(!settled(InvitationState::Revoked, Some(active)).await);
    }
}
