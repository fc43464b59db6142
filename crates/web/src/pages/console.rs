//! The console: pages of superusers, for accounts, teams and the audit trail.

mod appoint_admin;
mod asked;
mod audit;
mod change;
mod delete_user;
mod named_event;
mod team;
mod teams;
mod user;
mod users;

use actix_web::http::Method;
use actix_web::{HttpResponse, web};

use crate::pages::frame::Frame;
use crate::routes::{Access, Endpoint};

/// The pages of this module: all of them for superusers.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let page = |name, method, path, handler| Endpoint::page(name, Access::Superuser, method, path, handler);
    let mut endpoints = vec![
        page("console", Method::GET, "/console", || web::to(enter)),
        page("console_users", Method::GET, "/console/users", || web::to(users::show)),
        page("console_user", Method::GET, "/console/users/{id}", || web::to(user::show)),
        page("console_end_sessions", Method::POST, "/console/users/{id}/sessions", || web::to(user::end_sessions)),
        page("console_verification", Method::POST, "/console/users/{id}/verification", || web::to(user::resend)),
        page("console_show_delete", Method::GET, "/console/users/{id}/delete", || web::to(delete_user::show)),
        page("console_delete_user", Method::POST, "/console/users/{id}/delete", || web::to(delete_user::submit)),
        page("console_teams", Method::GET, "/console/teams", || web::to(teams::show)),
        page("console_team", Method::GET, "/console/teams/{team_id}", || web::to(team::show)),
        page("console_show_appoint", Method::GET, "/console/teams/{team_id}/admin", || web::to(appoint_admin::show)),
        page("console_appoint", Method::POST, "/console/teams/{team_id}/admin", || web::to(appoint_admin::submit))
            .keeping(appoint_admin::ASKING.fields),
        page("console_audit", Method::GET, "/console/audit", || web::to(audit::show)),
    ];
    for (show, submit, path) in [
        ("console_show_activate", "console_activate", "/console/users/{id}/change/activate"),
        ("console_show_deactivate", "console_deactivate", "/console/users/{id}/change/deactivate"),
        ("console_show_appoint_user", "console_appoint_user", "/console/users/{id}/change/appoint"),
        ("console_show_dismiss", "console_dismiss", "/console/users/{id}/change/dismiss"),
    ] {
        endpoints.push(page(show, Method::GET, path, || web::to(change::show)));
        endpoints.push(page(submit, Method::POST, path, || web::to(change::submit)));
    }
    endpoints
}

async fn enter(frame: Frame) -> HttpResponse {
    frame.go("console/users")
}

#[cfg(test)]
mod tests;
