//! Lists the invitations of a team, for its admins.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::ids::TeamId;
use countersign_domain::invitation::InvitationListing;
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::team::permissions::Permission;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::mail::delivery_reason;
use crate::ports::clock::Clock;
use crate::ports::invitation_repository::InvitationRepository;
use crate::teams::access::{TeamAccess, TeamAccessError};

/// What to do.
#[derive(Clone, Debug)]
pub struct ListInvitationsCommand {
    /// Which team.
    pub team_id: TeamId,
    /// Which part.
    pub page: PageRequest,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListInvitationsError {
    /// The team is not there for the actor, or it takes an admin.
    #[error(transparent)]
    Access(#[from] TeamAccessError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListInvitationsError {
} via { Access, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListInvitations {
    clock: Arc<dyn Clock>,
    access: TeamAccess,
    invitations: Arc<dyn InvitationRepository>,
}

impl ListInvitations {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            access: TeamAccess::new(dependencies),
            invitations: Arc::clone(&dependencies.invitations),
        }
    }

    /// Lists the invitations of a team, for its admins, each in the state that it is in now. Of why a mail was not sent,
    /// they are told what concerns its recipient; what the operator has to mend is not theirs to know.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: ListInvitationsCommand,
    ) -> Result<Page<InvitationListing>, ListInvitationsError> {
        self.access.require(actor, origin, command.team_id, Permission::ManageInvitations).await?;
        let now = self.clock.now();
        let page = self.invitations.list_by_team(command.team_id, &command.page).await?;
        Ok(page.map(|mut listing| {
            listing.invitation.state = listing.invitation.state_at(now);
            listing.delivery_reason = listing.delivery_reason.map(delivery_reason::told);
            listing
        }))
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::invitation::{Delivery, InvitationState};
    use countersign_domain::team::role::Role;
    use time::Duration;

    use super::*;
    use crate::error::{Classify, Kind};
    use crate::testing::{Mocks, actor, invitation, membership, origin, outage, team};

    fn command() -> ListInvitationsCommand {
        ListInvitationsCommand { team_id: team(1).id, page: PageRequest::first(50) }
    }

    fn mocks(role: Role) -> Mocks {
        let mut mocks = Mocks::default();
        mocks.hold_team(&[membership(1, role)]);
        mocks.invitations.expect_list_by_team().returning(|team, _| {
            let invitation = invitation("new@example.com", Role::Member);
            let delivery_reason = Some("no connection to the mail server".to_owned());
            let listing = InvitationListing { invitation, delivery: Delivery::Queued, delivery_reason };
            let items = Some(listing).filter(|listing| listing.invitation.team_id == team);
            Ok(Page { items: items.into_iter().collect(), next: None })
        });
        mocks
    }

    async fn state_after(age: Duration) -> InvitationState {
        let mocks = mocks(Role::Admin);
        mocks.clock.advance(age);
        let use_case = ListInvitations::new(&mocks.into_dependencies());
        use_case.execute(&actor(), &origin(), command()).await.unwrap().items[0].invitation.state
    }

    #[tokio::test]
    async fn an_invitation_is_pending_until_the_moment_it_expires() {
        assert_eq!(state_after(Duration::days(7) - Duration::MILLISECOND).await, InvitationState::Pending);
        assert_eq!(state_after(Duration::days(7)).await, InvitationState::Expired);
    }

    #[tokio::test]
    async fn what_is_wrong_with_the_operators_mail_server_is_not_told() {
        let use_case = ListInvitations::new(&mocks(Role::Admin).into_dependencies());
        let page = use_case.execute(&actor(), &origin(), command()).await.unwrap();
        assert_eq!(page.items[0].delivery_reason.as_deref(), Some(delivery_reason::OPERATORS));
    }

    #[tokio::test]
    async fn it_takes_an_admin() {
        let use_case = ListInvitations::new(&mocks(Role::Member).into_dependencies());
        let refused = use_case.execute(&actor(), &origin(), command()).await.unwrap_err();
        assert_eq!(refused.code(), "team_admin_required");
    }

    #[tokio::test]
    async fn an_outage_is_neither_an_empty_list_nor_a_refusal() {
        let mut unlisted = mocks(Role::Admin);
        unlisted.invitations.checkpoint();
        unlisted.invitations.expect_list_by_team().returning(|_, _| Err(outage()));
        let mut unread = Mocks::default();
        unread.memberships.expect_find().returning(|_, _| Err(outage()));
        for mocks in [unlisted, unread] {
            let use_case = ListInvitations::new(&mocks.into_dependencies());
            let error = use_case.execute(&actor(), &origin(), command()).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Unavailable);
        }
    }
}
