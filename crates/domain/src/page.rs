//! Lists in pieces: keyset paging over ids, or over times and ids, so that a page costs the same at any depth.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::violation::Violation;

/// Where the next page starts: after this key, in a list by time after this time and key. Opaque for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    at: Option<OffsetDateTime>,
    key: Uuid,
}

impl Cursor {
    /// A cursor after the row with this key.
    pub const fn after(key: Uuid) -> Self {
        Self { at: None, key }
    }

    /// A cursor after the row of this time, in whole milliseconds, that has this key.
    pub const fn after_time(at: OffsetDateTime, key: Uuid) -> Self {
        Self { at: Some(at), key }
    }

    /// The time of the last row already seen, in a list by time.
    pub const fn time(self) -> Option<OffsetDateTime> {
        self.at
    }

    /// The key of the last row already seen.
    pub const fn key(self) -> Uuid {
        self.key
    }

    /// The form that clients carry.
    pub fn encode(self) -> String {
        let mut octets = self.key.as_bytes().to_vec();
        if let Some(at) = self.at {
            octets.extend((at.unix_timestamp_nanos() / NANOS_OF_A_MILLISECOND).to_be_bytes());
        }
        URL_SAFE_NO_PAD.encode(octets)
    }

    /// Reads the form that clients carry.
    pub fn parse(text: &str) -> Result<Self, PageError> {
        let octets = URL_SAFE_NO_PAD.decode(text).map_err(|_invalid| PageError::Cursor)?;
        let (key, at) = octets.split_first_chunk::<16>().ok_or(PageError::Cursor)?;
        let at = if at.is_empty() { None } else { Some(time_of(at).ok_or(PageError::Cursor)?) };
        Ok(Self { at, key: Uuid::from_bytes(*key) })
    }
}

const NANOS_OF_A_MILLISECOND: i128 = 1_000_000;

fn time_of(octets: &[u8]) -> Option<OffsetDateTime> {
    let milliseconds = i128::from_be_bytes(octets.try_into().ok()?);
    let at = OffsetDateTime::from_unix_timestamp_nanos(milliseconds.checked_mul(NANOS_OF_A_MILLISECOND)?).ok()?;
    // Nothing here is older, and databases have no room for every time of the past.
    Some(at).filter(|at| *at >= OffsetDateTime::UNIX_EPOCH)
}

/// One page's worth of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    limit: u16,
    after: Option<Cursor>,
}

impl PageRequest {
    /// Items of a page when the client does not say.
    pub const DEFAULT_LIMIT: u16 = 50;
    /// Most items of a page.
    pub const MAX_LIMIT: u16 = 200;

    /// Reads `limit` (1 to 200, 50 when absent) and `cursor` as the client wrote them.
    pub fn parse(limit: Option<&str>, cursor: Option<&str>) -> Result<Self, PageError> {
        let limit = match limit {
            None => Self::DEFAULT_LIMIT,
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=Self::MAX_LIMIT).contains(limit) && !text.starts_with('+'))
                .ok_or(PageError::Limit)?,
        };
        Ok(Self { limit, after: cursor.map(Cursor::parse).transpose()? })
    }

    /// The first `limit` items; `limit` is brought into 1 to 200.
    pub fn first(limit: u16) -> Self {
        Self { limit: limit.clamp(1, Self::MAX_LIMIT), after: None }
    }

    /// As many, after this cursor.
    #[must_use]
    pub const fn starting(self, after: Cursor) -> Self {
        Self { limit: self.limit, after: Some(after) }
    }

    /// Most items to return.
    pub const fn limit(&self) -> u16 {
        self.limit
    }

    /// The key after which to start, if any.
    pub const fn after(&self) -> Option<Cursor> {
        self.after
    }
}

/// A bad `limit` or `cursor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// Not a number from 1 to 200.
    #[error("limit must be a whole number from 1 to 200")]
    Limit,
    /// Not a cursor that this service handed out.
    #[error("the cursor is not one of this service; leave it out to start from the beginning")]
    Cursor,
}

impl PageError {
    /// The query parameter at fault.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Cursor => "cursor",
        }
    }
}

impl Violation for PageError {
    fn code(&self) -> &'static str {
        match self {
            Self::Limit => "invalid_limit",
            Self::Cursor => "invalid_cursor",
        }
    }
}

