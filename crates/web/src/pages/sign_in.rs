//! `/sign-in`

use actix_web::{HttpRequest, HttpResponse, web};
use countersign_application::Application;
use countersign_application::auth::login::LogInCommand;
use countersign_application::auth::logout::{LogOutCommand, LogoutScope};

use crate::auth::login::LogInBody;
use crate::extract::form::Form;
use crate::extract::{Fields, FromFields, QueryFields, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Page, is_whole};
use crate::pages::session;
use crate::pages::submitted::Submitted;

const PAGE: Page = Page {
    name: "sign_in",
    fields: &[Field::email("email", "username"), Field::password("password"), Field::hidden("next")],
};

/// Where whoever signs in is led, unless they came from elsewhere.
const HOME: &str = "account";

/// The page that asked for signing in.
pub(crate) struct Asked(Option<String>);

impl FromFields for Asked {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self(fields.optional_text("next")))
    }
}

pub(crate) async fn show(req: HttpRequest, frame: Frame, QueryFields(Asked(next)): QueryFields<Asked>) -> HttpResponse {
    let next = next.filter(|next| own_path(next).is_some());
    if frame.session.is_some() {
        return match (next.as_deref().and_then(own_path), &frame.done) {
            (None, Some(done)) => frame.go_saying(HOME, done),
            (next, _) => frame.go(next.unwrap_or(HOME)),
        };
    }
    session::forget_dead(&req);
    PAGE.form(&frame, &Form(next.map(|next| ("next".to_owned(), next)).into_iter().collect()), None)
}

pub(crate) async fn submit(
    req: HttpRequest,
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Submitted(form): Submitted,
) -> HttpResponse {
    PAGE.submit(&frame, &form, async |LogInBody { email, password }| {
        let tokens = application.auth.login.execute(&origin, LogInCommand { email, password }).await?;
        session::keep(&req, &application.auth.browser_sessions.keep(&tokens)?);
        if let Some(former) = &frame.session {
            // Its cookie is gone from here: nobody would sign it out any more.
            let command = LogOutCommand { scope: LogoutScope::Local };
            if let Err(error) = application.auth.logout.execute(&former.actor, &origin, command).await {
                tracing::error!(error = &error as &dyn std::error::Error, "the session signed in over was not ended");
            }
        }
        Ok(Done::Led(frame.go(form.value("next").and_then(own_path).unwrap_or(HOME))))
    })
    .await
}

/// A path of this service without the slash, with the token of a mail or without one: neither another host's nor what a
/// browser would read as one.
pub(crate) fn own_path(next: &str) -> Option<&str> {
    let whole = next.strip_prefix('/')?;
    let (path, is_link) = whole.split_once("?token=").map_or((whole, true), |(path, token)| (path, is_whole(token)));
    let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'/' | b'-' | b'_' | b'.' | b'~');
    (is_link && !path.starts_with('/') && path.bytes().all(is_plain)).then_some(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_elsewhere() {
        assert_eq!(own_path("/account/sessions"), Some("account/sessions"));
        let link = "accept-invitation?token=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        assert_eq!(own_path(&format!("/{link}")), Some(link));
        for elsewhere in [
            "https://x.example",
            "//x.example",
            "/\\x.example",
            "/%2fx",
            "/a:b",
            "/a?b",
            "/a?token=b",
            "/a?token=",
            "/a\r\nb",
            "account",
        ] {
            assert_eq!(own_path(elsewhere), None, "{elsewhere}");
        }
    }
}
