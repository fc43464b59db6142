//! Addresses that are known, unknown or of an inactive account cost the same.

use countersign_application::admin::update_user::UpdateUserCommand;
use countersign_application::auth::login::LogInCommand;
use countersign_application::auth::request_email_verification::RequestEmailVerificationCommand;
use countersign_application::auth::request_password_reset::RequestPasswordResetCommand;
use countersign_application::policy::Policy;
use countersign_application::teams::list_invitations::ListInvitationsCommand;
use countersign_application::teams::revoke_invitation::RevokeInvitationCommand;
use countersign_application::testing::{email, presented};
use countersign_domain::page::PageRequest;

use crate::persistence::fresh::{Fresh, on_each};
use crate::statement_counts::service::{ORIGIN, PASSWORD, Service};

const KNOWN: &str = "known@example.org";
const UNKNOWN: &str = "unknown@example.org";
const INACTIVE: &str = "inactive@example.org";

async fn service(fresh: &Fresh, policy: Policy) -> Service {
    let service = Box::pin(Service::with(fresh, policy)).await;
    service.register(KNOWN).await;
    service.register(INACTIVE).await;
    let superuser = service.superuser("root@example.org").await;
    let user_id = service.id_of(INACTIVE).await;
    let command = UpdateUserCommand { user_id, is_active: Some(false), is_superuser: None };
    service.application.admin.update_user.execute(&superuser, &ORIGIN, command).await.unwrap();
    service
}

#[tokio::test]
async fn requests_of_mail_cost_the_same_for_every_address() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = service(&fresh, Policy::default()).await;
            let auth = &service.application.auth;
            for address in [KNOWN, UNKNOWN, INACTIVE] {
                let command = RequestPasswordResetCommand { email: email(address) };
                let reset = auth.request_password_reset.execute(&ORIGIN, command);
                service.costs(&format!("a reset for {address}"), (6, 1), reset).await.unwrap();
                let command = RequestEmailVerificationCommand { email: email(address), by: None };
                let verification = auth.request_email_verification.execute(&ORIGIN, command);
                service.costs(&format!("a verification for {address}"), (6, 1), verification).await.unwrap();
            }
        })
    })
    .await;
}

#[tokio::test]
async fn refused_sign_ins_cost_the_same_for_every_address() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = service(&fresh, Policy::default()).await;
            for (address, password) in [(KNOWN, "a wrong guess"), (UNKNOWN, PASSWORD), (INACTIVE, PASSWORD)] {
                let command = LogInCommand { email: email(address), password: presented(password) };
                let refused = service.application.auth.login.execute(&ORIGIN, command);
                service.costs(&format!("a refused sign-in of {address}"), (2, 0), refused).await.unwrap_err();
            }
        })
    })
    .await;
}

#[tokio::test]
async fn where_everybody_has_to_accept_withdrawing_an_invitation_costs_the_same_for_every_address() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = service(&fresh, Policy { add_existing: false, ..Policy::default() }).await;
            let teams = &service.application.teams;
            let actor = service.signed_in("admin@example.org").await;
            let team_id = service.team(&actor).await.id;
            for address in [KNOWN, UNKNOWN, INACTIVE] {
                service.invite(&actor, team_id, address).await;
                let command = ListInvitationsCommand { team_id, page: PageRequest::first(50) };
                let list = teams.list_invitations.execute(&actor, &ORIGIN, command).await.unwrap();
                let invitation_id = list.items.last().unwrap().invitation.id;
                let command = RevokeInvitationCommand { team_id, invitation_id };
                let revoke = teams.revoke_invitation.execute(&actor, &ORIGIN, command);
                service.costs(&format!("withdrawing that of {address}"), (9, 1), revoke).await.unwrap();
            }
        })
    })
    .await;
}

#[tokio::test]
async fn a_concealed_registration_costs_the_same_for_a_taken_and_a_fresh_address() {
    on_each(|fresh| {
        Box::pin(async move {
            let concealed = Policy { conceal_existing: true, ..Policy::default() };
            let service = service(&fresh, concealed).await;
            for address in [KNOWN, UNKNOWN, INACTIVE] {
                service.costs(&format!("registering {address}"), (6, 1), service.register(address)).await;
            }
        })
    })
    .await;
}
