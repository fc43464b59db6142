//! The one text form of a time on SQLite.

use sea_orm::Value;
use time::{OffsetDateTime, PrimitiveDateTime, UtcOffset};

/// A time as `YYYY-MM-DDTHH:MM:SS.mmmZ`. Of fixed width and in UTC, so that comparing text compares times; the form
/// that SeaORM would bind drops trailing zeros, and then `…45Z` sorts after `…45.5Z`. A moment after the year 9999 or
/// before -9999, which only a comparison can ask for, is the last or first that there is.
pub(crate) fn text(at: OffsetDateTime) -> String {
    let end = if at.year() < 0 { PrimitiveDateTime::MIN } else { PrimitiveDateTime::MAX };
    let at = at.checked_to_offset(UtcOffset::UTC).unwrap_or(end.assume_utc());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.millisecond()
    )
}

/// The value as SQLite is to store or compare it.
pub(crate) fn for_sqlite(value: Value) -> Value {
    match value {
        Value::TimeDateTimeWithTimeZone(at) => Value::String(at.map(text)),
        Value::TimeDateTime(at) => Value::String(at.map(PrimitiveDateTime::assume_utc).map(text)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn text_sorts_as_the_times_do() {
        let times = [
            datetime!(2026-01-02 03:04:05 UTC),
            datetime!(2026-01-02 03:04:05.005 UTC),
            datetime!(2026-01-02 03:04:05.5 UTC),
            datetime!(2026-01-02 05:04:06 +2),
            datetime!(2026-01-02 03:04:07.123456 UTC),
        ];
        let texts = times.map(text);
        assert!(texts.is_sorted());
        assert_eq!(texts[3], "2026-01-02T03:04:06.000Z");
        assert_eq!(texts[4], "2026-01-02T03:04:07.123Z");
    }

    #[test]
    fn what_lies_beyond_all_years_is_the_end_of_them() {
        assert_eq!(text(datetime!(9999-12-31 23:59:59 -23:59)), "9999-12-31T23:59:59.999Z");
        assert_eq!(text(datetime!(-9999-01-01 00:00:00 +23:59)), "-9999-01-01T00:00:00.000Z");
    }

    #[test]
    fn only_times_are_rewritten() {
        assert_eq!(for_sqlite(Value::from(7_i64)), Value::from(7_i64));
        assert_eq!(for_sqlite(Value::TimeDateTimeWithTimeZone(None)), Value::String(None));
    }
}
