//! Looking through so many rows along the key, whatever is in them.

use std::time::Instant;

use countersign_application::error::Fault;
use countersign_domain::page::{Cursor, Page, PageRequest};
use countersign_domain::team::Team;
use countersign_domain::user::User;
use sea_orm::{ConnectionTrait, DbErr, IsolationLevel};
use uuid::Uuid;

use crate::persistence::bounded_listings::DatabaseListings;
use crate::persistence::entities::{teams, users};
use crate::persistence::error::fault;
use crate::persistence::listed::{Listed, end_of, listed_among, teams_of, users_of};
use crate::persistence::store::Store;

/// Against a plan that reads a table whole because its rows lie scattered.
const ALONG_THE_KEY: &str = "SET LOCAL enable_seqscan = off";

/// Rows along the key, and what is looked for in them.
#[derive(Clone, Copy, Debug)]
pub struct SearchWindow<'a> {
    /// The text.
    pub part: &'a str,
    /// The key before the first of the rows.
    pub after: Uuid,
    /// How many rows.
    pub rows: u32,
    /// How many of them are enough.
    pub wanted: usize,
}

impl DatabaseListings {
    /// The page, as far as it is found in so many rows; it goes on behind them.
    pub(crate) async fn look_through<E: Listed>(
        &self,
        part: &str,
        page: &PageRequest,
    ) -> Result<Page<E::Model>, DbErr> {
        let wanted = usize::from(page.limit()) + 1;
        let mut found = vec![];
        let mut end = Some(page.after().map_or(Uuid::nil(), Cursor::key));
        // A row that comes between finding and the end of a window would be passed over.
        let transaction = self.begin(Some(IsolationLevel::RepeatableRead)).await?;
        transaction.execute_unprepared(ALONG_THE_KEY).await?;
        let store = Store::within(transaction);
        let begun = Instant::now();
        for n in 0..self.bounds.windows {
            // The first, so that it gets on.
            if n > 0 && begun.elapsed() > self.bounds.longest {
                break;
            }
            let Some(after) = end.filter(|_| found.len() < wanted) else { break };
            let window = SearchWindow { part, after, rows: self.bounds.window, wanted: wanted - found.len() };
            let rows;
            (rows, end) = store.rows_in::<E>(&window).await?;
            found.extend(rows);
        }
        let Store(transaction, _) = store;
        transaction.commit(None).await?;
        Ok(if found.len() == wanted {
            Page::from_rows(found, page, E::key_of)
        } else {
            Page { items: found, next: end.map(Cursor::after) }
        })
    }
}

impl<C: ConnectionTrait> Store<C> {
    /// Accounts in a window, which is the last one if nothing goes on behind it.
    pub async fn users_in(&self, window: &SearchWindow<'_>) -> Result<Page<User>, Fault> {
        let (items, end) = self.rows_in::<users::Entity>(window).await.map_err(fault)?;
        users_of(&Page { items, next: end.map(Cursor::after) })
    }

    /// Teams in a window, which is the last one if nothing goes on behind it.
    pub async fn teams_in(&self, window: &SearchWindow<'_>) -> Result<Page<Team>, Fault> {
        let (items, end) = self.rows_in::<teams::Entity>(window).await.map_err(fault)?;
        teams_of(Page { items, next: end.map(Cursor::after) })
    }

    /// What is found in it, and its end; none if nothing is behind that, or enough was found.
    async fn rows_in<E: Listed>(&self, window: &SearchWindow<'_>) -> Result<(Vec<E::Model>, Option<Uuid>), DbErr> {
        let SearchWindow { part, after, rows, wanted } = *window;
        let backend = self.0.get_database_backend();
        let found = listed_among::<E>(part, after, rows, wanted, backend).all(&self.0).await?;
        if found.len() >= wanted {
            return Ok((found, None));
        }
        let end: Vec<Uuid> = end_of::<E>(after, rows).into_tuple().all(&self.0).await?;
        Ok((found, end.first().copied().filter(|_| end.len() > 1)))
    }
}
