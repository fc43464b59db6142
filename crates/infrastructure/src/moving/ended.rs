//! What ended here after it was written down elsewhere: an import does not bring it back.
//!
//! That a row is not there can mean that it never was, or that it is there no more. The audit trail tells the two apart,
//! for as long as it is kept.

use std::collections::HashMap;

use countersign_domain::audit::AuditKind;
use sea_orm::{DatabaseTransaction, DbErr};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::moving::page::Row;
use crate::moving::statements::last_events;
use crate::moving::table::Table;

/// What the trail has about the rows of a table.
pub(crate) struct Ends {
    /// The column of the row, and that of the event.
    of: &'static str,
    pub(crate) about: &'static str,
    /// Which events; none are all.
    pub(crate) kinds: &'static [AuditKind],
    since: Since,
    why: &'static str,
}

/// From when on an event counts.
#[derive(Clone, Copy)]
enum Since {
    /// Whenever it was.
    Ever,
    /// From the row's time of this name on; of another system's, whose times need not be so exact, whenever it was.
    Time(&'static str),
    /// From the making of the export on.
    Export,
}

impl Ends {
    /// Those of a table, if there are any.
    pub(crate) fn of(table: &Table) -> Option<Self> {
        use AuditKind::{AccountDeleted, AccountDisowned, AccountPurged, MemberLeft, MemberRemoved, TeamDeleted};
        let ends = |of, about, kinds, since, why| Some(Self { of, about, kinds, since, why });
        match table.name {
            "users" => {
                let kinds = &[AccountDeleted, AccountDisowned, AccountPurged];
                ends("id", "user_id", kinds, Since::Ever, "it was deleted here")
            }
            "teams" => ends("id", "team_id", &[TeamDeleted], Since::Ever, "it was deleted here"),
            "user_teams" => {
                let kinds = &[MemberRemoved, MemberLeft];
                ends("user_id", "user_id", kinds, Since::Time("joined_at"), "it ended here since")
            }
            "sessions" | "one_time_tokens" => {
                ends("user_id", "user_id", &[], Since::Export, "the account was used here since the export was made")
            }
            _ => None,
        }
    }

    /// Tells of each row why it is not to be stored, or nothing. `exported` is when the export was made; there is none of
    /// another system.
    pub(crate) async fn judge(
        &self,
        transaction: &DatabaseTransaction,
        table: &Table,
        rows: impl Iterator<Item = &Row> + Clone,
        exported: Option<OffsetDateTime>,
    ) -> Result<Vec<Option<&'static str>>, DbErr> {
        let value = |row: &Row, name: &str| table.position(name).map_or(Value::Null, |at| row[at].clone());
        let mut ids: Vec<Value> = rows.clone().map(|row| value(row, self.of)).collect();
        ids.dedup();
        let mut last: HashMap<(Value, Value), OffsetDateTime> = HashMap::new();
        for event in last_events(transaction, self, ids).await? {
            // Of a membership it has to be about both.
            let team = if table.name == "user_teams" { event.team } else { Value::Null };
            let at = last.entry((event.about, team)).or_insert(event.at);
            *at = event.at.max(*at);
        }
        Ok(rows
            .map(|row| {
                let team = if table.name == "user_teams" { value(row, "team_id") } else { Value::Null };
                let ended = last.get(&(value(row, self.of), team))?;
                let since = match (self.since, exported) {
                    (Since::Time(name), Some(_)) => time(&value(row, name)),
                    (Since::Export, exported) => exported,
                    (Since::Ever | Since::Time(_), _) => None,
                };
                since.is_none_or(|since| *ended >= since).then_some(self.why)
            })
            .collect())
    }
}

fn time(value: &Value) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(value.as_str()?, &Rfc3339).ok()
}
