//! What members and admins of a team do.

use countersign_application::teams::change_role::ChangeRoleCommand;
use countersign_application::teams::delete_team::DeleteTeamCommand;
use countersign_application::teams::list_invitations::ListInvitationsCommand;
use countersign_application::teams::remove_member::RemoveMemberCommand;
use countersign_application::teams::resend_invitation::ResendInvitationCommand;
use countersign_application::teams::revoke_invitation::RevokeInvitationCommand;
use countersign_application::teams::update_team::UpdateTeamCommand;
use countersign_domain::name::TeamName;
use countersign_domain::page::PageRequest;
use countersign_domain::team::TeamChange;
use countersign_domain::team::role::Role;

use crate::persistence::fresh::on_each;
use crate::statement_counts::service::{ORIGIN, Service};

#[tokio::test]
async fn calls_on_a_team_and_its_members_cost_what_they_should() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Service::on(&fresh).await;
            let teams = &service.application.teams;
            let actor = service.signed_in("a@example.org").await;
            service.register("b@example.org").await;
            let (team_id, user_id) = (service.team(&actor).await.id, service.id_of("b@example.org").await);
            service.invite(&actor, team_id, "b@example.org").await;

            let change = TeamChange { name: Some(TeamName::parse("Looms").unwrap()), description: None };
            let update = teams.update_team.execute(&actor, &ORIGIN, UpdateTeamCommand { team_id, change });
            service.costs("PATCH /teams/{id}", (4, 1), update).await.unwrap();
            let command = ChangeRoleCommand { team_id, user_id, role: Role::Admin };
            let change = teams.change_role.execute(&actor, &ORIGIN, command);
            service.costs("PATCH /teams/{id}/members/{id}", (9, 1), change).await.unwrap();
            let remove = teams.remove_member.execute(&actor, &ORIGIN, RemoveMemberCommand { team_id, user_id });
            service.costs("DELETE /teams/{id}/members/{id}", (9, 1), remove).await.unwrap();
            let delete = teams.delete_team.execute(&actor, &ORIGIN, DeleteTeamCommand { team_id });
            service.costs("DELETE /teams/{id}", (4, 1), delete).await.unwrap();
        })
    })
    .await;
}

#[tokio::test]
async fn calls_on_invitations_cost_what_they_should() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Service::on(&fresh).await;
            let teams = &service.application.teams;
            let actor = service.signed_in("a@example.org").await;
            let team_id = service.team(&actor).await.id;
            service.invite(&actor, team_id, "guest@example.org").await;

            let command = ListInvitationsCommand { team_id, page: PageRequest::first(50) };
            let list = teams.list_invitations.execute(&actor, &ORIGIN, command);
            let list = service.costs("GET /teams/{id}/invitations", (1, 0), list).await.unwrap();
            let invitation_id = list.items[0].invitation.id;
            let command = ResendInvitationCommand { team_id, invitation_id };
            let resend = teams.resend_invitation.execute(&actor, &ORIGIN, command);
            service.costs("POST /teams/{id}/invitations/{id}/resend", (8, 1), resend).await.unwrap();
            let command = || RevokeInvitationCommand { team_id, invitation_id };
            let revoke = teams.revoke_invitation.execute(&actor, &ORIGIN, command());
            service.costs("DELETE /teams/{id}/invitations/{id}", (9, 1), revoke).await.unwrap();
            let again = teams.revoke_invitation.execute(&actor, &ORIGIN, command());
            service.costs("DELETE /teams/{id}/invitations/{id} again", (1, 0), again).await.unwrap();
        })
    })
    .await;
}
