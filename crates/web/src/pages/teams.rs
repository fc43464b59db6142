//! The teams of whoever is signed in.

mod create;
mod delete;
mod describe;
mod invitations;
mod invite;
mod list;
mod members;
pub(crate) mod part;
mod removal;
mod settings;

use actix_web::http::Method;
use actix_web::web;
use countersign_domain::ids::TeamId;

use crate::routes::{Access, Endpoint};

/// The pages of this module.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    use Access::{MemberRemoval, SignedIn, TeamAdmin, TeamMember};
    let page = |name, access, method, path: &str, handler| {
        Endpoint::page(name, access, method, &format!("/account/teams{path}"), handler)
    };
    let removal = "/{team_id}/members/{user_id}/remove";
    vec![
        page("show_my_teams", SignedIn, Method::GET, "", || web::to(list::show)),
        page("show_new_team", SignedIn, Method::GET, "/new", || web::to(create::show)),
        page("submit_new_team", SignedIn, Method::POST, "/new", || web::to(create::submit)).keeping(describe::FIELDS),
        page("show_members", TeamMember, Method::GET, "/{team_id}", || web::to(members::show)),
        page("submit_role", TeamAdmin, Method::POST, "/{team_id}", || web::to(members::submit)),
        page("show_removal", MemberRemoval, Method::GET, removal, || web::to(removal::show)),
        page("submit_removal", MemberRemoval, Method::POST, removal, || web::to(removal::submit)),
        page("show_invitations", TeamAdmin, Method::GET, "/{team_id}/invitations", || web::to(invitations::show)),
        page("submit_invitations", TeamAdmin, Method::POST, "/{team_id}/invitations", || web::to(invitations::submit))
            .keeping(invite::FIELDS),
        page("show_team_settings", TeamAdmin, Method::GET, "/{team_id}/settings", || web::to(settings::show)),
        page("submit_team_settings", TeamAdmin, Method::POST, "/{team_id}/settings", || web::to(settings::submit))
            .keeping(describe::FIELDS),
        page("show_delete_team", TeamAdmin, Method::GET, "/{team_id}/delete", || web::to(delete::show)),
        page("submit_delete_team", TeamAdmin, Method::POST, "/{team_id}/delete", || web::to(delete::submit))
            .keeping(delete::DELETION.fields),
    ]
}

/// Where a team's page is.
pub(crate) fn path_of(team_id: TeamId) -> String {
    format!("account/teams/{team_id}")
}

#[cfg(test)]
mod tests;
