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

/// Octets that are kept of a form, in all: what twenty of the longest addresses with a name each need, and twice a
/// description of a thousand letters of any script. Anybody may have this page made, and be sent all of it escaped.
const MOST: usize = 10 * 1024;

/// The fields of the form that this route takes.
#[derive(Clone, Copy)]
pub(crate) struct FormFields(pub(crate) &'static [Field]);

/// What is kept of a form.
#[derive(Clone, Default)]
struct Kept {
    values: Vec<KeptValue>,
    /// Whether there was more than may be kept, so that nothing is.
    is_too_long: bool,
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
    #[serde(skip)]
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
        if !values.iter().any(|kept| kept.is_typed && !kept.value.is_empty()) {
            return None;
        }
        if values.iter().map(|kept| kept.value.len()).sum::<usize>() > MOST {
            return Some(Self { is_too_long: true, ..Self::default() });
        }
        let without_secrets = fields.iter().any(Field::is_secret);
        Some(Self { values, without_secrets, of_account: of_account.map(str::to_owned), is_too_long: false })
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
/// next one at this browser may look at what is in its history. Before it is sent, all that goes is shown, whole: the page
/// before may have stood open to somebody else, who has put something else into what nobody sees.
pub(crate) fn page(frame: &Frame, req: &HttpRequest, problem: &Problem) -> Option<HttpResponse> {
    let Kept { values, is_too_long, without_secrets, of_account } = req.extensions().get::<Kept>().cloned()?;
    let is_seen = frame.session.is_some();
    let values = context! { alert => true, kept => values, is_seen, is_too_long, without_secrets, of_account };
    let mut response = frame.answer("send_again.html", problem.status, values);
    mark(&mut response, problem);
    if problem.status == StatusCode::UNAUTHORIZED
        && let Some(challenge) = problem.challenge()
    {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    Some(response)
}

#[cfg(test)]
mod tests;
