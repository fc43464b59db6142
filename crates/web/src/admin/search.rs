//! `q`, `limit` and `cursor` of the lists that can be searched.

use countersign_domain::page::PageRequest;
use utoipa::IntoParams;

use crate::extract::{Fields, FromFields};
use crate::problem::FieldError;

/// Longest text to search for, in characters.
const TEXT_MAX: usize = 254;

/// What to search for, and which page.
pub(crate) struct Search {
    pub(crate) text: Option<String>,
    pub(crate) page: PageRequest,
}

impl FromFields for Search {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let text =
            fields.optional_text("q").map(|text| text.trim_matches(' ').to_owned()).filter(|text| !text.is_empty());
        let page = fields.page();
        if text.as_ref().is_some_and(|text| text.chars().count() > TEXT_MAX) {
            return fields.refuse(FieldError::new("q", "too_long", "at most 254 characters are allowed"));
        }
        if text.as_ref().is_some_and(|text| text.contains(char::is_control)) {
            return fields.refuse(FieldError::new("q", "malformed", "control characters are not allowed"));
        }
        Some(Self { text, page: page? })
    }
}

/// For the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what `Search` reads")]
pub(crate) struct SearchParameters {
    /// Part of the name or, for accounts, of the address; `%` and `_` mean themselves, and only letters of ASCII are the
    /// same large and small. With three letters or digits in a row it is found anywhere; with fewer, only where the
    /// address, the first or the last name, or the team's name begins, and several words from there on (`li na`); with none,
    /// nowhere. Spaces around it do not count. A page of what is found may be short, or empty, and still have a
    /// `next_cursor`: each call looks only so far.
    q: Option<String>,
}
