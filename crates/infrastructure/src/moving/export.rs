//! Moving out: every table as lines of JSON, with a first line that says what they are and a last one that they are all
//! there.

use std::io::{self, Write};

use aws_lc_rs::digest::{Context, SHA256};
use countersign_application::error::Fault;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Map, Value, json};

use crate::moving::page::{Row, Selection, key_of};
use crate::moving::table::{TABLES, Table};
use crate::moving::{FORMAT, FORMAT_VERSION, Progress, hex, snapshot};
use crate::persistence::{Database, fault};

/// Rows that are in memory at a time.
const PAGE: u64 = 2_000;

/// What to write.
#[derive(Clone, Debug)]
pub struct Export {
    /// With everything that is sealed or hashed, so that an import gives the same database.
    pub secrets: bool,
    /// Which program writes it.
    pub made_by: String,
    /// When.
    pub made_at: String,
}

/// How many lines of each kind were written, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported(pub Vec<(&'static Table, u64)>);

/// Why there is no export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The database could not be read.
    #[error("cannot read the database")]
    Database(#[from] Fault),
    /// What was read could not be written.
    #[error("cannot write the export")]
    Output(#[from] io::Error),
}

/// Writes all that is stored, as it is at one moment.
pub async fn export<W: Write + Send>(
    database: &Database,
    export: &Export,
    output: W,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Exported, ExportError> {
    let schema = database.status().await?.pop().map(|(name, _)| name);
    let snapshot = snapshot::begin(database).await?;
    let mut lines = Lines { output, all: Context::new(&SHA256), of_kind: Context::new(&SHA256) };
    lines.write(&json_header(export, schema.as_deref()))?;
    let (mut exported, mut kinds) = (Exported::default(), Map::new());
    for table in TABLES {
        lines.of_kind = Context::new(&SHA256);
        let selection = Selection { table, secrets: export.secrets };
        let count = write_table(&snapshot, selection, &mut lines, progress).await?;
        let digest = hex(lines.of_kind.clone().finish().as_ref());
        kinds.insert(table.kind.to_owned(), json!({"count": count, "sha256": digest}));
        exported.0.push((table, count));
    }
    snapshot.commit().await.map_err(fault)?;
    let digest = hex(lines.all.clone().finish().as_ref());
    lines.write(&Tagged("trailer", vec![("kinds", &Value::Object(kinds)), ("sha256", &Value::String(digest))]))?;
    lines.output.flush()?;
    Ok(exported)
}

fn json_header(export: &Export, schema: Option<&str>) -> Value {
    // One line of its own; the order of its members is of no matter.
    json!({
        "record": "header",
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "schema": schema,
        "made_by": export.made_by,
        "made_at": export.made_at,
        "secrets": export.secrets,
    })
}

async fn write_table<W: Write + Send>(
    snapshot: &DatabaseTransaction,
    selection: Selection,
    lines: &mut Lines<W>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<u64, ExportError> {
    let of = selection.count(snapshot).await.map_err(fault)?;
    let (mut done, mut last) = (0, None);
    while done < of {
        let rows = page(snapshot, selection, last.as_deref()).await?;
        let Some(row) = rows.last() else { break };
        last = Some(key_of(selection.table, row));
        for row in &rows {
            lines.write(&Line { selection, row })?;
            done += 1;
        }
        progress(Progress { what: selection.table.plural, done, of });
    }
    Ok(done)
}

async fn page(
    snapshot: &impl ConnectionTrait,
    selection: Selection,
    after: Option<&[Value]>,
) -> Result<Vec<Row>, ExportError> {
    Ok(selection.after(snapshot, after, PAGE).await.map_err(fault)?)
}

/// What goes out, and the digests of it so far: of all, and of the kind at hand.
struct Lines<W> {
    output: W,
    all: Context,
    of_kind: Context,
}

impl<W: Write> Lines<W> {
    fn write(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.all.update(&text);
        self.of_kind.update(&text);
        self.output.write_all(&text)
    }
}

/// A row with its columns in their order.
struct Line<'a> {
    selection: Selection,
    row: &'a Row,
}

impl Serialize for Line<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Selection { table, secrets } = self.selection;
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("record", table.kind)?;
        for (column, value) in table.columns.iter().zip(self.row) {
            if secrets || !column.secret {
                line.serialize_entry(column.name, value)?;
            }
        }
        line.end()
    }
}

/// Members in this order.
struct Tagged<'a>(&'static str, Vec<(&'static str, &'a Value)>);

impl Serialize for Tagged<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut line = serializer.serialize_map(None)?;
        line.serialize_entry("record", self.0)?;
        for (name, value) in &self.1 {
            line.serialize_entry(name, value)?;
        }
        line.end()
    }
}
