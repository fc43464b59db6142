//! Where the links in mails lead: plain pages whose form POSTs to the same address. Looking at one uses nothing up,
//! for mail scanners look at links too. The forms call the same use cases as the API.

mod accept_invitation;
mod confirm_email_change;
mod disown_account;
mod front;
mod page;
mod reset_password;
mod stylesheet;
mod verify_email;

use actix_web::http::Method;
use actix_web::web;

use crate::routes::Endpoint;

/// A page at this path: showing it and submitting its form.
macro_rules! page {
    ($module:ident $path:literal) => {
        [
            Endpoint::page(concat!("show_", stringify!($module)), Method::GET, $path, || web::to($module::show)),
            Endpoint::page(concat!("submit_", stringify!($module)), Method::POST, $path, || web::to($module::submit)),
        ]
    };
}

/// The pages of this module.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = [
        page!(accept_invitation "/accept-invitation"),
        page!(confirm_email_change "/confirm-email-change"),
        page!(disown_account "/disown-account"),
        page!(reset_password "/reset-password"),
        page!(verify_email "/verify-email"),
    ]
    .concat();
    endpoints.push(Endpoint::page("front", Method::GET, "/", || web::to(front::handle)));
    endpoints.push(Endpoint::page("stylesheet", Method::GET, "/assets/pages.css", || web::to(stylesheet::handle)));
    endpoints
}

#[cfg(test)]
mod tests;
