//! What superusers do.

use countersign_application::admin::appoint_team_admin::AppointTeamAdminCommand;
use countersign_application::admin::delete_user::DeleteUserCommand;
use countersign_application::admin::end_user_sessions::EndUserSessionsCommand;
use countersign_application::admin::list_audit_events::ListAuditEventsCommand;
use countersign_application::admin::list_teams::ListTeamsCommand;
use countersign_application::admin::list_users::ListUsersCommand;
use countersign_application::admin::show_user::ShowUserCommand;
use countersign_application::admin::update_user::UpdateUserCommand;
use countersign_application::ports::audit_log::AuditFilter;
use countersign_domain::page::PageRequest;

use crate::persistence::fresh::on_each;
use crate::statement_counts::service::{ORIGIN, Service};

#[tokio::test]
async fn lists_of_superusers_cost_their_reads_and_an_event() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Service::on(&fresh).await;
            let admin = &service.application.admin;
            let actor = service.superuser("root@example.org").await;
            let page = PageRequest::first(50);
            let list = admin.list_users.execute(&actor, &ORIGIN, ListUsersCommand { search: None, page });
            service.costs("GET /admin/users", (2, 0), list).await.unwrap();
            let list = admin.list_teams.execute(&actor, &ORIGIN, ListTeamsCommand { search: None, page });
            // The second tells which of the page have an admin.
            service.costs("GET /admin/teams", (3, 0), list).await.unwrap();
            let show = admin.show_user.execute(&actor, &ORIGIN, ShowUserCommand::Id(actor.id()));
            service.costs("GET /admin/users/{id}", (2, 0), show).await.unwrap();
            let mut filter = AuditFilter::default();
            let list = admin.list_audit_events.execute(&actor, &ORIGIN, ListAuditEventsCommand { filter, page });
            service.costs("GET /admin/audit", (2, 0), list).await.unwrap();
            filter.user_id = Some(actor.id());
            let list = admin.list_audit_events.execute(&actor, &ORIGIN, ListAuditEventsCommand { filter, page });
            service.costs("GET /admin/audit of an account", (3, 0), list).await.unwrap();
        })
    })
    .await;
}

#[tokio::test]
async fn acts_of_superusers_cost_what_they_should() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Service::on(&fresh).await;
            let admin = &service.application.admin;
            let actor = service.superuser("root@example.org").await;
            let owner = service.signed_in("owner@example.org").await;
            service.register("member@example.org").await;
            service.verify().await;
            let member = service.id_of("member@example.org").await;
            let (team_id, user_id) = (service.team(&owner).await.id, owner.id());
            service.invite(&owner, team_id, "member@example.org").await;

            let end = admin.end_user_sessions.execute(&actor, &ORIGIN, EndUserSessionsCommand { user_id });
            service.costs("DELETE /admin/users/{id}/sessions", (7, 1), end).await.unwrap();
            let set_active = |user_id, active| {
                let command = UpdateUserCommand { user_id, is_active: Some(active), is_superuser: None };
                admin.update_user.execute(&actor, &ORIGIN, command)
            };
            service.costs("deactivating a member", (9, 1), set_active(member, false)).await.unwrap();
            service.costs("deactivating the last admin", (11, 1), set_active(user_id, false)).await.unwrap();
            service.costs("activating a member", (5, 1), set_active(member, true)).await.unwrap();
            let command = AppointTeamAdminCommand { team_id, user_id: member };
            let appoint = admin.appoint_team_admin.execute(&actor, &ORIGIN, command);
            service.costs("PATCH /admin/teams/{id}/members/{id}", (7, 1), appoint).await.unwrap();
            let delete = admin.delete_user.execute(&actor, &ORIGIN, DeleteUserCommand { user_id });
            service.costs("DELETE /admin/users/{id}", (16, 1), delete).await.unwrap();
        })
    })
    .await;
}
