//! Moving in and out: everything stored as lines of JSON, and back from there, or from what other systems wrote.
//!
//! [`table`] says what there is, column by column; `docs/export.schema.json` says the same to others, and `docs/moving.md`
//! says it to people.

mod ended;
mod export;
mod export_file;
mod foreign;
mod import;
mod load;
mod page;
mod record;
mod report;
mod rules;
mod schema;
mod snapshot;
mod statements;
pub mod table;

pub use crate::moving::export::{Export, ExportError, Exported, export};
pub use crate::moving::export_file::{Damage, ExportFile};
pub use crate::moving::foreign::{Decisions, Files, Foreign, Named, System};
pub use crate::moving::import::{Import, ImportError, import};
pub use crate::moving::record::{Place, Record};
pub use crate::moving::report::{Conflict, Report, Tally};
pub use crate::moving::schema::schema;

/// What the first line of an export says it is.
pub const FORMAT: &str = "countersign-export";
/// Changes when a reader of the former one would misunderstand the new one.
pub const FORMAT_VERSION: u64 = 1;

/// How far it is, for whoever waits.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// Of what, as people call it.
    pub what: &'static str,
    /// So much is done.
    pub done: u64,
    /// Of so much.
    pub of: u64,
}

/// Octets as lower-case hex: what both databases read and write.
pub(crate) fn hex(octets: &[u8]) -> String {
    use std::fmt::Write as _;
    octets.iter().fold(String::with_capacity(2 * octets.len()), |mut text, octet| {
        let _never_fails = write!(text, "{octet:02x}");
        text
    })
}
