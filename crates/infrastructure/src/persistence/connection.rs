//! A connection that every statement of the service goes through.

use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use sea_orm::sea_query::Values;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement};

use crate::persistence::statement_counter::StatementCounter;
use crate::persistence::timestamp;
use crate::persistence::write_queue::{Turn, WriteQueue};

/// A pool or a transaction that counts its statements, binds times on SQLite in the one text form, lets writes on
/// SQLite wait their turn, and does not wait for an answer for ever.
#[derive(Clone, Debug)]
pub struct Connection<C> {
    inner: C,
    counter: StatementCounter,
    writes: Option<WriteQueue>,
    deadline: Duration,
}

impl<C> Connection<C> {
    /// `writes` is the queue to wait in before each write; a transaction has its turn already.
    pub(crate) const fn new(
        inner: C,
        counter: StatementCounter,
        writes: Option<WriteQueue>,
        deadline: Duration,
    ) -> Self {
        Self { inner, counter, writes, deadline }
    }

    async fn turn(&self, sql: &str) -> Result<Option<Turn>, DbErr> {
        match &self.writes {
            Some(writes) if !only_reads(sql) => writes.enter().await.map(Some),
            _ => Ok(None),
        }
    }

    async fn counted<T>(&self, answer: impl Future<Output = Result<T, DbErr>> + Send) -> Result<T, DbErr> {
        self.counter.statement();
        within(self.deadline, answer).await
    }
}

impl Connection<DatabaseTransaction> {
    /// Ends the transaction so that it counts.
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        let Self { inner, deadline, .. } = self;
        within(deadline, inner.commit()).await
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
impl<C: ConnectionTrait + Send> ConnectionTrait for Connection<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let _turn = self.turn(&statement.sql).await?;
        self.counted(self.inner.execute_raw(prepare(statement))).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let _turn = self.turn(sql).await?;
        self.counted(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let _turn = self.turn(&statement.sql).await?;
        self.counted(self.inner.query_one_raw(prepare(statement))).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let _turn = self.turn(&statement.sql).await?;
        self.counted(self.inner.query_all_raw(prepare(statement))).await
    }
}
