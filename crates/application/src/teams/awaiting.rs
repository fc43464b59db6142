//! What becomes of memberships that waited for their address.

use countersign_domain::ids::TeamId;
use countersign_domain::invitation::InvitationState;
use countersign_domain::user::User;

use crate::error::Fault;
use crate::ports::unit_of_work::UnitOfWork;

/// Makes every awaiting membership of the account count, now that its address is proven, and settles the invitations
/// that came with them: there is nothing left to accept. Returns the teams.
pub(crate) async fn activate(uow: &dyn UnitOfWork, user: &User) -> Result<Vec<TeamId>, Fault> {
    let activated = uow.memberships().activate_awaiting(user.id).await?;
    for team in &activated {
        if let Some(invitation) = uow.invitations().lock_pending(*team, &user.email).await? {
            uow.invitations().settle(invitation.id, InvitationState::Accepted, Some(user.id)).await?;
        }
    }
    Ok(activated)
}

#[cfg(test)]
mod tests {
    use countersign_domain::team::role::Role;

    use super::*;
    use crate::testing::{StagedUnitOfWork, invitation, team, user, user_id};

    #[tokio::test]
    async fn the_invitation_of_a_membership_that_counts_now_is_accepted() {
        let mut uow = StagedUnitOfWork::default();
        uow.memberships.expect_activate_awaiting().returning(|_| Ok(vec![team(1).id, team(2).id]));
        let pending = invitation("user1@example.com", Role::Member);
        let (id, found) = (pending.id, pending.clone());
        uow.invitations
            .expect_lock_pending()
            .returning(move |of, address| Ok(Some(found.clone()).filter(|i| i.team_id == of && i.email == *address)));
        uow.invitations
            .expect_settle()
            .withf(move |settled, state, by| {
                (*settled, *state, *by) == (id, InvitationState::Accepted, Some(user_id(1)))
            })
            .times(1)
            .returning(|_, _, _| Ok(true));
        assert_eq!(activate(&uow, &user(1)).await.unwrap(), [team(1).id, team(2).id]);
    }
}
