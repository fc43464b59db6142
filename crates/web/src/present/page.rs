//! A part of a list.

use countersign_domain::page::{Cursor, Page};
use serde::Serialize;
use utoipa::ToSchema;

/// Some items, and where to go on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Page)]
pub(crate) struct PageBody<T> {
    /// At most `limit`; of a search fewer, or none, also where it goes on.
    pub(crate) items: Vec<T>,
    /// For `cursor` of the next call; null on the last page, and on no other.
    #[schema(required)]
    pub(crate) next_cursor: Option<String>,
}

impl<T> PageBody<T> {
    pub(crate) fn of<E>(page: Page<E>) -> Self
    where
        T: From<E>,
    {
        Self { items: page.items.into_iter().map(T::from).collect(), next_cursor: page.next.map(Cursor::encode) }
    }
}
