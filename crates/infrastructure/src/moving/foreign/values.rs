//! How other systems write what is more than text.

use aws_lc_rs::digest::{SHA256, digest};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use uuid::{Builder, Uuid};

use crate::persistence::time_text;

/// Above it a number of seconds would be of the year 5138: it is of milliseconds.
const MILLISECONDS: i64 = 100_000_000_000;

/// A UUID as it is. Of any other id one that follows from it, so that the same is found again: in members of a team, and
/// in the next run. It is of version 7 as ours are, and of 1970: before all that are made here.
pub(super) fn id(system: &str, kind: &str, text: &str) -> String {
    let is_uuid = matches!(text.len(), 32 | 36);
    if let Some(id) = Uuid::try_parse(text).ok().filter(|_| is_uuid) {
        return id.to_string();
    }
    let digest = digest(&SHA256, format!("countersign import\0{system}\0{kind}\0{text}").as_bytes());
    let random = std::array::from_fn(|at| digest.as_ref()[at]);
    Builder::from_unix_timestamp_millis(0, &random).into_uuid().to_string()
}

/// As PostgreSQL, SQLite and JSON write it.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "t" | "true" | "1" | "yes" => Some(true),
        "f" | "false" | "0" | "no" => Some(false),
        _ => None,
    }
}

/// `2026-01-02 03:04:05.678+00`, `2026-01-02T03:04:05Z`, the same without an offset, or seconds or milliseconds since 1970.
pub(super) fn time(text: &str) -> Option<String> {
    if let Ok(number) = text.parse::<i64>() {
        let milliseconds = if number.abs() < MILLISECONDS { number.checked_mul(1_000)? } else { number };
        return of_our_years(OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000).ok()?);
    }
    let (date, rest) = text.split_at_checked(10)?;
    let rest = if rest.is_empty() { "00:00:00" } else { rest.strip_prefix([' ', 'T'])? };
    let at = rest.find(['+', '-', 'Z']).unwrap_or(rest.len());
    let (clock, offset) = rest.split_at(at);
    let offset = match offset.len() {
        0 => "Z".to_owned(),
        3 => format!("{offset}:00"),
        5 => format!("{}:{}", offset.get(..3)?, offset.get(3..)?),
        _ => offset.to_owned(),
    };
    of_our_years(OffsetDateTime::parse(&format!("{date}T{}{offset}", clock.trim_end()), &Rfc3339).ok()?)
}

/// PostgreSQL has no year 0, and a text of four digits none before it.
fn of_our_years(at: OffsetDateTime) -> Option<String> {
    (at.to_offset(UtcOffset::UTC).year() >= 1).then(|| time_text(at))
}

/// First and last name of a whole one; a sign where there is but one.
pub(super) fn names(whole: &str) -> (String, String) {
    let (first, last) = whole.trim().split_once(char::is_whitespace).unwrap_or((whole.trim(), ""));
    let last = last.trim();
    (first.to_owned(), if last.is_empty() { NO_NAME } else { last }.to_owned())
}

/// What stands where a name would, of whom none is known.
pub(super) const NO_NAME: &str = "-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_databases_write_them() {
        for text in [
            "2026-01-02T03:04:05.678Z",
            "2026-01-02 03:04:05.678+00",
            "2026-01-02 03:04:05.678999+0000",
            "2026-01-02T04:04:05.678+01:00",
            "2026-01-02 02:04:05.678-01",
            "2026-01-02 03:04:05.678",
            "1767323045678",
        ] {
            assert_eq!(time(text).as_deref(), Some("2026-01-02T03:04:05.678Z"), "{text}");
        }
        assert_eq!(time("1767323045").as_deref(), Some("2026-01-02T03:04:05.000Z"));
        assert_eq!(time("2026-01-02").as_deref(), Some("2026-01-02T00:00:00.000Z"));
        for text in [
            "",
            "0000-06-01",
            "0001-01-01 00:30:00+01",
            "-99999999999",
            "infinity",
            "yesterday",
            "2026-13-02 03:04:05",
            "2026-01-02x",
            "é026-01-02 03:04:05",
        ] {
            assert_eq!(time(text), None, "{text}");
        }
    }

    #[test]
    fn an_id_is_kept_or_follows_from_what_it_was() {
        let uuid = "0b0d5a9e-9f6c-4b7e-8a3e-0123456789ab";
        assert_eq!(id("a", "user", uuid), uuid);
        assert_eq!(id("a", "user", &uuid.replace('-', "").to_uppercase()), uuid);
        let one = id("a", "user", "1");
        assert_eq!(id("a", "user", "1"), one);
        assert_eq!(Uuid::try_parse(&one).unwrap().get_version_num(), 7);
        for (system, kind, text) in [("b", "user", "1"), ("a", "team", "1"), ("a", "user", "2")] {
            assert_ne!(id(system, kind, text), one);
        }
    }

    #[test]
    fn a_whole_name_is_parted_where_it_can_be() {
        for (whole, first, last) in [("Given Of Family", "Given", "Of Family"), (" Given ", "Given", NO_NAME)] {
            assert_eq!(names(whole), (first.to_owned(), last.to_owned()));
        }
    }
}
