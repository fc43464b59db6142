//! A table of rows: CSV with a line of names at its top, or a JSON object a line. Which of the two is seen by its first sign.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder};
use serde_json::{Map, Value};

use crate::moving::export_file::{Damage, LONGEST_LINE};
use crate::moving::foreign::Named;
use crate::moving::foreign::cells::Cells;
use crate::moving::record::Place;

const BUFFER: usize = 1 << 20;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A file and how far it was read.
pub(super) struct Sheet {
    name: Arc<str>,
    size: u64,
    columns: Vec<String>,
    rows: Rows,
}

enum Rows {
    Csv(Box<csv::Reader<BufReader<File>>>),
    Json { reader: BufReader<File>, line: u64, octets: u64, first: Option<Vec<u8>> },
}

/// A row and where it was, or why it cannot be read.
type Read = (Place, Result<Cells, String>);

impl Sheet {
    pub(super) fn open(Named { name, file }: Named) -> Result<Self, Damage> {
        let name: Arc<str> = name.into();
        let unreadable = |source: io::Error| Damage::Input { file: Arc::clone(&name), source };
        let size = file.metadata().map_err(unreadable)?.len();
        let mut reader = BufReader::with_capacity(BUFFER, file);
        if reader.fill_buf().map_err(unreadable)?.starts_with(BYTE_ORDER_MARK) {
            reader.consume(BYTE_ORDER_MARK.len());
        }
        let first = reader.fill_buf().map_err(unreadable)?.iter().find(|octet| !octet.is_ascii_whitespace());
        let (rows, columns) =
            if first == Some(&b'{') { json(reader) } else { comma_separated(reader) }.map_err(unreadable)?;
        Ok(Self { name, size, columns, rows })
    }

    pub(super) fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn octets(&self) -> u64 {
        match &self.rows {
            Rows::Csv(reader) => reader.position().byte(),
            Rows::Json { octets, .. } => *octets,
        }
    }

    /// What is wrong with all of it.
    pub(super) fn damage(&self, why: String) -> Damage {
        Damage::Line { place: Place { file: Arc::clone(&self.name), line: 1 }, why }
    }

    pub(super) fn next(&mut self) -> Result<Option<Read>, Damage> {
        let read = match &mut self.rows {
            Rows::Csv(reader) => next_of_csv(reader, &self.columns),
            Rows::Json { reader, line, octets, first } => next_of_json(reader, line, octets, first),
        };
        let read = read.map_err(|source| Damage::Input { file: Arc::clone(&self.name), source })?;
        Ok(read.map(|(line, cells)| (Place { file: Arc::clone(&self.name), line }, cells)))
    }
}

fn comma_separated(reader: BufReader<File>) -> io::Result<(Rows, Vec<String>)> {
    let mut reader = ReaderBuilder::new().from_reader(reader);
    let columns = reader.headers()?.iter().map(|name| name.trim().to_owned()).collect();
    Ok((Rows::Csv(Box::new(reader)), columns))
}

/// The columns of the first row: those that are null are left out by nobody.
fn json(mut reader: BufReader<File>) -> io::Result<(Rows, Vec<String>)> {
    let first = next_line(&mut reader)?;
    let members: Map<String, Value> = serde_json::from_slice(&first).unwrap_or_default();
    let columns = members.into_iter().map(|(name, _)| name).collect();
    Ok((Rows::Json { reader, line: 0, octets: 0, first: Some(first) }, columns))
}

fn next_of_csv(
    reader: &mut csv::Reader<BufReader<File>>,
    columns: &[String],
) -> io::Result<Option<(u64, Result<Cells, String>)>> {
    let (line, mut record) = (reader.position().line(), ByteRecord::new());
    match reader.read_byte_record(&mut record) {
        Ok(false) => return Ok(None),
        Ok(true) => {}
        Err(error) if matches!(error.kind(), csv::ErrorKind::UnequalLengths { .. }) => {
            let line = error.position().map_or(line, csv::Position::line);
            return Ok(Some((line, Err("it has another number of values than there are columns".to_owned()))));
        }
        Err(error) => return Err(error.into()),
    }
    let line = record.position().map_or(line, csv::Position::line);
    let texts = record.iter().map(std::str::from_utf8).collect::<Result<Vec<_>, _>>();
    let cells = texts.map_err(|_invalid| "it is not UTF-8".to_owned()).map(|texts| {
        let given = columns.iter().zip(texts).filter(|(_, text)| !text.is_empty());
        Cells::new(given.map(|(name, text)| (name.clone(), text.to_owned())))
    });
    Ok(Some((line, cells)))
}

/// With its end; nothing after the last.
fn next_line(reader: &mut BufReader<File>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    io::Read::take(reader, LONGEST_LINE).read_until(b'\n', &mut line)?;
    if line.len() as u64 == LONGEST_LINE {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than 16 MiB"));
    }
    Ok(line)
}

fn next_of_json(
    reader: &mut BufReader<File>,
    line: &mut u64,
    octets: &mut u64,
    first: &mut Option<Vec<u8>>,
) -> io::Result<Option<(u64, Result<Cells, String>)>> {
    loop {
        let mut text = first.take().unwrap_or_default();
        if text.is_empty() {
            text = next_line(reader)?;
        }
        if text.is_empty() {
            return Ok(None);
        }
        *line += 1;
        *octets += text.len() as u64;
        if text.trim_ascii().is_empty() {
            continue;
        }
        let members: Result<Map<String, Value>, _> = serde_json::from_slice(&text);
        let cells = members.map_err(|error| format!("it is no JSON object (column {})", error.column()));
        return Ok(Some((*line, cells.map(|members| Cells::new(members.into_iter().filter_map(cell))))));
    }
}

/// As it would stand in CSV; nothing for null and for an empty text.
fn cell((name, value): (String, Value)) -> Option<(String, String)> {
    let text = match value {
        Value::Null => return None,
        Value::String(text) => text,
        other => other.to_string(),
    };
    (!text.is_empty()).then_some((name, text))
}
