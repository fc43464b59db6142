//! Which part of a list a page shows.

use countersign_domain::page::{Cursor, PageRequest};

use crate::extract::form::Form;
use crate::extract::{Fields, FromFields};

/// Always as many; from the beginning where the cursor is missing, or none of this service.
#[derive(Clone, Copy)]
pub(crate) struct Part(Option<Cursor>);

impl Part {
    fn parse(cursor: Option<&str>) -> Self {
        Self(cursor.and_then(|cursor| Cursor::parse(cursor).ok()))
    }

    /// The part that was shown when this form was sent.
    pub(crate) fn of(form: &Form) -> Self {
        Self::parse(form.value("cursor"))
    }

    pub(crate) fn request(self) -> PageRequest {
        let first = PageRequest::first(PageRequest::DEFAULT_LIMIT);
        self.0.map_or(first, |cursor| first.starting(cursor))
    }

    /// As links and forms carry it; none for the first part.
    pub(crate) fn cursor(self) -> Option<String> {
        self.0.map(Cursor::encode)
    }
}

impl FromFields for Part {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self::parse(fields.optional_text("cursor").as_deref()))
    }
}
