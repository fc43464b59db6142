//! An export, read back: first whole, to see that it is what was written, then line by line.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom};
use std::sync::Arc;

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::{Map, Value};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::moving::record::{Place, Record, row};
use crate::moving::table::{TABLES, Table};
use crate::moving::{FORMAT, FORMAT_VERSION, Progress, hex};

/// More than any record has.
pub(crate) const LONGEST_LINE: u64 = 16 << 20;
const BUFFER: usize = 1 << 20;

/// Why a file is not taken, and at which line.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// What it says is not what an export says.
    #[error("{place}: {why}")]
    Line {
        /// Which line.
        place: Place,
        /// Why.
        why: String,
    },
    /// It cannot be read.
    #[error("{file}: cannot read it")]
    Input {
        /// Which.
        file: Arc<str>,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A file that is whole.
#[derive(Debug)]
pub struct ExportFile {
    input: Lines,
    /// Whether it has secrets.
    pub secrets: bool,
    /// When it was made.
    pub(crate) made_at: OffsetDateTime,
    /// How many lines it has, header and trailer included.
    lines: u64,
}

impl ExportFile {
    /// Reads it to its end. Nothing of it was done before it is known to be what was exported. `known` are the changes of
    /// the schema that this version has.
    pub fn verify(
        file: File,
        name: &str,
        known: &[String],
        progress: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Self, Damage> {
        let mut input = Lines::new(file, name)?;
        let mut check = Check::default();
        while let Some(line) = input.next()? {
            let at = |why| Damage::Line { place: input.place(), why };
            check.take(input.line, &line, known).map_err(at)?;
            progress(Progress { what: "looking the export over", done: input.octets, of: input.size });
        }
        if !check.is_complete {
            let why = "the export ends here without its last line: it is not whole".to_owned();
            return Err(Damage::Line { place: input.place(), why });
        }
        let (secrets, made_at, lines) = (check.secrets, check.made_at, input.line);
        input.rewind()?;
        Ok(Self { input, secrets, made_at, lines })
    }

    /// The next record; none after the last.
    pub(crate) fn next_record(&mut self) -> Result<Option<Record>, Damage> {
        loop {
            let Some(line) = self.input.next()? else { return Ok(None) };
            if self.input.line == 1 || self.input.line == self.lines {
                continue;
            }
            let place = self.input.place();
            let at = |why: String| Damage::Line { place: place.clone(), why };
            let (table, members) = parse(&line).map_err(at)?;
            let row = row(table, members, self.secrets);
            return Ok(Some(Record { place, table, row }));
        }
    }

    /// Octets read, of so many.
    pub(crate) const fn progress(&self) -> (u64, u64) {
        (self.input.octets, self.input.size)
    }
}

/// What is known of the lines so far.
struct Check {
    all: Context,
    of_kind: Context,
    table: Option<&'static Table>,
    /// Where its lines begin.
    from: u64,
    kinds: Vec<(&'static Table, u64, u64, String)>,
    count: u64,
    secrets: bool,
    made_at: OffsetDateTime,
    is_complete: bool,
}

impl Default for Check {
    fn default() -> Self {
        let (all, of_kind) = (Context::new(&SHA256), Context::new(&SHA256));
        let made_at = OffsetDateTime::UNIX_EPOCH;
        Self {
            all,
            of_kind,
            table: None,
            from: 0,
            kinds: vec![],
            count: 0,
            secrets: false,
            made_at,
            is_complete: false,
        }
    }
}

impl Check {
    fn take(&mut self, number: u64, line: &[u8], known: &[String]) -> Result<(), String> {
        if self.is_complete {
            return Err("there is something behind the last line".to_owned());
        }
        let value: Map<String, Value> = object(line)?;
        match value.get("record").and_then(Value::as_str) {
            Some("header") if number == 1 => self.header(&value, known)?,
            _ if number == 1 => return Err(format!("this is no {FORMAT}: it begins with a header")),
            Some("trailer") => return self.trailer(&value, number),
            _ => self.record(number, line, value)?,
        }
        self.all.update(line);
        Ok(())
    }

    fn header(&mut self, header: &Map<String, Value>, known: &[String]) -> Result<(), String> {
        if header.get("format").and_then(Value::as_str) != Some(FORMAT) {
            return Err(format!("this is no {FORMAT}"));
        }
        let is_newer = header.get("version").and_then(Value::as_u64) != Some(FORMAT_VERSION);
        let schema = header.get("schema").and_then(Value::as_str).unwrap_or_default();
        if is_newer || !known.iter().any(|name| name == schema) {
            return Err("it was made by a newer version: import it with that one".to_owned());
        }
        let made_at = header.get("made_at").and_then(Value::as_str).unwrap_or_default();
        let made_at = OffsetDateTime::parse(made_at, &Rfc3339);
        self.made_at = made_at.map_err(|_malformed| "made_at is missing or of a wrong form".to_owned())?;
        self.secrets = header.get("secrets") == Some(&Value::Bool(true));
        Ok(())
    }

    fn record(&mut self, number: u64, line: &[u8], members: Map<String, Value>) -> Result<(), String> {
        let table = table_of(&members)?;
        if self.table != Some(table) {
            if self.table.is_some_and(|former| former.rank() > table.rank()) {
                return Err(format!("{} do not stand here: lines are missing or out of order", table.plural));
            }
            self.end_of_kind(number);
            (self.table, self.from) = (Some(table), number);
        }
        row(table, members, self.secrets)?;
        self.of_kind.update(line);
        self.count += 1;
        Ok(())
    }

    fn end_of_kind(&mut self, number: u64) {
        let digest = std::mem::replace(&mut self.of_kind, Context::new(&SHA256)).finish();
        let count = std::mem::take(&mut self.count);
        if let Some(table) = self.table.take() {
            debug_assert_eq!(count, number - self.from);
            self.kinds.push((table, self.from, count, hex(digest.as_ref())));
        }
    }

    fn trailer(&mut self, trailer: &Map<String, Value>, number: u64) -> Result<(), String> {
        self.end_of_kind(number);
        for table in TABLES {
            let told = |member: &str| trailer.get("kinds").and_then(|kinds| kinds.get(table.kind)?.get(member));
            let (count, digest) = (told("count").and_then(Value::as_u64), told("sha256").and_then(Value::as_str));
            let found = self.kinds.iter().find(|(kind, ..)| *kind == table);
            let found_count = found.map_or(0, |(_, _, count, _)| *count);
            let plural = table.plural;
            if count != Some(found_count) {
                let count = count.unwrap_or(0);
                return Err(format!("there were {count} {plural} when it was made, and here are {found_count}"));
            }
            if let Some((_, from, count, _)) = found.filter(|(.., found)| digest != Some(found)) {
                let to = from + count - 1;
                return Err(format!("{plural} were changed since it was made, in one of the lines {from} to {to}"));
            }
        }
        let digest = hex(self.all.clone().finish().as_ref());
        if trailer.get("sha256").and_then(Value::as_str) != Some(&digest) {
            return Err("something was changed since it was made, in the header or in this line".to_owned());
        }
        self.is_complete = true;
        Ok(())
    }
}

fn object(line: &[u8]) -> Result<Map<String, Value>, String> {
    if line.last() != Some(&b'\n') {
        return Err("the line is cut off: the export is not whole".to_owned());
    }
    serde_json::from_slice(line).map_err(|error| format!("this is no line of an export (column {})", error.column()))
}

fn table_of(members: &Map<String, Value>) -> Result<&'static Table, String> {
    let kind = members.get("record").and_then(Value::as_str).unwrap_or_default();
    Table::of_kind(kind).ok_or_else(|| "nobody knows what record this is: it was made by a newer version".to_owned())
}

fn parse(line: &[u8]) -> Result<(&'static Table, Map<String, Value>), String> {
    let members = object(line)?;
    Ok((table_of(&members)?, members))
}

/// Lines of a file, counted.
#[derive(Debug)]
struct Lines {
    name: Arc<str>,
    reader: BufReader<File>,
    line: u64,
    octets: u64,
    size: u64,
}

impl Lines {
    fn new(file: File, name: &str) -> Result<Self, Damage> {
        let name: Arc<str> = name.into();
        let size = file.metadata().map_err(|source| Damage::Input { file: Arc::clone(&name), source })?.len();
        Ok(Self { name, reader: BufReader::with_capacity(BUFFER, file), line: 0, octets: 0, size })
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>, Damage> {
        let mut line = Vec::new();
        let input = io::Read::take(&mut self.reader, LONGEST_LINE).read_until(b'\n', &mut line);
        input.map_err(|source| Damage::Input { file: Arc::clone(&self.name), source })?;
        if line.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        self.octets += line.len() as u64;
        Ok(Some(line))
    }

    fn rewind(&mut self) -> Result<(), Damage> {
        let sought = self.reader.seek(SeekFrom::Start(0));
        sought.map_err(|source| Damage::Input { file: Arc::clone(&self.name), source })?;
        (self.line, self.octets) = (0, 0);
        Ok(())
    }

    fn place(&self) -> Place {
        Place { file: Arc::clone(&self.name), line: self.line }
    }
}
