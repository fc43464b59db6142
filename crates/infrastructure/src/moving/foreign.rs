//! What other systems wrote: their tables as CSV or JSON Lines, each row turned into a record of ours.

mod better_auth;
mod cells;
mod fastapi_users;
mod plain;
mod sheet;
mod supabase;
mod user;
mod values;

use std::fs::File;

use time::OffsetDateTime;

use crate::moving::export_file::Damage;
use crate::moving::foreign::cells::Cells;
use crate::moving::foreign::sheet::Sheet;
use crate::moving::page::Row;
use crate::moving::record::Record;
use crate::moving::table::Table;
use crate::persistence::time_text;

/// Which system wrote the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum System {
    /// Whichever: columns as docs/moving.md has them.
    Plain,
    /// fastapi-users on SQLAlchemy.
    FastapiUsers,
    /// Supabase, or GoTrue by itself.
    Supabase,
    /// better-auth, with its plugin for organizations.
    BetterAuth,
}

/// What is decided for all rows.
#[derive(Clone, Copy, Debug)]
pub struct Decisions {
    /// Superusers there are superusers here, if their address is verified.
    pub superusers: bool,
    /// The operator vouches for every address.
    pub verified: bool,
    /// The moment of the import.
    pub now: OffsetDateTime,
}

impl Decisions {
    fn now(&self) -> String {
        time_text(self.now)
    }
}

/// A file by its name, and what it is about.
#[derive(Debug)]
pub struct Named {
    /// As it is told.
    pub name: String,
    /// Opened.
    pub file: File,
}

/// The tables of one system.
#[derive(Debug, Default)]
pub struct Files {
    /// Accounts.
    pub users: Option<Named>,
    /// Teams, organizations.
    pub teams: Option<Named>,
    /// Who is in which.
    pub members: Option<Named>,
    /// Who is invited.
    pub invitations: Option<Named>,
}

/// How rows of one table are read.
struct Reader {
    /// Columns that have to be there; each by any of its names.
    needs: &'static [&'static [&'static str]],
    /// None for a row that is left out.
    read: fn(&Cells, &Decisions) -> Result<Option<Row>, String>,
}

impl System {
    fn reader(self, kind: &str) -> Option<Reader> {
        match self {
            Self::Plain => plain::reader(kind),
            Self::FastapiUsers => fastapi_users::reader(kind),
            Self::Supabase => supabase::reader(kind),
            Self::BetterAuth => better_auth::reader(kind),
        }
    }
}

/// Records out of those files, in an order in which nothing comes before what it refers to.
pub struct Foreign {
    sheets: Vec<(&'static Table, Reader, Sheet)>,
    decisions: Decisions,
    /// Octets of the files that are through.
    before: u64,
    size: u64,
    /// Rows that are nothing any more: invitations that were accepted there.
    pub(crate) left_out: u64,
    /// Accounts that were superusers there, and are not to be here.
    pub(crate) no_superusers: u64,
}

impl Foreign {
    /// Looks at the columns of each file. The error is for the operator: a file that is of no use here.
    pub fn open(system: System, files: Files, decisions: Decisions) -> Result<Self, Damage> {
        let given = [
            ("user", files.users),
            ("team", files.teams),
            ("membership", files.members),
            ("invitation", files.invitations),
        ];
        let mut sheets = Vec::new();
        for (kind, named) in given {
            let (Some(named), Some(table)) = (named, Table::of_kind(kind)) else { continue };
            let sheet = Sheet::open(named)?;
            let Some(reader) = system.reader(kind) else {
                return Err(sheet.damage(format!("there are no {} to be read of this system", table.plural)));
            };
            for names in reader.needs {
                if !names.iter().any(|name| sheet.has(name)) {
                    let name = names.join(" or ");
                    return Err(sheet.damage(format!("there is no column {name}; see docs/moving.md for what is read")));
                }
            }
            sheets.push((table, reader, sheet));
        }
        sheets.reverse();
        let size = sheets.iter().map(|(_, _, sheet)| sheet.size()).sum();
        Ok(Self { sheets, decisions, before: 0, size, left_out: 0, no_superusers: 0 })
    }

    /// The next record; none after the last.
    pub(crate) fn next_record(&mut self) -> Result<Option<Record>, Damage> {
        while let Some((table, reader, sheet)) = self.sheets.last_mut() {
            let Some((place, cells)) = sheet.next()? else {
                self.before += sheet.size();
                self.sheets.pop();
                continue;
            };
            let row = match cells.and_then(|cells| {
                self.no_superusers += u64::from(!self.decisions.superusers && user::was_superuser(table, &cells));
                (reader.read)(&cells, &self.decisions)
            }) {
                Ok(Some(row)) => Ok(row),
                Ok(None) => {
                    self.left_out += 1;
                    continue;
                }
                Err(why) => Err(why),
            };
            return Ok(Some(Record { place, table, row }));
        }
        Ok(None)
    }

    /// Octets read, of so many.
    pub(crate) fn progress(&self) -> (u64, u64) {
        let at_hand = self.sheets.last().map_or(0, |(_, _, sheet)| sheet.octets());
        (self.before + at_hand, self.size)
    }
}

impl std::fmt::Debug for Foreign {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Foreign").finish_non_exhaustive()
    }
}
