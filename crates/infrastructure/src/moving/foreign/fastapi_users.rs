//! fastapi-users on SQLAlchemy: its one table of accounts, with what people add to it.

use crate::moving::foreign::Reader;
use crate::moving::foreign::user::{Told, names_in};
use crate::moving::foreign::values::id;

pub(super) fn reader(kind: &str) -> Option<Reader> {
    (kind == "user").then_some(Reader {
        needs: &[&["id"], &["email"], &["hashed_password"], &["is_active"], &["is_superuser"], &["is_verified"]],
        read: |cells, decisions| {
            let (first_name, last_name) = names_in(cells);
            let told = Told {
                id: id("fastapi-users", "user", cells.needed(&["id"])?),
                email: cells.text(&["email"]).unwrap_or_default(),
                first_name,
                last_name,
                hash: cells.text(&["hashed_password"]),
                is_active: cells.flag(&["is_active"])?.unwrap_or(true),
                is_superuser: cells.flag(&["is_superuser"])?.unwrap_or(false),
                verified: cells.flag(&["is_verified"])?.unwrap_or(false),
                created_at: cells.time(&["created_at"])?,
            };
            Ok(Some(told.row(decisions)))
        },
    })
}