/// Some items, and where to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// At most as many as asked for, in the order of the list.
    pub items: Vec<T>,
    /// `None` on the last page.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page from up to `limit + 1` rows: the one too many only says that there is more.
    pub fn from_rows(items: Vec<T>, request: &PageRequest, key: impl Fn(&T) -> Uuid) -> Self {
        Self::up_to(items, request, |last| Cursor::after(key(last)))
    }

    /// The same of a list by time and key.
    pub fn from_rows_by_time(items: Vec<T>, request: &PageRequest, key: impl Fn(&T) -> (OffsetDateTime, Uuid)) -> Self {
        Self::up_to(items, request, |last| {
            let (at, key) = key(last);
            Cursor::after_time(at, key)
        })
    }

    fn up_to(mut items: Vec<T>, request: &PageRequest, cursor: impl Fn(&T) -> Cursor) -> Self {
        let more = items.len() > usize::from(request.limit());
        items.truncate(usize::from(request.limit()));
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }

    /// The same page of other items.
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_outside_1_to_200_are_refused() {
        assert_eq!(PageRequest::parse(None, None).unwrap().limit(), 50);
        for (text, limit) in [("1", 1), ("200", 200)] {
            assert_eq!(PageRequest::parse(Some(text), None).unwrap().limit(), limit);
        }
        for (asked, limit) in [(0, 1), (1, 1), (200, 200), (201, 200)] {
            assert_eq!(PageRequest::first(asked).limit(), limit, "{asked}");
        }
        for bad in ["0", "201", "-1", "1000000000", "NaN", "", "+5", " 5", "5.0"] {
            assert_eq!(PageRequest::parse(Some(bad), None), Err(PageError::Limit), "{bad}");
        }
    }

    #[test]
    fn a_cursor_survives_the_round_trip_and_nothing_else_is_one() {
        let time = OffsetDateTime::from_unix_timestamp_nanos(1_767_323_045_678_000_000).unwrap();
        for cursor in [Cursor::after(Uuid::from_u128(7)), Cursor::after_time(time, Uuid::from_u128(7))] {
            assert_eq!(Cursor::parse(&cursor.encode()), Ok(cursor));
        }
        let beyond_all_times = URL_SAFE_NO_PAD.encode([255_u8 / 2; 32]);
        let year_minus_5000 = Cursor::after_time(time - time::Duration::days(365 * 7_026), Uuid::nil()).encode();
        let odd = ["", "x", "AAAA", "' OR 1=1--", "AAAAAAAAAAAAAAAAAAAABx", &"A".repeat(32)];
        for bad in odd.into_iter().chain([&*beyond_all_times, &*year_minus_5000]) {
            assert_eq!(Cursor::parse(bad), Err(PageError::Cursor), "{bad}");
        }
    }

    #[test]
    fn a_page_starts_behind_the_cursor_of_the_one_before() {
        let cursor = Cursor::after(Uuid::from_u128(7));
        let parsed = PageRequest::parse(Some("5"), Some(&cursor.encode())).unwrap();
        assert_eq!((parsed.limit(), parsed.after()), (5, Some(cursor)));
        assert_eq!(PageRequest::first(5).starting(cursor), parsed);
        assert_eq!(PageRequest::first(5).after(), None);
        let at = OffsetDateTime::UNIX_EPOCH;
        for (cursor, time) in [(cursor, None), (Cursor::after_time(at, Uuid::from_u128(7)), Some(at))] {
            assert_eq!(Cursor::parse(&cursor.encode()), Ok(cursor));
            assert_eq!((cursor.time(), cursor.key()), (time, Uuid::from_u128(7)));
        }
    }

    #[test]
    fn a_bad_page_names_the_parameter_at_fault() {
        for (limit, cursor, field) in [(Some("0"), None, "limit"), (None, Some("x"), "cursor")] {
            assert_eq!(PageRequest::parse(limit, cursor).unwrap_err().field(), field);
        }
    }

    #[test]
    fn the_row_too_many_becomes_the_cursor_of_the_last_shown() {
        let request = PageRequest::first(2);
        let page = Page::from_rows(vec![1_u128, 2, 3], &request, |n| Uuid::from_u128(*n));
        assert_eq!(page.items, [1, 2]);
        assert_eq!(page.next, Some(Cursor::after(Uuid::from_u128(2))));
        let texts = page.map(|n| n.to_string());
        assert_eq!(
            (texts.items, texts.next),
            (vec!["1".to_owned(), "2".to_owned()], Some(Cursor::after(Uuid::from_u128(2))))
        );
        assert_eq!(Page::from_rows(vec![1_u128, 2], &request, |n| Uuid::from_u128(*n)).next, None);
        let at = OffsetDateTime::UNIX_EPOCH;
        let by_time = Page::from_rows_by_time(vec![1_u128, 2, 3], &request, |n| (at, Uuid::from_u128(*n)));
        assert_eq!(by_time.next, Some(Cursor::after_time(at, Uuid::from_u128(2))));
    }
}
