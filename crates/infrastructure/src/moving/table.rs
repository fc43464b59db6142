//! Tables and their columns, as they are moved.

mod tables;

pub use crate::moving::table::tables::TABLES;

/// What a value is, and how a line has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// A UUID, hyphenated.
    Id,
    /// A text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Number,
    /// `2026-01-02T03:04:05.678Z`.
    Time,
    /// Lower-case hex.
    Octets,
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name, in the database and in a line.
    pub name: &'static str,
    /// What its values are.
    pub of: Type,
    /// Whether there may be none.
    pub optional: bool,
    /// Whether it lets its reader in, or helps to: it is in an export only when secrets are asked for.
    pub secret: bool,
    /// The table whose key it holds, where the database insists on it.
    pub refers_to: Option<&'static str>,
}

/// Which rows an export without secrets has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All of them.
    All,
    /// Those that this condition is true of.
    Where(&'static str),
    /// None: without their secrets they are of no use.
    Nothing,
}

/// One table.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// What a line says it is, at `record`: `user`.
    pub kind: &'static str,
    /// What several are called, by people: `accounts`.
    pub plural: &'static str,
    /// Its name in the database.
    pub name: &'static str,
    /// The columns that tell its rows apart.
    pub key: &'static [&'static str],
    /// Every column.
    pub columns: &'static [Column],
    /// What of it is for an export without secrets.
    pub share: Share,
}

impl Table {
    /// The columns that an export has.
    pub fn columns(&self, secrets: bool) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().filter(move |column| secrets || !column.secret)
    }

    /// Where a column stands among all of them.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The table of lines of this kind.
    pub fn of_kind(kind: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.kind == kind)
    }

    /// The table of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        TABLES.iter().find(|table| table.name == name)
    }

    /// Where it stands among all tables.
    pub(crate) fn rank(&self) -> usize {
        TABLES.iter().position(|table| table == self).unwrap_or(TABLES.len())
    }
}

/// There is one of each name.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Table {}
