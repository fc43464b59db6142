//! The mailbox of a developer in a browser: what the service would have mailed. Only where nobody else can look.

pub(crate) mod at_home;
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

/// The mailbox, for requests that may see it; for all others it is not there.
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
        let settings = req.app_data::<web::Data<WebSettings>>();
        let mailbox = settings.and_then(|settings| at_home::mailbox(req, settings));
        ready(mailbox.map(Self).ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND)))
    }
}

#[cfg(test)]
mod tests;
