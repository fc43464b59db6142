//! A batch of records on their way into one table.

use std::collections::{HashMap, HashSet};

use countersign_application::ports::id_generator::IdGenerator as _;
use countersign_application::ports::secret_generator::SecretGenerator;
use countersign_domain::audit::AuditKind;
use sea_orm::{DatabaseTransaction, DbErr};
use serde_json::Value;
use time::OffsetDateTime;

use crate::moving::ended::Ends;
use crate::moving::hex;
use crate::moving::page::{Row, Selection, key_of};
use crate::moving::record::{Place, Record};
use crate::moving::report::Report;
use crate::moving::rules::{Fields, apply};
use crate::moving::statements::{find, find_ids, insert};
use crate::moving::table::Table;
use crate::security::NO_PASSWORD;
use crate::system::UuidV7Generator;

type Key = Vec<Value>;

/// How records of this source are taken.
#[derive(Clone, Copy)]
pub(crate) struct Manner<'a> {
    /// What is there already has to be the same in every column, or it is a conflict. Of what another system wrote the id
    /// is enough: here it has a life of its own.
    pub(crate) exact: bool,
    /// Whether the source has secrets.
    pub(crate) secrets: bool,
    /// When it was written, by an export.
    pub(crate) exported: Option<OffsetDateTime>,
    /// For tokens that nobody has.
    pub(crate) random: &'a dyn SecretGenerator,
}

/// Records of one table that go in together.
pub(crate) struct Batch<'a> {
    table: &'static Table,
    manner: Manner<'a>,
    rows: Vec<(Place, Row)>,
}

impl<'a> Batch<'a> {
    /// Sorts out what breaks a rule by itself.
    pub(crate) fn of(table: &'static Table, records: Vec<Record>, manner: Manner<'a>, report: &mut Report) -> Self {
        let mut rows = Vec::with_capacity(records.len());
        for Record { place, row, .. } in records {
            report.of(table).read += 1;
            match row.and_then(|row| settled(table, row, manner)) {
                Ok(row) => rows.push((place, row)),
                Err(why) => report.refuse(table, place, why),
            }
        }
        Self { table, manner, rows }
    }

    /// Stores what is new, and reports the rest.
    pub(crate) async fn store(mut self, transaction: &DatabaseTransaction, report: &mut Report) -> Result<(), DbErr> {
        self.refuse_doubles(report);
        self.leave_out_present(transaction, report).await?;
        self.refuse_ended(transaction, report).await?;
        self.refuse_strays(transaction, report).await?;
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows: Vec<&Row> = self.rows.iter().map(|(_, row)| row).collect();
        let stored: HashSet<Key> = insert(transaction, self.table, &rows).await?.into_iter().collect();
        let mut granted = Vec::new();
        for (place, row) in self.rows {
            if stored.contains(&key_of(self.table, &row)) {
                granted.extend((!self.manner.exact).then(|| superuser_granted(self.table, &row)).flatten());
                count(self.table, row, report);
            } else {
                report.refuse(self.table, place, taken(self.table));
            }
        }
        if let Some(trail) = Table::named("audit_events").filter(|_| !granted.is_empty()) {
            insert(transaction, trail, &granted.iter().collect::<Vec<_>>()).await?;
        }
        Ok(())
    }

    /// Two lines of one key.
    fn refuse_doubles(&mut self, report: &mut Report) {
        let (table, mut seen) = (self.table, HashSet::new());
        self.rows = std::mem::take(&mut self.rows)
            .into_iter()
            .filter_map(|(place, row)| {
                if seen.insert(key_of(table, &row)) {
                    return Some((place, row));
                }
                report.refuse(table, place, "another line is about the same");
                None
            })
            .collect();
    }

    async fn leave_out_present(&mut self, transaction: &DatabaseTransaction, report: &mut Report) -> Result<(), DbErr> {
        let keys = self.rows.iter().map(|(_, row)| key_of(self.table, row)).collect();
        let selection = Selection { table: self.table, secrets: true };
        let mut present = HashMap::new();
        for row in find(transaction, self.table, keys).await? {
            let row = selection.read(&row)?;
            present.insert(key_of(self.table, &row), row);
        }
        for (place, row) in std::mem::take(&mut self.rows) {
            match present.get(&key_of(self.table, &row)) {
                None => self.rows.push((place, row)),
                Some(there) if !self.manner.exact || self.is_same(there, &row) => {
                    report.of(self.table).present += 1;
                }
                Some(_) => report.refuse(self.table, place, "it is there already and differs; it was left as it is"),
            }
        }
        Ok(())
    }

