//! Durations as people write them: `90s`, `15m`, `12h`, `30d`.

use std::ops::RangeInclusive;

use time::Duration;

/// Reads a whole number and its unit.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = digits.parse().ok()?;
    match &text[digits.len()..] {
        "ms" => Some(Duration::milliseconds(number)),
        "s" => Some(Duration::seconds(number)),
        "m" => number.checked_mul(60).map(Duration::seconds),
        "h" => number.checked_mul(3_600).map(Duration::seconds),
        "d" => number.checked_mul(86_400).map(Duration::seconds),
        _ => None,
    }
}

/// The same, if it lies in the range.
pub(crate) fn parse_within(text: &str, range: &RangeInclusive<&str>) -> Result<Duration, String> {
    let bounds = parse(range.start()).zip(parse(range.end()));
    let duration = parse(text).zip(bounds).filter(|(value, (least, most))| least <= value && value <= most);
    duration
        .map(|(value, _)| value)
        .ok_or_else(|| format!("is a duration from {} to {}, such as 90s, 15m, 12h or 30d", range.start(), range.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_read() {
        assert_eq!(parse("250ms"), Some(Duration::milliseconds(250)));
        assert_eq!(parse("90s"), Some(Duration::seconds(90)));
        assert_eq!(parse("15m"), Some(Duration::minutes(15)));
        assert_eq!(parse("12h"), Some(Duration::hours(12)));
        assert_eq!(parse("30d"), Some(Duration::days(30)));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "15", "m", "1.5h", "-1s", "+1s", "15 m", "15min", "15M", "9223372036854775807d"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_duration_out_of_range_is_refused_with_the_range() {
        assert!(parse_within("1m", &("1m"..="24h")).is_ok());
        let complaint = parse_within("25h", &("1m"..="24h")).unwrap_err();
        assert!(complaint.contains("from 1m to 24h"), "{complaint}");
    }
}
