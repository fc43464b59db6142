//! The mailbox of a developer in a browser: what the service would have mailed. Only where nobody else can look, and only
//! for whoever has seen the service start.

pub(crate) mod at_home;
pub(crate) mod key;
mod letter;
mod links;
mod list;
mod mail;

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpRequest, web};
use countersign_application::ports::mailbox::{FiledMail, MailboxReader};
use countersign_domain::ids::MailId;

use crate::problem::Problem;
use crate::routes::{Access, Endpoint};
use crate::settings::WebSettings;

/// The pages of this module.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let page = |name, path, handler| Endpoint::page(name, Access::Open, Method::GET, path, handler);
    vec![
        page("show_mailbox", "/mailbox", || web::to(list::show)),
        page("show_mail", "/mailbox/{id}", || web::to(mail::show)),
        page("show_letter", "/mailbox/{id}/html", || web::to(letter::show)),
    ]
}

/// The mailbox, for requests that come from where it may be seen; for all others it is not there.
pub(crate) struct NearMailbox {
    /// What is in it, for browsers that have shown the key.
    open: Option<OpenMailbox>,
}

impl NearMailbox {
    fn of(req: &HttpRequest) -> Option<Self> {
        let settings = req.app_data::<web::Data<WebSettings>>()?;
        let mailbox = at_home::mailbox(req, settings)?;
        Some(Self { open: Some(OpenMailbox(mailbox)).filter(|_| key::is_shown(req, settings)) })
    }
}

/// The mailbox, for requests that may see it; for all others what is in it is not there.
pub(crate) struct OpenMailbox(Arc<dyn MailboxReader>);

impl OpenMailbox {
    /// The mail that the path names.
    async fn mail(&self, req: &HttpRequest) -> Result<FiledMail, Problem> {
        let not_found = || Problem::of_status(StatusCode::NOT_FOUND);
        let id = req.match_info().get("id").and_then(MailId::parse).ok_or_else(not_found)?;
        self.0.find_by_id(id).await?.ok_or_else(not_found)
    }
}

impl FromRequest for OpenMailbox {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let open = NearMailbox::of(req).and_then(|mailbox| mailbox.open);
        ready(open.ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND)))
    }
}

impl FromRequest for NearMailbox {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(req).ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND)))
    }
}

#[cfg(test)]
mod tests;
