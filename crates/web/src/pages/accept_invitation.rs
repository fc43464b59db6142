//! `/accept-invitation`: joins with the account of the invited address, or registers one first.

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::register::{RegisterCommand, Registration};
use countersign_application::teams::accept_invitation::{AcceptInvitationCommand, AcceptInvitationError};
use countersign_domain::audit::Origin;
use minijinja::context;

use crate::auth::register::RegisterBody;
use crate::extract::form::Form;
use crate::extract::{Fields, FromFields, QueryFields, RequestOrigin};
use crate::pages::frame::{Frame, encoded};
use crate::pages::page::{Done, Field, Linked, Page, Surrounded, TokenOnly, is_whole};
use crate::pages::submitted::Submitted;

const JOIN: Page = Page { name: "join_team", fields: &[Field::token()] };

const REGISTER: Page = Page {
    name: "register_to_join",
    fields: &[
        Field::token(),
        Field::text("first_name", "given-name"),
        Field::text("last_name", "family-name"),
        Field::email("email", "username").called("invited_email"),
        Field::new_password("password").called("chosen_password"),
    ],
};

struct RegistrationForm(RegisterCommand);

impl FromFields for RegistrationForm {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let token = fields.secret("token");
        let registrant = RegisterCommand::from(RegisterBody::from_fields(fields)?);
        Some(Self(RegisterCommand { invitation_token: Some(token?), ..registrant }))
    }
}

/// The form, with the way to another account and back to this invitation.
fn with_ways(page: Page, token: Option<&str>) -> Surrounded {
    let link = token.filter(|token| is_whole(token)).map(|token| format!("/accept-invitation?token={token}"));
    let sign_in = link.as_deref().map(|link| format!("sign-in?next={}", encoded(link)));
    page.within("join_team.html", context! { link, sign_in })
}

pub(crate) async fn show(frame: Frame, QueryFields(link): QueryFields<Linked>) -> HttpResponse {
    let token = link.token.as_deref();
    with_ways(JOIN, token).show_linked(&frame, token)
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Submitted(form): Submitted,
) -> HttpResponse {
    if form.value("email").is_some() {
        return register(&application, &frame, &origin, &form).await;
    }
    let mut account_required = false;
    let token = form.value("token");
    let answer = with_ways(JOIN, token)
        .submit(&frame, &form, async |TokenOnly(token)| {
            let actor = frame.session.as_ref().map(|session| session.actor.clone());
            let command = AcceptInvitationCommand { token, actor };
            let accepted = application.teams.accept_invitation.execute(&origin, command).await;
            account_required = matches!(accepted, Err(AcceptInvitationError::AccountRequired));
            accepted?;
            // Whether the address of an account is verified is told to its owner alone.
            Ok(Done::Told(if frame.session.is_some() { "joined" } else { "accepted" }))
        })
        .await;
    if account_required { with_ways(REGISTER, token).form(&frame, &form, None) } else { answer }
}

async fn register(application: &Application, frame: &Frame, origin: &Origin, form: &Form) -> HttpResponse {
    with_ways(REGISTER, form.value("token"))
        .submit(frame, form, async |RegistrationForm(command)| {
            Ok(Done::Told(match application.auth.register.execute(origin, command).await? {
                Registration::Registered(_) => "registered",
                Registration::Concealed => "concealed",
            }))
        })
        .await
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{Mocks, invitation, user};
    use countersign_domain::audit::AuditKind;
    use countersign_domain::team::role::Role;

    use crate::testing::{FORM_TOKEN, call, in_browser, sign_in};

    /// As mails carry them.
    const MAILED: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    fn signed_in() -> Mocks {
        let mut mocks = Mocks::default();
        sign_in(&mut mocks, &user(1));
        mocks
    }

    fn link() -> TestRequest {
        TestRequest::get().uri(&format!("/accept-invitation?token={MAILED}"))
    }

    #[actix_web::test]
    async fn whoever_is_signed_in_sees_as_whom_and_the_way_to_another_account() {
        let page = call(signed_in(), in_browser(link())).await;
        assert!(page.text.contains("You are signed in as <strong>user1@example.com</strong>."), "{}", page.text);
        assert!(page.text.contains(">Join</button>") && page.text.contains("action=\"sign-out\""), "{}", page.text);
        let back = format!("name=\"next\" value=\"&#x2f;accept-invitation?token={MAILED}\"");
        assert!(page.text.contains(&back), "{}", page.text);
        assert!(page.text.contains("Sign out and use another account"), "{}", page.text);
    }

    #[actix_web::test]
    async fn whoever_is_not_may_sign_in_first_and_come_back() {
        let page = call(Mocks::default(), link()).await;
        let there = format!("sign-in?next=/accept-invitation%3Ftoken%3D{MAILED}");
        assert!(page.text.replace("&#x2f;", "/").contains(&format!("href=\"{there}\"")), "{}", page.text);
        let sign_in = call(Mocks::default(), TestRequest::get().uri(&format!("/{there}"))).await;
        let back = format!("name=\"next\" value=\"/accept-invitation?token={MAILED}\"");
        assert!(sign_in.text.replace("&#x2f;", "/").contains(&back), "{}", sign_in.text);
        // Signed in meanwhile, in another window.
        let answer = call(signed_in(), in_browser(TestRequest::get().uri(&format!("/{there}")))).await;
        assert_eq!(answer.header("location"), Some(&*format!("./accept-invitation?token={MAILED}")));
    }

    #[actix_web::test]
    async fn the_invitation_of_another_account_is_told_and_only_the_way_to_that_one_is_left() {
        let mut mocks = signed_in();
        mocks.invitations.expect_find_by_digest().returning(|_| Ok(Some(invitation("new@example.com", Role::Member))));
        let recorded = mocks.recorded.clone();
        let form = [("token", MAILED), ("form_token", FORM_TOKEN)];
        let page = call(mocks, in_browser(TestRequest::post().uri("/accept-invitation").set_form(form))).await;
        assert_eq!(page.status, 403);
        assert!(page.text.contains("for another e-mail address") && page.text.contains("user1@example.com"));
        assert!(!page.text.contains(">Join</button>") && !page.text.contains("new@example.com"), "{}", page.text);
        assert!(page.text.contains("Sign out and use another account"), "{}", page.text);
        assert_eq!(recorded.audited(), [AuditKind::AccessDenied]);
    }
}
