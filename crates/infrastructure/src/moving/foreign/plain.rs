//! The columns of ours, for systems that have no reader.

use time::Duration;

use crate::moving::foreign::cells::Cells;
use crate::moving::foreign::user::{Told, names_in, row};
use crate::moving::foreign::values::id;
use crate::moving::foreign::{Decisions, Reader};
use crate::moving::page::Row;
use crate::persistence::time_text;

const SYSTEM: &str = "csv";
/// An invitation of which nobody says when it ends.
const EXPIRY: Duration = Duration::days(7);

pub(super) fn reader(kind: &str) -> Option<Reader> {
    Some(match kind {
        "user" => Reader { needs: &[&["id"], &["email"]], read: user },
        "team" => Reader { needs: &[&["id"], &["name"]], read: team },
        "membership" => Reader { needs: &[&["team_id"], &["user_id"], &["role"]], read: member },
        "invitation" => Reader { needs: &[&["team_id"], &["email"], &["role"]], read: invitation },
        _ => return None,
    })
}

fn user(cells: &Cells, decisions: &Decisions) -> Result<Option<Row>, String> {
    let (first_name, last_name) = names_in(cells);
    let told = Told {
        id: id(SYSTEM, "user", cells.needed(&["id"])?),
        email: cells.text(&["email"]).unwrap_or_default(),
        first_name,
        last_name,
        hash: cells.text(&["password_hash"]),
        is_active: cells.flag(&["is_active"])?.unwrap_or(true),
        is_superuser: cells.flag(&["is_superuser"])?.unwrap_or(false),
        verified: cells.flag(&["email_verified"])?.unwrap_or(false),
        created_at: cells.time(&["created_at"])?,
    };
    Ok(Some(told.row(decisions)))
}

fn team(cells: &Cells, decisions: &Decisions) -> Result<Option<Row>, String> {
    let created_at = cells.time(&["created_at"])?.unwrap_or_else(|| decisions.now());
    let given = [
        ("id", id(SYSTEM, "team", cells.needed(&["id"])?).into()),
        ("name", cells.text(&["name"]).unwrap_or_default().into()),
        ("description", cells.text(&["description"]).into()),
        ("created_by", cells.text(&["created_by"]).map(|user| id(SYSTEM, "user", user)).into()),
        ("created_at", created_at.clone().into()),
        ("updated_at", created_at.into()),
    ];
    Ok(Some(row("team", &given)))
}

fn member(cells: &Cells, decisions: &Decisions) -> Result<Option<Row>, String> {
    let given = [
        ("user_id", id(SYSTEM, "user", cells.needed(&["user_id"])?).into()),
        ("team_id", id(SYSTEM, "team", cells.needed(&["team_id"])?).into()),
        ("role", cells.text(&["role"]).into()),
        ("joined_at", cells.time(&["joined_at"])?.unwrap_or_else(|| decisions.now()).into()),
    ];
    Ok(Some(row("membership", &given)))
}

fn invitation(cells: &Cells, decisions: &Decisions) -> Result<Option<Row>, String> {
    let (team, email) = (cells.needed(&["team_id"])?, cells.text(&["email"]).unwrap_or_default());
    let expires_at = cells.time(&["expires_at"])?.unwrap_or_else(|| time_text(decisions.now + EXPIRY));
    if expires_at <= decisions.now() {
        return Ok(None);
    }
    let given = [
        ("id", id(SYSTEM, "invitation", &format!("{team}\0{}", email.to_ascii_lowercase())).into()),
        ("team_id", id(SYSTEM, "team", team).into()),
        ("email", email.into()),
        ("role", cells.text(&["role"]).into()),
        ("state", "pending".into()),
        ("invited_by", cells.text(&["invited_by"]).map(|user| id(SYSTEM, "user", user)).into()),
        ("created_at", cells.time(&["created_at"])?.unwrap_or_else(|| decisions.now()).into()),
        ("expires_at", expires_at.into()),
    ];
    Ok(Some(row("invitation", &given)))
}
