//! better-auth: `user` with the password out of `account`, and the plugin for organizations. Its columns are in camel
//! case, but where an adapter was told otherwise.

use crate::moving::foreign::cells::Cells;
use crate::moving::foreign::user::{Told, is_admin, names_in, row};
use crate::moving::foreign::values::id;
use crate::moving::foreign::{Decisions, Reader};
use crate::moving::page::Row;

const SYSTEM: &str = "better-auth";
const TEAM: &[&str] = &["organizationId", "organization_id"];
const USER: &[&str] = &["userId", "user_id"];
const CREATED: &[&str] = &["createdAt", "created_at"];
const EXPIRES: &[&str] = &["expiresAt", "expires_at"];
const INVITER: &[&str] = &["inviterId", "inviter_id"];
const VERIFIED: &[&str] = &["emailVerified", "email_verified"];

pub(super) fn reader(kind: &str) -> Option<Reader> {
    Some(match kind {
        "user" => Reader { needs: &[&["id"], &["name"], &["email"], VERIFIED, &["password"]], read: user },
        "team" => Reader { needs: &[&["id"], &["name"]], read: organization },
        "membership" => Reader { needs: &[TEAM, USER, &["role"]], read: member },
        "invitation" => {
            Reader { needs: &[&["id"], TEAM, &["email"], &["role"], &["status"], EXPIRES], read: invitation }
        }
        _ => return None,
    })
}

fn user(cells: &Cells, decisions: &Decisions) -> Result<Option<Row>, String> {
    let (first_name, last_name) = names_in(cells);
    let ban_ends = cells.time(&["banExpires", "ban_expires"])?.is_some_and(|until| until <= decisions.now());
    let told = Told {
        id: id(SYSTEM, "user", cells.needed(&["id"])?),
        email: cells.text(&["email"]).unwrap_or_default(),
        first_name,
        last_name,
        hash: cells.text(&["password"]),
        is_active: ban_ends || !cells.flag(&["banned"])?.unwrap_or(false),
        is_superuser: is_admin(cells),
        verified: cells.flag(VERIFIED)?.unwrap_or(false),
        created_at: cells.time(CREATED)?,
    };
    Ok(Some(told.row(decisions)))
}

fn organization(cells: &Cells, decisions: &Decisions) -> Result<Option<Row>, String> {
    let created_at = cells.time(CREATED)?.unwrap_or_else(|| decisions.now());
    let given = [
        ("id", id(SYSTEM, "team", cells.needed(&["id"])?).into()),
        ("name", cells.text(&["name"]).unwrap_or_default().into()),
        ("created_at", created_at.clone().into()),
        ("updated_at", created_at.into()),
    ];
    Ok(Some(row("team", &given)))
}

/// Whether an owner made the team or came by an address is not told.
fn member(cells: &Cells, decisions: &Decisions) -> Result<Option<Row>, String> {
    let roles = cells.text(&["role"]).unwrap_or_default();
    let given = [
        ("user_id", id(SYSTEM, "user", cells.needed(USER)?).into()),
        ("team_id", id(SYSTEM, "team", cells.needed(TEAM)?).into()),
        ("role", role(roles).into()),
        ("joined_at", cells.time(CREATED)?.unwrap_or_else(|| decisions.now()).into()),
    ];
    Ok(Some(row("membership", &given)))
}

fn invitation(cells: &Cells, decisions: &Decisions) -> Result<Option<Row>, String> {
    let expires_at = cells.time(EXPIRES)?.ok_or_else(|| "expiresAt: a value is required".to_owned())?;
    if cells.text(&["status"]) != Some("pending") || expires_at <= decisions.now() {
        return Ok(None);
    }
    let given = [
        ("id", id(SYSTEM, "invitation", cells.needed(&["id"])?).into()),
        ("team_id", id(SYSTEM, "team", cells.needed(TEAM)?).into()),
        ("email", cells.text(&["email"]).unwrap_or_default().into()),
        ("role", role(cells.text(&["role"]).unwrap_or_default()).into()),
        ("state", "pending".into()),
        ("invited_by", cells.text(INVITER).map(|inviter| id(SYSTEM, "user", inviter)).into()),
        ("created_at", cells.time(CREATED)?.unwrap_or_else(|| decisions.now()).into()),
        ("expires_at", expires_at.into()),
    ];
    Ok(Some(row("invitation", &given)))
}

/// Several are separated by commas. Owners are admins; whoever has a role that is not known here may do nothing special.
fn role(roles: &str) -> &'static str {
    if roles.split(',').any(|role| matches!(role.trim(), "owner" | "admin")) { "admin" } else { "member" }
}
