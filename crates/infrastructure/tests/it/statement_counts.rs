//! What calls cost: the whole application over a real database. A call that costs more or less than here is looked at.

mod account;
mod admin;
mod alike;
pub(crate) mod service;
mod teams;

use countersign_application::account::change_password::ChangePasswordCommand;
use countersign_application::account::update_profile::UpdateProfileCommand;
use countersign_application::auth::logout::{LogOutCommand, LogoutScope};
use countersign_application::auth::refresh::RefreshCommand;
use countersign_application::teams::accept_invitation::AcceptInvitationCommand;
use countersign_application::teams::change_role::ChangeRoleCommand;
use countersign_application::teams::list_members::ListMembersCommand;
use countersign_application::teams::list_my_teams::ListMyTeamsCommand;
use countersign_application::teams::show_team::ShowTeamCommand;
use countersign_application::testing::{name, new_password, origin, presented};
use countersign_domain::page::PageRequest;
use countersign_domain::team::role::Role;

use crate::persistence::fresh::on_each;
use crate::statement_counts::service::{ORIGIN, PASSWORD, Service};

#[tokio::test]
async fn a_warm_look_at_oneself_asks_the_database_nothing() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Service::on(&fresh).await;
            service.register("a@example.org").await;
            let tokens = service.login("a@example.org").await;
            let actor = service.actor(&tokens).await;
            let team = service.team(&actor).await;
            let cold = service.me(&tokens).await;
            assert_eq!(cold.teams.len(), 1);
            for _ in 0..3 {
                let warm = service.costs("GET /auth/me", (0, 0), service.me(&tokens)).await;
                assert_eq!(warm, cold);
            }
            let show =
                || service.application.teams.show_team.execute(&actor, &ORIGIN, ShowTeamCommand { team_id: team.id });
            show().await.unwrap();
            let shown = service.costs("GET /teams/{id}", (0, 0), show()).await.unwrap();
            assert_eq!(shown, team);
        })
    })
    .await;
}

#[tokio::test]
async fn a_write_is_seen_by_the_next_read() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Service::on(&fresh).await;
            service.register("a@example.org").await;
            service.register("b@example.org").await;
            let (first, second) = (service.login("a@example.org").await, service.login("b@example.org").await);
            let (a, b) = (service.actor(&first).await, service.actor(&second).await);
            assert_eq!(service.me(&first).await.teams.len() + service.me(&second).await.teams.len(), 0);

            let command = UpdateProfileCommand { first_name: Some(name("Other")), last_name: None };
            service.application.account.update_profile.execute(&a, &origin(), command).await.unwrap();
            assert_eq!(service.me(&first).await.user.first_name, name("Other"));

            let team = service.team(&a).await;
            assert_eq!(service.me(&first).await.teams.len(), 1);
            service.invite(&a, team.id, "b@example.org").await;
            assert_eq!(service.me(&second).await.teams.len(), 1);
            assert_eq!(service.me(&second).await.teams[0].membership.role, Role::Member);
            let command = ChangeRoleCommand { team_id: team.id, user_id: b.id(), role: Role::Admin };
            service.application.teams.change_role.execute(&a, &origin(), command).await.unwrap();
            assert_eq!(service.me(&second).await.teams[0].membership.role, Role::Admin);

            let command = LogOutCommand { scope: LogoutScope::Local };
            service.application.auth.logout.execute(&a, &origin(), command).await.unwrap();
            let authenticate = &service.application.auth.authenticate;
            assert!(authenticate.execute(first.access_token.expose()).await.is_err());
            assert!(authenticate.execute(second.access_token.expose()).await.is_ok());
        })
    })
    .await;
}

#[tokio::test]
async fn each_main_call_costs_what_it_should() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Service::on(&fresh).await;
            let application = &service.application;
            service.costs("POST /auth/register", (6, 1), service.register("a@example.org")).await;
            service.costs("POST /auth/login", (8, 1), service.login("a@example.org")).await;
            let tokens = service.costs("POST /auth/login again", (8, 1), service.login("a@example.org")).await;
            service.costs("a first look at oneself", (3, 0), service.me(&tokens)).await;
            let command = RefreshCommand { refresh_token: tokens.refresh_token.clone() };
            // One less once the address is verified.
            let tokens = service
                .costs("POST /auth/refresh", (5, 1), application.auth.refresh.execute(&origin(), command))
                .await
                .unwrap();
            let actor = service.costs("a refreshed token", (0, 0), service.actor(&tokens)).await;
            let team = service.costs("POST /teams", (5, 1), service.team(&actor)).await;
            service.register("b@example.org").await;
            let command = ShowTeamCommand { team_id: team.id };
            application.teams.show_team.execute(&actor, &ORIGIN, command).await.unwrap();
            service.costs("inviting an account", (11, 1), service.invite(&actor, team.id, "b@example.org")).await;
            service.costs("inviting an address", (10, 1), service.invite(&actor, team.id, "c@example.org")).await;
            let page = || PageRequest::first(50);
            let members = application.teams.list_members.execute(
                &actor,
                &ORIGIN,
                ListMembersCommand { team_id: team.id, page: page() },
            );
            assert_eq!(service.costs("GET /teams/{id}/members", (1, 0), members).await.unwrap().items.len(), 2);
            let teams = application.teams.list_my_teams.execute(&actor, ListMyTeamsCommand { page: page() });
            assert_eq!(service.costs("GET /auth/teams", (1, 0), teams).await.unwrap().items.len(), 1);
            let sessions = application.account.list_sessions.execute(&actor);
            assert_eq!(service.costs("GET /auth/sessions", (1, 0), sessions).await.unwrap().len(), 2);
            let command = LogOutCommand { scope: LogoutScope::Local };
            let logout = application.auth.logout.execute(&actor, &ORIGIN, command);
            service.costs("POST /auth/logout", (3, 1), logout).await.unwrap();
            let jwks = application.keys.publish_keys.execute();
            assert_eq!(service.costs("GET /.well-known/jwks.json", (0, 0), jwks).await.unwrap().len(), 1);
        })
    })
    .await;
}

#[tokio::test]
async fn accepting_and_changing_the_password_cost_what_they_should() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Service::on(&fresh).await;
            service.register("a@example.org").await;
            let tokens = service.login("a@example.org").await;
            let actor = service.actor(&tokens).await;
            let team = service.team(&actor).await;
            service.register("b@example.org").await;
            let invited = service.actor(&service.login("b@example.org").await).await;
            service.invite(&actor, team.id, "b@example.org").await;
            let command = AcceptInvitationCommand { token: service.mailed_token(), actor: Some(invited) };
            let accepted = service.application.teams.accept_invitation.execute(&ORIGIN, command);
            service.costs("POST /teams/accept-invitation", (11, 1), accepted).await.unwrap();
            let command = ChangePasswordCommand {
                current_password: presented(PASSWORD),
                new_password: new_password("eight green bottles"),
            };
            let change = service.application.account.change_password.execute(&actor, &ORIGIN, command);
            service.costs("POST /auth/change-password", (9, 1), change).await.unwrap();
        })
    })
    .await;
}
