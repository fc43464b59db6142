//! Transactions.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::audit_log::AuditLog;
use countersign_application::ports::credential_repository::CredentialRepository;
use countersign_application::ports::erasures::Erasures;
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
use sea_orm::{ConnectionTrait as _, DatabaseTransaction};
use tokio::runtime::Handle;
use tracing::Instrument as _;

use crate::persistence::connection::{Connection, to_its_end};
use crate::persistence::database::Database;
use crate::persistence::error::fault;
use crate::persistence::statement_counter::StatementCounter;
use crate::persistence::statement_span::transaction_span;
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
        self.begin_in_turn().instrument(transaction_span("BEGIN", self.database.backend())).await
    }
}

impl DatabaseUnitOfWorkFactory {
    async fn begin_in_turn(&self) -> Result<Box<dyn UnitOfWork>, Fault> {
        let turn = self.database.enter().await.map_err(fault)?;
        let database = self.database.clone();
        // A `begin` that is dropped half way leaves the driver's connection inside a transaction nobody ends
        // (launchbadge/sqlx#4385). It finishes, and then rolls back.
        let begun = to_its_end(async move {
            let transaction = database.begin().await?;
            Ok(DatabaseUnitOfWork {
                store: Some(Store::within(database.over(transaction))),
                counter: database.statements().clone(),
                turn,
            })
        });
        let unit: DatabaseUnitOfWork = begun.await.map_err(fault)?;
        Ok(Box::new(unit))
    }
}

/// An open transaction and, on SQLite, the turn to write.
#[derive(Debug)]
pub struct DatabaseUnitOfWork {
    /// There until it is committed or dropped.
    store: Option<Store<Connection<DatabaseTransaction>>>,
    counter: StatementCounter,
    turn: Option<Turn>,
}

impl DatabaseUnitOfWork {
    fn store(&self) -> &Store<Connection<DatabaseTransaction>> {
        match &self.store {
            Some(store) => store,
            None => unreachable!("only what ends the unit of work takes it"),
        }
    }
}

/// Rolls back. On SQLite the turn ends when that is done: a statement that nobody waits for any more still runs, and until
/// then the database is locked.
impl Drop for DatabaseUnitOfWork {
    fn drop(&mut self) {
        let (Some(store), Some(turn)) = (self.store.take(), self.turn.take()) else { return };
        let Ok(runtime) = Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(error) = store.0.roll_back().await {
                tracing::debug!(error = &error as &dyn std::error::Error, "a transaction was not rolled back in order");
            }
            drop(turn);
        });
    }
}

#[async_trait]
impl UnitOfWork for DatabaseUnitOfWork {
    fn users(&self) -> &dyn UserRepository {
        self.store()
    }
    fn credentials(&self) -> &dyn CredentialRepository {
        self.store()
    }
    fn sessions(&self) -> &dyn SessionRepository {
        self.store()
    }
    fn networks(&self) -> &dyn SignInNetworks {
        self.store()
    }
    fn one_time_tokens(&self) -> &dyn OneTimeTokenRepository {
        self.store()
    }
    fn teams(&self) -> &dyn TeamRepository {
        self.store()
    }
    fn memberships(&self) -> &dyn MembershipRepository {
        self.store()
    }
    fn roster(&self) -> &dyn RosterRepository {
        self.store()
    }
    fn invitations(&self) -> &dyn InvitationRepository {
        self.store()
    }
    fn outbox(&self) -> &dyn Outbox {
        self.store()
    }
    fn audit(&self) -> &dyn AuditLog {
        self.store()
    }
    fn erasures(&self) -> &dyn Erasures {
        self.store()
    }
    fn signing_keys(&self) -> &dyn SigningKeyRepository {
        self.store()
    }

    async fn commit(mut self: Box<Self>) -> Result<(), Fault> {
        if let Some(store) = self.store.take() {
            let span = transaction_span("COMMIT", store.0.get_database_backend());
            store.0.commit(self.turn.take()).instrument(span).await.map_err(fault)?;
        }
        self.counter.commit();
        Ok(())
    }
}
