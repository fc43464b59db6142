//! An account out of what another system knows of it.

use serde_json::Value;

use crate::moving::foreign::Decisions;
use crate::moving::foreign::cells::Cells;
use crate::moving::foreign::values::{NO_NAME, flag, names};
use crate::moving::page::Row;
use crate::moving::table::Table;

/// What is told of it.
pub(super) struct Told<'a> {
    pub(super) id: String,
    pub(super) email: &'a str,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) hash: Option<&'a str>,
    pub(super) is_active: bool,
    pub(super) is_superuser: bool,
    pub(super) verified: bool,
    pub(super) created_at: Option<String>,
}

impl Told<'_> {
    /// The row of it. An address that nobody has proven is as of the day of the import: unverified accounts that nobody
    /// uses are deleted by their age.
    pub(super) fn row(self, decisions: &Decisions) -> Row {
        let verified = self.verified || decisions.verified;
        let now = decisions.now();
        let created_at = self.created_at.filter(|_| verified).unwrap_or_else(|| now.clone());
        let local_part = self.email.split('@').next().unwrap_or_default();
        row(
            "user",
            &[
                ("id", self.id.into()),
                ("email", self.email.into()),
                ("first_name", self.first_name.unwrap_or_else(|| local_part.to_owned()).into()),
                ("last_name", self.last_name.unwrap_or_else(|| NO_NAME.to_owned()).into()),
                ("password_hash", self.hash.unwrap_or_default().into()),
                ("is_active", self.is_active.into()),
                ("is_superuser", (self.is_superuser && verified && decisions.superusers).into()),
                ("email_verified", verified.into()),
                ("epoch", 0.into()),
                ("created_at", created_at.into()),
                ("updated_at", now.into()),
            ],
        )
    }
}

/// A row of these values.
pub(super) fn row(kind: &str, given: &[(&str, Value)]) -> Row {
    let columns = Table::of_kind(kind).map(|table| table.columns).unwrap_or_default();
    let value = |name: &str| given.iter().find(|(given, _)| *given == name).map(|(_, value)| value.clone());
    columns.iter().map(|column| value(column.name).unwrap_or(Value::Null)).collect()
}

/// First and last name out of the columns that people add to tables of accounts.
pub(super) fn names_in(cells: &Cells) -> (Option<String>, Option<String>) {
    let text = |names: &[&str]| cells.text(names).map(str::to_owned);
    let (first, last) = (text(&["first_name", "firstName"]), text(&["last_name", "lastName"]));
    match cells.text(&["full_name", "fullName", "name"]).map(names) {
        Some((first_of_all, last_of_all)) if first.is_none() && last.is_none() => {
            (Some(first_of_all), Some(last_of_all))
        }
        _ => (first, last),
    }
}

/// Whether it has a right over all others there.
pub(super) fn was_superuser(table: &Table, cells: &Cells) -> bool {
    let is_set = cells.text(&["is_superuser"]).and_then(flag).unwrap_or(false);
    table.name == "users" && (is_set || is_admin(cells))
}

/// By better-auth's plugin for admins.
pub(super) fn is_admin(cells: &Cells) -> bool {
    cells.text(&["emailVerified", "email_verified"]).is_some()
        && cells.text(&["role"]).is_some_and(|roles| roles.split(',').any(|role| role.trim() == "admin"))
}