    /// Those that are not there because they ended here.
    async fn refuse_ended(&mut self, transaction: &DatabaseTransaction, report: &mut Report) -> Result<(), DbErr> {
        let Some(ends) = Ends::of(self.table).filter(|_| !self.rows.is_empty()) else { return Ok(()) };
        let rows = self.rows.iter().map(|(_, row)| row);
        let judged = ends.judge(transaction, self.table, rows, self.manner.exported).await?;
        for ((place, row), why) in std::mem::take(&mut self.rows).into_iter().zip(judged) {
            match why {
                None => self.rows.push((place, row)),
                Some(why) => report.refuse(self.table, place, why),
            }
        }
        Ok(())
    }

    fn is_same(&self, there: &Row, row: &Row) -> bool {
        let mut columns = self.table.columns.iter().zip(there.iter().zip(row));
        columns.all(|(column, (there, new))| there == new || column.secret && !self.manner.secrets)
    }

    /// Those that refer to what is not there. Of a membership it also follows whether it counts yet.
    async fn refuse_strays(&mut self, transaction: &DatabaseTransaction, report: &mut Report) -> Result<(), DbErr> {
        for (at, column) in self.table.columns.iter().enumerate() {
            let Some(other) = column.refers_to.and_then(Table::named) else { continue };
            let ids: HashSet<&Value> = self.rows.iter().map(|(_, row)| &row[at]).filter(|id| !id.is_null()).collect();
            if ids.is_empty() {
                continue;
            }
            let ids = ids.into_iter().cloned().collect();
            let known: HashMap<String, bool> = find_ids(transaction, other, ids).await?.into_iter().collect();
            for (place, mut row) in std::mem::take(&mut self.rows) {
                match row[at].as_str().map(|id| known.get(id)) {
                    None => self.rows.push((place, row)),
                    Some(Some(verified)) => {
                        if self.table.name == "user_teams" && other.name == "users" {
                            settle_status(self.table, &mut row, *verified);
                        }
                        self.rows.push((place, row));
                    }
                    // Who invited or founded may be gone here, as it may elsewhere.
                    Some(None) if column.optional && !self.manner.exact => {
                        row[at] = Value::Null;
                        self.rows.push((place, row));
                    }
                    Some(None) => {
                        let why = format!("{}: there is no such {}", column.name, other.kind);
                        report.refuse(self.table, place, why);
                    }
                }
            }
        }
        Ok(())
    }
}

fn settled(table: &'static Table, mut row: Row, manner: Manner<'_>) -> Result<Row, String> {
    let mut fields = Fields { table, row: &mut row };
    if table.name == "invitations" && fields.get("digest").is_null() {
        // Of no token: an admin sends the invitation again.
        fields.set("digest", hex(&manner.random.octets()));
    }
    apply(&mut fields)?;
    Ok(row)
}

/// A membership that came by way of an address counts once that address is proven.
fn settle_status(table: &'static Table, row: &mut Row, verified: bool) {
    let mut fields = Fields { table, row };
    if fields.get("status").is_null() {
        fields.set("status", if verified { "active" } else { "awaiting_verification" });
    }
}

fn count(table: &'static Table, mut row: Row, report: &mut Report) {
    report.of(table).imported += 1;
    if table.name == "users" {
        let fields = Fields { table, row: &mut row };
        report.without_password += u64::from(fields.text("password_hash") == NO_PASSWORD);
        report.unverified += u64::from(fields.get("email_verified") == &Value::Bool(false));
        report.superusers += u64::from(fields.get("is_superuser") == &Value::Bool(true));
    }
}

/// The event of an account that comes as a superuser, of the moment at which it does.
fn superuser_granted(table: &'static Table, row: &Row) -> Option<Row> {
    let value = |name: &str| table.position(name).map(|at| row[at].clone());
    if table.name != "users" || value("is_superuser") != Some(Value::Bool(true)) {
        return None;
    }
    let trail = Table::named("audit_events")?;
    let mut event = vec![Value::Null; trail.columns.len()];
    let mut fields = Fields { table: trail, row: &mut event };
    fields.set("id", UuidV7Generator.next_id().to_string());
    fields.set("at", value("updated_at")?);
    fields.set("kind", AuditKind::SuperuserGranted.as_str());
    fields.set("user_id", value("id")?);
    fields.set("detail", "import");
    Some(event)
}

/// Why a row was not stored, though no row of its key is there.
fn taken(table: &Table) -> &'static str {
    match table.name {
        "users" => "email: another account has this address",
        "invitations" => "another invitation of this address into the team is pending, or has the same token",
        "one_time_tokens" => "the account has another token of this purpose, or another has this token",
        _ => "something else in the database has what only one may have",
    }
}
