//! Finding a whole page, for as long as that may take.

use std::time::{Duration, Instant};

use countersign_domain::page::{Page, PageRequest};
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbErr, Statement};

use crate::persistence::bounded_listings::DatabaseListings;
use crate::persistence::connection::Connection;
use crate::persistence::error::is_cancellation;
use crate::persistence::listed::{Listed, listed};

/// How PostgreSQL goes about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// As it finds cheapest.
    Planned,
    /// By whatever finds all of them at once, to be sorted then. Along the key it went past too many others.
    ByIndex,
}

impl Way {
    /// A plan of a statement that was prepared is one for what is searched for now.
    const fn settings(self) -> &'static str {
        match self {
            Self::Planned => {
                "SELECT set_config('statement_timeout', $1, true), set_config('plan_cache_mode', 'force_custom_plan', true)"
            }
            Self::ByIndex => {
                "SELECT set_config('statement_timeout', $1, true), set_config('plan_cache_mode', 'force_custom_plan', true), \
                 set_config('enable_indexscan', 'off', true)"
            }
        }
    }
}

impl DatabaseListings {
    /// The page; none if it was not found in time. What others cancel is a fault.
    pub(crate) async fn attempt<E: Listed>(
        &self,
        way: Way,
        part: &str,
        page: &PageRequest,
    ) -> Result<Option<Page<E::Model>>, DbErr> {
        let patience = self.patience();
        let transaction = self.begin(None).await?;
        self.bound(&transaction, way, patience).await?;
        let begun = Instant::now();
        match listed::<E>(Some(part), page, self.database.backend()).all(&transaction).await {
            Ok(rows) => {
                transaction.commit(None).await?;
                Ok(Some(Page::from_rows(rows, page, E::key_of)))
            }
            Err(error) if is_cancellation(&error) && ran_out(begun.elapsed(), patience) => {
                transaction.roll_back().await?;
                tracing::debug!(?way, "a search was not done in time");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Below the bound of each statement, or that would end it as a fault.
    fn patience(&self) -> Duration {
        self.bounds.patience.min(self.database.statement_timeout() / 2).max(Duration::from_millis(1))
    }

    async fn bound(
        &self,
        transaction: &Connection<DatabaseTransaction>,
        way: Way,
        patience: Duration,
    ) -> Result<(), DbErr> {
        let settings = Statement::from_sql_and_values(
            self.database.backend(),
            way.settings(),
            [patience.as_millis().to_string().into()],
        );
        transaction.query_one_raw(settings).await.map(drop)
    }
}

/// Whether a statement that was cancelled had its time. The server words alike whoever cancels it, but for a text in its own
/// language. The clocks of two machines may run apart a little.
fn ran_out(elapsed: Duration, patience: Duration) -> bool {
    elapsed >= patience * 9 / 10
}
