//! Supabase: `auth.users`.

use serde_json::{Map, Value};

use crate::moving::foreign::Reader;
use crate::moving::foreign::cells::Cells;
use crate::moving::foreign::user::{Told, names_in};
use crate::moving::foreign::values::id;

pub(super) fn reader(kind: &str) -> Option<Reader> {
    (kind == "user").then_some(Reader {
        needs: &[&["id"], &["email"], &["encrypted_password"], &["email_confirmed_at"], &["created_at"]],
        read: |cells, decisions| {
            if cells.text(&["deleted_at"]).is_some() {
                return Ok(None);
            }
            let (first_name, last_name) = names_in(&metadata(cells));
            let banned_until = cells.text(&["banned_until"]).is_some_and(|until| until == "infinity")
                || cells.time(&["banned_until"]).ok().flatten().is_some_and(|until| until > decisions.now());
            let told = Told {
                id: id("supabase", "user", cells.needed(&["id"])?),
                email: cells.text(&["email"]).unwrap_or_default(),
                first_name,
                last_name,
                hash: cells.text(&["encrypted_password"]),
                is_active: !banned_until,
                is_superuser: false,
                verified: cells.text(&["email_confirmed_at"]).is_some(),
                created_at: cells.time(&["created_at"])?,
            };
            Ok(Some(told.row(decisions)))
        },
    })
}

/// What sign-ups and providers told of the person; whatever cannot be read as that is nothing.
fn metadata(cells: &Cells) -> Cells {
    let text = cells.text(&["raw_user_meta_data"]).unwrap_or_default();
    let members: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
    let texts = members.into_iter().filter_map(|(name, value)| match value {
        Value::String(text) if !text.trim().is_empty() => Some((name, text)),
        _ => None,
    });
    Cells::new(texts)
}
