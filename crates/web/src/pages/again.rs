//! A form that was refused for what became of its session: what was typed into it is at hand to be sent once more, once
//! somebody is signed in anew.

use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};
use minijinja::context;
use serde::Serialize;

use crate::extract::form;
use crate::extract::query::pairs;
use crate::pages::frame::{Frame, encoded, mark};
use crate::pages::sign_in::own_path;
use crate::pages::submitted::FORM_TOKEN;
use crate::problem::Problem;

/// What buttons send along: where there is nothing else, nothing was typed, and pressing them again is as easy.
const PRESSED: [&str; 7] = ["admin", "cursor", "member", "resend", "revoke", "scope", "session_id"];

/// Where signing in leads: for the page that it stood on.
const LEADS: [&str; 2] = ["again", "next"];

/// What was typed, and where it was sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Again {
    /// Without the slash it starts with.
    to: String,
    typed: Vec<Typed>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Typed {
    name: String,
    value: String,
}

impl Again {
    /// Of a form that was read for this request. None where nothing was typed but passwords, which are typed anew.
    pub(crate) fn of(req: &HttpRequest) -> Option<Self> {
        let read = Some(req).filter(|req| req.method() == Method::POST).and_then(form::read_before)?;
        Self::to(req.path().strip_prefix('/')?, read)
    }

    fn to(path: &str, fields: Vec<(String, String)>) -> Option<Self> {
        let is_kept = |name: &str| name != FORM_TOKEN && !name.contains("password") && !LEADS.contains(&name);
        let typed: Vec<_> = fields.into_iter().filter(|(name, _)| is_kept(name)).collect();
        let typed: Vec<_> = typed.into_iter().map(|(name, value)| Typed { name, value }).collect();
        let is_worth_it = typed.iter().any(|typed| !PRESSED.contains(&typed.name.as_str()));
        is_worth_it.then(|| Self { to: path.to_owned(), typed })
    }

    /// For a field of another form, which goes before.
    pub(crate) fn written(&self) -> String {
        let fields: Vec<_> =
            self.typed.iter().map(|typed| format!("{}={}", encoded(&typed.name), encoded(&typed.value))).collect();
        format!("/{}?{}", self.to, fields.join("&"))
    }

    /// Out of such a field; none for what was not written there.
    pub(crate) fn read(written: &str) -> Option<Self> {
        let (path, fields) = written.split_once('?')?;
        Self::to(own_path(path)?, pairs(fields.as_bytes()).ok()?)
    }

    /// The page from which it is sent again, for what stood in the way or for nothing any more.
    pub(crate) fn page(&self, frame: &Frame, problem: Option<&Problem>) -> HttpResponse {
        let status = problem.map_or(StatusCode::OK, |problem| problem.status);
        // The title of an error begins with that word where there is an alert.
        let values = context! {
            to => self.to, typed => self.typed, problem => problem.map(|problem| problem.code), alert => problem.is_some(),
        };
        let mut page = frame.answer("again.html", status, values);
        if let Some(problem) = problem {
            mark(&mut page, problem);
        }
        page
    }
}

#[cfg(test)]
mod tests;
