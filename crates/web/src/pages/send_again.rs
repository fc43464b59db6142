//! A form that was not taken for a reason that is not in it: its session is over, or it stands on a page of a former one.
//! What was typed is kept on the page that says so, and sent again from there; no cookie, no address and no store has it.
//! Passwords and the tokens of mails are left out: the page of the form asks for them once more.

use actix_web::dev::Payload;
use actix_web::http::header::{HeaderValue, WWW_AUTHENTICATE};
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest as _, HttpMessage as _, HttpRequest, HttpResponse};
use countersign_application::auth::browser_session::FormToken;
use minijinja::context;
use serde::Serialize;

use crate::extract::form::Form;
use crate::pages::finish::wants_pages;
use crate::pages::frame::{Frame, mark};
use crate::pages::page::Field;
use crate::pages::submitted::FORM_TOKEN;
use crate::problem::Problem;

/// Characters of a value that are shown; all of it is sent.
const SHOWN: usize = 200;

/// The fields of the form that this route takes.
#[derive(Clone, Copy)]
pub(crate) struct FormFields(pub(crate) &'static [Field]);

/// What is kept of a form.
#[derive(Clone)]
struct Kept {
    values: Vec<KeptValue>,
    /// Whether something was left out that is asked for again.
    without_secrets: bool,
    /// The half of the form's token by which its account can have it back.
    of_account: Option<String>,
}

#[derive(Clone, Serialize)]
struct KeptValue {
    name: &'static str,
    texts: &'static str,
    value: String,
    is_typed: bool,
}

impl Kept {
    /// Nothing of a form into which nobody typed, such as a button beside a member: that is asked for where it stands.
    fn of(form: &Form, fields: &[Field], of_account: Option<&str>) -> Option<Self> {
        let kept = |field: &Field| {
            let value = form.value(field.name).filter(|_| !field.is_secret())?.to_owned();
            Some(KeptValue { name: field.name, texts: field.texts, value, is_typed: !field.is_unseen() })
        };
        let values: Vec<_> = fields.iter().filter_map(kept).collect();
        let without_secrets = fields.iter().any(Field::is_secret);
        let is_typed_into = values.iter().any(|kept| kept.is_typed && !kept.value.is_empty());
        is_typed_into.then(|| Self { values, without_secrets, of_account: of_account.map(str::to_owned) })
    }
}

/// Keeps what was typed into a form that is refused, for [`page`].
pub(crate) fn keep(req: &HttpRequest, form: &Form) {
    let of_account = form.value(FORM_TOKEN).and_then(FormToken::of_account_alone);
    let fields = req.extensions().get::<FormFields>().copied();
    if let Some(kept) = fields.and_then(|FormFields(fields)| Kept::of(form, fields, of_account)) {
        req.extensions_mut().insert(kept);
    }
}

/// The same for a form of nobody who is signed in, which was not read yet. It came from a page of this service, and was
/// on one of somebody who was signed in; any other could not be sent again.
pub(crate) async fn keep_unread(req: &HttpRequest, payload: &mut Payload) {
    let has_fields = req.extensions().get::<FormFields>().is_some_and(|FormFields(fields)| !fields.is_empty());
    if req.method() != Method::POST || !has_fields || !wants_pages(req) {
        return;
    }
    let Ok(form) = Form::from_request(req, payload).await else { return };
    if form.value(FORM_TOKEN).and_then(FormToken::of_account_alone).is_some() {
        keep(req, &form);
    }
}

/// The page that says what happened, with what was kept. It is shown in words to the account alone whose form it was: the
/// next one at this browser may look at what is in its history.
pub(crate) fn page(frame: &Frame, req: &HttpRequest, problem: &Problem) -> Option<HttpResponse> {
    let Kept { values, without_secrets, of_account } = req.extensions().get::<Kept>().cloned()?;
    let is_seen = |kept: &&KeptValue| kept.is_typed && frame.session.is_some();
    let seen: Vec<_> = values.iter().filter(is_seen).map(|kept| (kept.texts, shortened(&kept.value))).collect();
    let values = context! { alert => true, kept => values, seen, without_secrets, of_account };
    let mut response = frame.answer("send_again.html", problem.status, values);
    mark(&mut response, problem);
    if problem.status == StatusCode::UNAUTHORIZED
        && let Some(challenge) = problem.challenge()
    {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    Some(response)
}

fn shortened(value: &str) -> String {
    let mut chars = value.chars();
    let shown: String = chars.by_ref().take(SHOWN).collect();
    if chars.next().is_some() { format!("{shown}…") } else { shown }
}

#[cfg(test)]
mod tests;
