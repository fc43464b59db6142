//! The pages of the own account.

mod change_email;
mod change_password;
mod delete;
mod export;
mod profile;
mod program;
mod sessions;
mod verification;

use actix_web::http::Method;
use actix_web::web;

use crate::routes::{Access, Endpoint};

/// The pages of this module: all of them for whoever is signed in.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let page = |name, method, path, handler| Endpoint::page(name, Access::SignedIn, method, path, handler);
    vec![
        page("show_account", Method::GET, "/account", || web::to(profile::show)),
        page("submit_name", Method::POST, "/account", || web::to(profile::submit)).keeping(profile::NAME.fields),
        page("submit_verification", Method::POST, "/account/verification", || web::to(verification::submit)),
        page("show_change_email", Method::GET, "/account/email", || web::to(change_email::show)),
        page("submit_change_email", Method::POST, "/account/email", || web::to(change_email::submit))
            .keeping(change_email::PAGE.fields),
        page("show_change_password", Method::GET, "/account/password", || web::to(change_password::show)),
        page("submit_change_password", Method::POST, "/account/password", || web::to(change_password::submit)),
        page("show_sessions", Method::GET, "/account/sessions", || web::to(sessions::show)),
        page("submit_sessions", Method::POST, "/account/sessions", || web::to(sessions::submit)),
        page("submit_export", Method::POST, "/account/export", || web::to(export::submit)),
        page("show_delete_account", Method::GET, "/account/delete", || web::to(delete::show)),
        page("submit_delete_account", Method::POST, "/account/delete", || web::to(delete::submit)),
    ]
}
