//! Pages for people: signing in, the own account, and where the links in mails lead. Plain pages whose forms POST to
//! this service; looking at one changes nothing and uses nothing up, for mail scanners look at links too. The forms
//! call the same use cases as the API.

mod accept_invitation;
mod account;
mod confirm_email_change;
mod console;
mod disown_account;
mod finish;
mod forgot_password;
mod frame;
mod front;
pub(crate) mod look;
pub(crate) mod mailbox;
pub(crate) mod page;
mod register;
mod reopen;
mod reset_password;
pub(crate) mod same_origin;
pub(crate) mod send_again;
pub(crate) mod session;
mod sign_in;
mod sign_out;
mod stylesheet;
mod submitted;
mod teams;
mod texts;
mod verify_email;
mod way_back;
mod wording;

use actix_web::http::Method;
use actix_web::web;

pub(crate) use crate::pages::finish::{finish, problem_page};
pub(crate) use crate::pages::reopen::reopen;
use crate::routes::{Access, Endpoint};

/// A page for everybody at this path: showing it and submitting its form.
macro_rules! page {
    ($module:ident $path:literal $(keeping $fields:expr)?) => {
        [
            Endpoint::page(concat!("show_", stringify!($module)), Access::Open, Method::GET, $path, || {
                web::to($module::show)
            }),
            Endpoint::page(concat!("submit_", stringify!($module)), Access::Open, Method::POST, $path, || {
                web::to($module::submit)
            })$(.keeping($fields))?,
        ]
    };
}

/// The pages of this module.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let mut endpoints = [
        page!(accept_invitation "/accept-invitation"),
        page!(confirm_email_change "/confirm-email-change"),
        page!(disown_account "/disown-account"),
        page!(forgot_password "/forgot-password" keeping forgot_password::PAGE.fields),
        page!(register "/register"),
        page!(reset_password "/reset-password"),
        page!(sign_in "/sign-in"),
        page!(verify_email "/verify-email"),
    ]
    .concat();
    endpoints.push(Endpoint::page("front", Access::Open, Method::GET, "/", || web::to(front::handle)));
    endpoints
        .push(Endpoint::page("sign_out", Access::SignedIn, Method::POST, "/sign-out", || web::to(sign_out::submit)));
    endpoints.push(Endpoint::file("stylesheet", "/assets/pages.css", || web::to(stylesheet::handle)));
    endpoints.extend(account::endpoints());
    endpoints.extend(teams::endpoints());
    endpoints.extend(mailbox::endpoints());
    endpoints.extend(console::endpoints());
    endpoints
}

#[cfg(test)]
mod tests;
