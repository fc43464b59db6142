//! Erasing what the audit trail tells about deleted accounts.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::erasures::{Erasures, WATCH};
use countersign_domain::ids::UserId;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, Set,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::persistence::audit_log::by_or_about;
use crate::persistence::entities::audit_events::{self, Column as Events};
use crate::persistence::entities::erasures::{ActiveModel, Column, Entity, Model};
use crate::persistence::error::fault;
use crate::persistence::store::Store;

/// Events a batch, of those by and of those about the account: the one writer of SQLite is soon free again.
const BATCH: u64 = 1_000;

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> Erasures for Store<C> {
    async fn note(&self, user: UserId, now: OffsetDateTime) -> Result<(), Fault> {
        let row = ActiveModel {
            user_id: Set(user.as_uuid()),
            requested_at: Set(now),
            erased_to: Set(None),
            due_at: Set(now),
        };
        let noted = Entity::insert(row).on_conflict_do_nothing_on([Column::UserId]);
        noted.exec_without_returning(&self.0).await.map_err(fault)?;
        Ok(())
    }

    async fn list_noted(&self, now: OffsetDateTime, limit: u16) -> Result<Vec<UserId>, Fault> {
        let ids: Vec<Uuid> = Entity::find()
            .select_only()
            .column(Column::UserId)
            .filter(Column::DueAt.lte(now))
            .order_by_asc(Column::DueAt)
            .limit(u64::from(limit))
            .into_tuple()
            .all(&self.0)
            .await
            .map_err(fault)?;
        Ok(ids.into_iter().map(UserId::new).collect())
    }

    async fn erase(&self, user: UserId, batches: u32, now: OffsetDateTime) -> Result<bool, Fault> {
        let Some(mut noted) = Entity::find_by_id(user.as_uuid()).one(&self.0).await.map_err(fault)? else {
            return Ok(true);
        };
        let is_second_round = noted.due_at > noted.requested_at;
        if is_second_round && noted.due_at > now {
            return Ok(true);
        }
        let here = Column::UserId.eq(noted.user_id);
        for _ in 0..batches {
            let end = self.end_of_batch(user, noted.erased_to).await?;
            self.erase_batch(user, &noted, end).await?;
            if end.is_none() && is_second_round {
                Entity::delete_by_id(noted.user_id).exec(&self.0).await.map_err(fault)?;
                return Ok(true);
            }
            // The second round begins at the beginning: an event may be written later than newer ones.
            let mut done = ActiveModel { erased_to: Set(end), ..ActiveModel::default() };
            if end.is_none() {
                done.due_at = Set(now + WATCH);
            }
            Entity::update_many().set(done).filter(here.clone()).exec(&self.0).await.map_err(fault)?;
            if end.is_none() {
                return Ok(true);
            }
            noted.erased_to = end;
        }
        Ok(false)
    }
}

impl<C: ConnectionTrait + Send + Sync> Store<C> {
    /// The id of the last event of the next batch; `None` when the rest is not more than one. Two looks along two
    /// indexes: one over both would read and sort all that is left.
    async fn end_of_batch(&self, user: UserId, after: Option<Uuid>) -> Result<Option<Uuid>, Fault> {
        let mut ends = Vec::new();
        for whose in [Events::ActorId, Events::UserId] {
            let end: Option<Uuid> = audit_events::Entity::find()
                .select_only()
                .column(Events::Id)
                .filter(whose.eq(user.as_uuid()))
                .apply_if(after, |select, id| select.filter(Events::Id.gt(id)))
                .order_by_asc(Events::Id)
                .offset(BATCH - 1)
                .limit(1)
                .into_tuple()
                .one(&self.0)
                .await
                .map_err(fault)?;
            ends.extend(end);
        }
        Ok(ends.into_iter().min())
    }

    async fn erase_batch(&self, user: UserId, noted: &Model, end: Option<Uuid>) -> Result<(), Fault> {
        let erased = audit_events::ActiveModel {
            network: Set(None),
            user_agent: Set(None),
            ..audit_events::ActiveModel::default()
        };
        let of_others = Condition::all()
            .add(Events::ActorId.is_not_null())
            .add(Events::ActorId.ne(user.as_uuid()))
            .add(Events::At.gte(noted.requested_at));
        audit_events::Entity::update_many()
            .set(erased)
            .filter(by_or_about(user))
            .apply_if(noted.erased_to, |update, id| update.filter(Events::Id.gt(id)))
            .apply_if(end, |update, id| update.filter(Events::Id.lte(id)))
            .filter(of_others.not())
            .filter(Condition::any().add(Events::Network.is_not_null()).add(Events::UserAgent.is_not_null()))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(())
    }
}
