//! What the owner of an account does.

use countersign_application::account::confirm_email_change::ConfirmEmailChangeCommand;
use countersign_application::account::delete_account::DeleteAccountCommand;
use countersign_application::account::end_session::EndSessionCommand;
use countersign_application::account::request_email_change::RequestEmailChangeCommand;
use countersign_application::account::update_profile::UpdateProfileCommand;
use countersign_application::auth::disown_account::DisownAccountCommand;
use countersign_application::auth::request_password_reset::RequestPasswordResetCommand;
use countersign_application::auth::reset_password::ResetPasswordCommand;
use countersign_application::auth::revoke_refresh_token::RevokeRefreshTokenCommand;
use countersign_application::testing::{email, name, new_password, presented};

use crate::persistence::fresh::on_each;
use crate::statement_counts::service::{ORIGIN, PASSWORD, Service};

#[tokio::test]
async fn calls_with_a_mailed_token_cost_what_they_should() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Service::on(&fresh).await;
            let (auth, account) = (&service.application.auth, &service.application.account);
            service.register("a@example.org").await;
            service.costs("POST /auth/verify-email", (8, 1), service.verify()).await;

            let command = RequestPasswordResetCommand { email: email("a@example.org") };
            auth.request_password_reset.execute(&ORIGIN, command).await.unwrap();
            let (token, new_password) = (service.mailed_token(), new_password(PASSWORD));
            let reset = auth.reset_password.execute(&ORIGIN, ResetPasswordCommand { token, new_password });
            service.costs("POST /auth/password-reset", (12, 1), reset).await.unwrap();

            let actor = service.actor(&service.login("a@example.org").await).await;
            let (current_password, new_email) = (presented(PASSWORD), email("b@example.org"));
            let command = RequestEmailChangeCommand { current_password, new_email };
            let change = account.request_email_change.execute(&actor, &ORIGIN, command);
            service.costs("POST /auth/change-email", (7, 1), change).await.unwrap();
            let command = ConfirmEmailChangeCommand { token: service.mailed_token() };
            let confirm = account.confirm_email_change.execute(&ORIGIN, command.clone());
            service.costs("POST /auth/confirm-email-change", (13, 1), confirm).await.unwrap();
            let again = account.confirm_email_change.execute(&ORIGIN, command);
            service.costs("a token that is used up", (2, 0), again).await.unwrap_err();

            service.register("stranger@example.org").await;
            let disown = auth.disown_account.execute(&ORIGIN, DisownAccountCommand { token: service.mailed_token() });
            service.costs("POST /auth/disown-account", (16, 1), disown).await.unwrap();
        })
    })
    .await;
}

#[tokio::test]
async fn calls_of_an_owner_cost_what_they_should() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Service::on(&fresh).await;
            let (auth, account) = (&service.application.auth, &service.application.account);
            let actor = service.signed_in("a@example.org").await;
            let command = UpdateProfileCommand { first_name: Some(name("Other")), last_name: None };
            let update = account.update_profile.execute(&actor, &ORIGIN, command.clone());
            service.costs("PATCH /auth/me", (3, 1), update).await.unwrap();

            let other = service.actor(&service.login("a@example.org").await).await;
            let end = account.end_session.execute(&actor, &ORIGIN, EndSessionCommand { session_id: other.session_id });
            service.costs("DELETE /auth/sessions/{id}", (5, 1), end).await.unwrap();
            let refresh_token = service.login("a@example.org").await.refresh_token;
            let revoke = auth.revoke_refresh_token.execute(&ORIGIN, RevokeRefreshTokenCommand { refresh_token });
            service.costs("POST /auth/logout with a refresh token", (4, 1), revoke).await.unwrap();

            let export = account.export_account.execute(&actor, &ORIGIN);
            service.costs("GET /auth/me/export", (8, 0), export).await.unwrap();
            let delete = DeleteAccountCommand { current_password: presented(PASSWORD) };
            let delete = account.delete_account.execute(&actor, &ORIGIN, delete);
            service.costs("POST /auth/delete-account", (15, 1), delete).await.unwrap();
        })
    })
    .await;
}
