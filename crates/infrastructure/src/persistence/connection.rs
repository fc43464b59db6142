//! A connection that every statement of the service goes through.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::sea_query::Values;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};
use tracing::Instrument as _;

use crate::home_runtime::HomeRuntime;
use crate::persistence::statement_counter::StatementCounter;
use crate::persistence::statement_span::statement_span;
use crate::persistence::timestamp;
use crate::persistence::write_queue::{Turn, WriteQueue};

/// A pool or a transaction that counts its statements, binds times on SQLite in the one text form, lets writes on
/// SQLite wait their turn, and does not wait for an answer for ever.
#[derive(Clone, Debug)]
pub struct Connection<C> {
    inner: Arc<C>,
    counter: StatementCounter,
    writes: Option<WriteQueue>,
    deadline: Duration,
    home: HomeRuntime,
}

impl<C> Connection<C> {
    /// `writes` is the queue to wait in before each write; a transaction has its turn already.
    pub(crate) fn new(
        inner: C,
        counter: StatementCounter,
        writes: Option<WriteQueue>,
        deadline: Duration,
        home: HomeRuntime,
    ) -> Self {
        Self { inner: Arc::new(inner), counter, writes, deadline, home }
    }

    async fn turn(&self, sql: &str) -> Result<Option<Turn>, DbErr> {
        match &self.writes {
            Some(writes) if !only_reads(sql) => writes.enter().await.map(Some),
            _ => Ok(None),
        }
    }
}

impl Connection<DatabaseTransaction> {
    /// Ends the transaction so that it counts. A turn to write is kept until that is over, as in [`Self::sent`].
    pub(crate) async fn commit(self, turn: Option<Turn>) -> Result<(), DbErr> {
        let Self { inner, deadline, .. } = self;
        let transaction = alone(inner)?;
        // A commit that is dropped half way leaves the driver's connection inside a transaction nobody ends
        // (launchbadge/sqlx#4385).
        match turn {
            None => to_its_end(within(deadline, transaction.commit())).await,
            Some(turn) => {
                let ended = to_its_end(async move {
                    let outcome = transaction.commit().await;
                    drop(turn);
                    outcome
                });
                within(deadline, ended).await
            }
        }
    }

    /// Ends the transaction so that it does not count, once the driver is done with the statement under way. SQLite needs
    /// as long as it needs; who waits here holds the turn to write.
    pub(crate) async fn roll_back(self) -> Result<(), DbErr> {
        let Self { inner, deadline, .. } = self;
        let transaction = alone(inner)?;
        match transaction.get_database_backend() {
            DbBackend::Sqlite => transaction.rollback().await,
            _ => within(deadline, transaction.rollback()).await,
        }
    }
}

impl<C: ConnectionTrait + Send + 'static> Connection<C> {
    /// The answer to a statement whose turn it is. SQLite goes on with one that nobody waits for any more: the turn is kept
    /// until it has ended, or the next writer would meet a locked database.
    async fn sent<T: Send + 'static>(
        &self,
        turn: Option<Turn>,
        answer: impl Future<Output = Result<T, DbErr>> + Send + 'static,
    ) -> Result<T, DbErr> {
        self.counter.statement();
        let answer = self.home.run(answer);
        let Some(turn) = turn else { return within(self.deadline, answer).await };
        let ended = to_its_end(async move {
            let outcome = answer.await;
            drop(turn);
            outcome
        });
        within(self.deadline, ended).await
    }
}

/// Runs it in a task of its own, which goes on when the caller is dropped, within the caller's span. A panic goes on in
/// the caller.
pub(crate) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, DbErr>> + Send + 'static,
) -> Result<T, DbErr> {
    match tokio::spawn(work.in_current_span()).await {
        Ok(outcome) => outcome,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_shutdown) => Err(DbErr::ConnectionAcquire(sea_orm::ConnAcquireErr::ConnectionClosed)),
        },
    }
}

/// A server that was cut off without a word must not hold a request for as long as TCP retries.
pub(crate) async fn within<T>(
    deadline: Duration,
    answer: impl Future<Output = Result<T, DbErr>> + Send,
) -> Result<T, DbErr> {
    tokio::time::timeout(deadline, answer)
        .await
        .unwrap_or_else(|_elapsed| Err(DbErr::Conn(RuntimeErr::Internal("no answer in time".to_owned()))))
}

/// Statements of a transaction wait for no turn, so none is on its way by itself.
fn alone(transaction: Arc<DatabaseTransaction>) -> Result<DatabaseTransaction, DbErr> {
    Arc::into_inner(transaction).ok_or_else(|| DbErr::Custom("a statement of this transaction is under way".to_owned()))
}

fn only_reads(sql: &str) -> bool {
    ["SELECT", "EXPLAIN", "PRAGMA"].iter().any(|verb| sql.starts_with(verb))
}

fn prepare(mut statement: Statement) -> Statement {
    if statement.db_backend == DbBackend::Sqlite {
        statement.values =
            statement.values.map(|Values(values)| Values(values.into_iter().map(timestamp::for_sqlite).collect()));
    }
    statement
}

#[async_trait]
impl<C: ConnectionTrait + Send + 'static> ConnectionTrait for Connection<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let span = statement_span(&statement);
        let (inner, turn) = (Arc::clone(&self.inner), self.turn(&statement.sql).await?);
        self.sent(turn, async move { inner.execute_raw(prepare(statement)).await }).instrument(span).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let (inner, turn, sql) = (Arc::clone(&self.inner), self.turn(sql).await?, sql.to_owned());
        self.sent(turn, async move { inner.execute_unprepared(&sql).await }).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let span = statement_span(&statement);
        let (inner, turn) = (Arc::clone(&self.inner), self.turn(&statement.sql).await?);
        self.sent(turn, async move { inner.query_one_raw(prepare(statement)).await }).instrument(span).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let span = statement_span(&statement);
        let (inner, turn) = (Arc::clone(&self.inner), self.turn(&statement.sql).await?);
        self.sent(turn, async move { inner.query_all_raw(prepare(statement)).await }).instrument(span).await
    }
}

#[cfg(test)]
mod tests {
    use tracing::Span;

    use super::*;

    #[tokio::test]
    async fn what_is_logged_on_the_way_is_of_the_callers_span() {
        let _guard = tracing::subscriber::set_default(tracing_subscriber::registry());
        let span = tracing::info_span!("request");
        let within = to_its_end(async { Ok(Span::current().id()) }).instrument(span.clone()).await.unwrap();
        assert_eq!(within, span.id());
        assert!(within.is_some());
    }
}
