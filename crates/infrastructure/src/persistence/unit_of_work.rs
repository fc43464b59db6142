//! Transactions.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::audit_log::AuditLog;
use countersign_application::ports::credential_repository::CredentialRepository;
use countersign_application::ports::invitation_repository::InvitationRepository;
use countersign_application::ports::membership_repository::MembershipRepository;
use countersign_application::ports::one_time_token_repository::OneTimeTokenRepository;
use countersign_application::ports::outbox::Outbox;
use countersign_application::ports::roster_repository::RosterRepository;
use countersign_application::ports::session_repository::SessionRepository;
use countersign_application::ports::sign_in_networks::SignInNetworks;
use countersign_application::ports::signing_keys::SigningKeyRepository;
use countersign_application::ports::team_repository::TeamRepository;
use countersign_application::ports::unit_of_work::{UnitOfWork, UnitOfWorkFactory};
use countersign_application::ports::user_repository::UserRepository;
use sea_orm::{DatabaseTransaction, DbErr};
use tracing::Instrument as _;

use crate::persistence::connection::Connection;
use crate::persistence::database::Database;
use crate::persistence::error::fault;
use crate::persistence::statement_counter::StatementCounter;
use crate::persistence::store::Store;
use crate::persistence::write_queue::Turn;

/// Begins transactions; on SQLite one at a time, first come, first served.
#[derive(Clone, Debug)]
pub struct DatabaseUnitOfWorkFactory {
    database: Database,
}

impl DatabaseUnitOfWorkFactory {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl UnitOfWorkFactory for DatabaseUnitOfWorkFactory {
    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, Fault> {
        let turn = self.database.enter().await.map_err(fault)?;
        let database = self.database.clone();
        // A `begin` that is dropped half way leaves the driver's connection inside a transaction nobody ends
        // (launchbadge/sqlx#4385). It finishes, and then rolls back.
        let begun = to_its_end(async move {
            let transaction = database.begin().await?;
            Ok(DatabaseUnitOfWork {
                store: Store::within(database.over(transaction)),
                counter: database.statements().clone(),
                turn,
            })
        });
        let unit: DatabaseUnitOfWork = begun.await.map_err(fault)?;
        Ok(Box::new(unit))
    }
}

/// An open transaction and, on SQLite, the turn to write. Fields are dropped in order: the transaction first.
#[derive(Debug)]
pub struct DatabaseUnitOfWork {
    store: Store<Connection<DatabaseTransaction>>,
    counter: StatementCounter,
    turn: Option<Turn>,
}

#[async_trait]
impl UnitOfWork for DatabaseUnitOfWork {
    fn users(&self) -> &dyn UserRepository {
        &self.store
    }
    fn credentials(&self) -> &dyn CredentialRepository {
        &self.store
    }
    fn sessions(&self) -> &dyn SessionRepository {
        &self.store
    }
    fn networks(&self) -> &dyn SignInNetworks {
        &self.store
    }
    fn one_time_tokens(&self) -> &dyn OneTimeTokenRepository {
        &self.store
    }
    fn teams(&self) -> &dyn TeamRepository {
        &self.store
    }
    fn memberships(&self) -> &dyn MembershipRepository {
        &self.store
    }
    fn roster(&self) -> &dyn RosterRepository {
        &self.store
    }
    fn invitations(&self) -> &dyn InvitationRepository {
        &self.store
    }
    fn outbox(&self) -> &dyn Outbox {
        &self.store
    }
    fn audit(&self) -> &dyn AuditLog {
        &self.store
    }
    fn signing_keys(&self) -> &dyn SigningKeyRepository {
        &self.store
    }

    async fn commit(self: Box<Self>) -> Result<(), Fault> {
        // For the same reason as `begin`; the turn ends when the commit has.
        let Self { store, counter, turn } = *self;
        let committed = to_its_end(async move {
            let outcome = store.0.commit().await;
            drop(turn);
            outcome
        });
        committed.await.map_err(fault)?;
        counter.commit();
        Ok(())
    }
}

/// Runs it in a task of its own, which goes on when the caller is dropped, within the caller's span. A panic goes on in
/// the caller.
async fn to_its_end<T: Send + 'static>(
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
