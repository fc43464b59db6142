//! Deleting what is no longer needed.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::housekeeping::{Housekeeping, Purge, PurgeReport};
use sea_orm::sea_query::{Expr, ExprTrait as _, IntoCondition as _, Query};
use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait, EntityTrait, QueryFilter as _};
use time::Duration;

use crate::persistence::entities::{
    audit_events, invitations, mails, one_time_tokens, sessions, sign_in_networks, users,
};
use crate::persistence::error::fault;
use crate::persistence::store::Store;

/// Rows a statement: the one writer of SQLite, and the locks of PostgreSQL, are soon free again.
const BATCH: u64 = 1_000;
/// Statements a table and run; the rest is for the next run.
const BATCHES: u32 = 50;
/// A worker discards decoys within seconds; those left are of a time without one.
const DECOY_LIFETIME: Duration = Duration::hours(1);

/// The ways in which a session is over, for so long that no access token of it can be alive; each has its index.
fn sessions_over(purge: &Purge) -> [Condition; 3] {
    let over = purge.now - purge.access_ttl;
    [sessions::Column::EndedAt, sessions::Column::IdleExpiresAt, sessions::Column::ExpiresAt]
        .map(|column| column.lt(over).into_condition())
}

fn settled_mails(purge: &Purge) -> Condition {
    Condition::all()
        .add(mails::Column::Status.is_in(["sent", "dead"]))
        .add(mails::Column::CreatedAt.lt(purge.now - purge.retention.mails))
}

/// Of an account that was never verified they also tell whether it is in use: its purge has to know.
fn forgotten_networks(purge: &Purge) -> Condition {
    let Purge { now, retention, .. } = purge;
    let forgotten = Condition::all().add(sign_in_networks::Column::LastSeenAt.lt(*now - retention.sign_in_networks));
    if retention.sign_in_networks >= retention.unverified_accounts {
        return forgotten;
    }
    let verified = Query::select()
        .expr(Expr::cust("1"))
        .from(users::Entity)
        .and_where(
            Expr::col((users::Entity, users::Column::Id))
                .equals((sign_in_networks::Entity, sign_in_networks::Column::UserId)),
        )
        .and_where(users::Column::EmailVerified.eq(true))
        .take();
    let told = sign_in_networks::Column::LastSeenAt.lt(*now - retention.unverified_accounts);
    forgotten.add(Condition::any().add(Expr::exists(verified)).add(told))
}

/// The index of decoys is partial and names the column alone.
fn forgotten_decoys(purge: &Purge) -> Condition {
    Condition::all().add(Expr::cust("decoy")).add(mails::Column::CreatedAt.lt(purge.now - DECOY_LIFETIME))
}

impl<C: ConnectionTrait + Send + Sync> Store<C> {
    async fn remove<E: EntityTrait>(&self, key: &[E::Column], dead: Condition) -> Result<u64, Fault> {
        let mut removed = 0;
        for _ in 0..BATCHES {
            let batch = batch::<E>(key, dead.clone());
            let gone = E::delete_many().filter(batch).exec(&self.0).await.map_err(fault)?.rows_affected;
            removed += gone;
            if gone < BATCH {
                break;
            }
        }
        Ok(removed)
    }

    /// Empties a column of these rows, in batches like [`Self::remove`].
    async fn blank<E: EntityTrait>(
        &self,
        key: E::Column,
        emptied: E::Column,
        condition: Condition,
    ) -> Result<(), Fault> {
        for _ in 0..BATCHES {
            let blanked = E::update_many()
                .col_expr(emptied, Expr::value(Option::<Vec<u8>>::None))
                .filter(batch::<E>(&[key], condition.clone()))
                .exec(&self.0)
                .await
                .map_err(fault)?;
            if blanked.rows_affected < BATCH {
                break;
            }
        }
        Ok(())
    }

    /// Erases successors whose window has closed, and tokens that expired before their mail could be sent.
    async fn erase_sealed(&self, purge: &Purge) -> Result<(), Fault> {
        let closed = Condition::all()
            .add(sessions::Column::SealedSuccessor.is_not_null())
            .add(sessions::Column::RotatedAt.lte(purge.now - purge.reuse_window));
        self.blank::<sessions::Entity>(sessions::Column::Id, sessions::Column::SealedSuccessor, closed).await?;
        let expired = Condition::all()
            .add(mails::Column::SealedToken.is_not_null())
            .add(mails::Column::TokenExpiresAt.lte(purge.now));
        self.blank::<mails::Entity>(mails::Column::Id, mails::Column::SealedToken, expired).await
    }
}

/// At most [`BATCH`] of the rows that fulfil the condition.
fn batch<E: EntityTrait>(key: &[E::Column], condition: Condition) -> Expr {
    let rows =
        Query::select().columns(key.iter().copied()).from(E::default()).cond_where(condition).limit(BATCH).take();
    match key {
        [column] => Expr::col(*column).in_subquery(rows),
        columns => Expr::tuple(columns.iter().map(|column| Expr::col(*column))).in_subquery(rows),
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> Housekeeping for Store<C> {
    async fn purge(&self, purge: &Purge) -> Result<PurgeReport, Fault> {
        use sign_in_networks::Column as Networks;

        let Purge { now, retention, .. } = purge;
        self.erase_sealed(purge).await?;
        let tokens = one_time_tokens::Column::ExpiresAt.lte(*now).into_condition();
        let invitations = invitations::Column::ExpiresAt.lt(*now - retention.invitations).into_condition();
        let events = audit_events::Column::At.lt(*now - retention.audit).into_condition();
        let networks = forgotten_networks(purge);
        let sent = self.remove::<mails::Entity>(&[mails::Column::Id], settled_mails(purge)).await?;
        let decoys = self.remove::<mails::Entity>(&[mails::Column::Id], forgotten_decoys(purge)).await?;
        let mut over = 0;
        for condition in sessions_over(purge) {
            over += self.remove::<sessions::Entity>(&[sessions::Column::Id], condition).await?;
        }
        let mut removed = vec![
            ("sessions", over),
            ("one_time_tokens", self.remove::<one_time_tokens::Entity>(&[one_time_tokens::Column::Id], tokens).await?),
            ("invitations", self.remove::<invitations::Entity>(&[invitations::Column::Id], invitations).await?),
            ("mails", sent + decoys),
            ("audit_events", self.remove::<audit_events::Entity>(&[audit_events::Column::Id], events).await?),
            (
                "sign_in_networks",
                self.remove::<sign_in_networks::Entity>(&[Networks::UserId, Networks::Network], networks).await?,
            ),
        ];
        removed.retain(|(_, rows)| *rows > 0);
        Ok(PurgeReport { removed })
    }
}
