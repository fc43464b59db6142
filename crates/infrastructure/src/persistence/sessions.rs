//! Sessions.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::session_repository::{Rotation, SessionRepository};
use countersign_domain::ids::{SessionId, UserId};
use countersign_domain::secret::TokenDigest;
use countersign_domain::session::{Rotated, Session};
use countersign_domain::user::Credentials;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, JoinType, Order, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, RelationDef, Set,
};
use time::OffsetDateTime;

use crate::persistence::credentials::credentials;
use crate::persistence::entities::sessions::{ActiveModel, Column, Entity, Model};
use crate::persistence::entities::users;
use crate::persistence::error::{fault, unreadable};
use crate::persistence::store::{ROW_LOCK, Store};

fn session(row: Model) -> Result<Session, Fault> {
    let digest = |octets: &[u8]| TokenDigest::from_stored(octets).ok_or_else(|| unreadable("sessions: a digest"));
    let previous = match (row.previous_digest, row.rotated_at) {
        (Some(previous), Some(at)) => {
            Some(Rotated { digest: digest(&previous)?, at, sealed_successor: row.sealed_successor })
        }
        _ => None,
    };
    let address = |ip: Option<String>, what| ip.map(|ip| ip.parse().map_err(|_invalid| unreadable(what))).transpose();
    Ok(Session {
        id: SessionId::new(row.id),
        user_id: UserId::new(row.user_id),
        epoch: row.epoch,
        family: digest(&row.family_digest)?,
        current: digest(&row.current_digest)?,
        previous,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        idle_expires_at: row.idle_expires_at,
        expires_at: row.expires_at,
        ended_at: row.ended_at,
        ip: address(row.ip, "sessions.ip")?,
        user_agent: row.user_agent,
        sign_in_ip: address(row.sign_in_ip, "sessions.sign_in_ip")?,
        sign_in_user_agent: row.sign_in_user_agent,
    })
}

/// Not over at `now`: neither ended nor expired, and of the epoch of its active account.
fn live(now: OffsetDateTime) -> Condition {
    let honoured = Query::select()
        .expr(Expr::cust("1"))
        .from(users::Entity)
        .and_where(Expr::col((users::Entity, users::Column::Id)).equals((Entity, Column::UserId)))
        .and_where(Expr::col((users::Entity, users::Column::Epoch)).equals((Entity, Column::Epoch)))
        .and_where(users::Column::IsActive.eq(true))
        .take();
    Condition::all()
        .add(Column::EndedAt.is_null())
        .add(Column::IdleExpiresAt.gt(now))
        .add(Column::ExpiresAt.gt(now))
        .add(Expr::exists(honoured))
}

fn of_account() -> RelationDef {
    users::Entity::belongs_to(Entity).from(users::Column::Id).to(Column::UserId).into()
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> SessionRepository for Store<C> {
    async fn find_by_id(&self, id: SessionId) -> Result<Option<Session>, Fault> {
        let row = Entity::find_by_id(id.as_uuid()).one(&self.0).await.map_err(fault)?;
        row.map(session).transpose()
    }

    async fn find_by_family(&self, family: &TokenDigest) -> Result<Option<Session>, Fault> {
        let row = Entity::find()
            .filter(Column::FamilyDigest.eq(family.as_bytes().to_vec()))
            .one(&self.0)
            .await
            .map_err(fault)?;
        row.map(session).transpose()
    }

    // PostgreSQL takes the locks of a row in the order of the tables, and reads what it waited for anew.
    async fn lock(&self, user: UserId, id: SessionId) -> Result<Option<(Credentials, Session)>, Fault> {
        let row = users::Entity::find_by_id(user.as_uuid())
            .join(JoinType::InnerJoin, of_account())
            .select_also(Entity)
            .filter(Column::Id.eq(id.as_uuid()))
            .lock(ROW_LOCK)
            .one(&self.0)
            .await
            .map_err(fault)?;
        let Some((account, Some(row))) = row else { return Ok(None) };
        Ok(Some((credentials(account)?, session(row)?)))
    }

    async fn list_live_by_user(&self, user: UserId, now: OffsetDateTime) -> Result<Vec<Session>, Fault> {
        let rows = Entity::find()
            .filter(Column::UserId.eq(user.as_uuid()))
            .filter(live(now))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .all(&self.0)
            .await
            .map_err(fault)?;
        rows.into_iter().map(session).collect()
    }

    async fn list_by_user(&self, user: UserId) -> Result<Vec<Session>, Fault> {
        let rows = Entity::find()
            .filter(Column::UserId.eq(user.as_uuid()))
            .order_by_desc(Column::CreatedAt)
            .order_by_desc(Column::Id)
            .all(&self.0)
            .await
            .map_err(fault)?;
        rows.into_iter().map(session).collect()
    }

    async fn insert(&self, session: &Session) -> Result<(), Fault> {
        let previous = session.previous.as_ref();
        let row = ActiveModel {
            id: Set(session.id.as_uuid()),
            user_id: Set(session.user_id.as_uuid()),
            epoch: Set(session.epoch),
            family_digest: Set(session.family.as_bytes().to_vec()),
            current_digest: Set(session.current.as_bytes().to_vec()),
            previous_digest: Set(previous.map(|rotated| rotated.digest.as_bytes().to_vec())),
            rotated_at: Set(previous.map(|rotated| rotated.at)),
            sealed_successor: Set(previous.and_then(|rotated| rotated.sealed_successor.clone())),
            created_at: Set(session.created_at),
            last_seen_at: Set(session.last_seen_at),
            idle_expires_at: Set(session.idle_expires_at),
            expires_at: Set(session.expires_at),
            ended_at: Set(session.ended_at),
            ip: Set(session.ip.map(|ip| ip.to_string())),
            user_agent: Set(session.user_agent.clone()),
            sign_in_ip: Set(session.sign_in_ip.map(|ip| ip.to_string())),
            sign_in_user_agent: Set(session.sign_in_user_agent.clone()),
        };
        Entity::insert(row).exec_without_returning(&self.0).await.map_err(fault)?;
        Ok(())
    }

    async fn rotate(&self, rotation: &Rotation) -> Result<bool, Fault> {
        let change = ActiveModel {
            current_digest: Set(rotation.successor.as_bytes().to_vec()),
            previous_digest: Set(Some(rotation.presented.as_bytes().to_vec())),
            rotated_at: Set(Some(rotation.at)),
            sealed_successor: Set(Some(rotation.sealed_successor.clone())),
            last_seen_at: Set(rotation.at),
            idle_expires_at: Set(rotation.idle_expires_at),
            ip: Set(rotation.ip.map(|ip| ip.to_string())),
            user_agent: Set(rotation.user_agent.clone()),
            ..ActiveModel::default()
        };
        let rotated = Entity::update_many()
            .set(change)
            .filter(Column::Id.eq(rotation.session_id.as_uuid()))
            .filter(Column::CurrentDigest.eq(rotation.presented.as_bytes().to_vec()))
            .filter(live(rotation.at))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(rotated.rows_affected == 1)
    }

    async fn end(&self, user: UserId, id: SessionId, now: OffsetDateTime) -> Result<bool, Fault> {
        let ended = Entity::update_many()
            .set(ending(now))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::UserId.eq(user.as_uuid()))
            .filter(Column::EndedAt.is_null())
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(ended.rows_affected == 1)
    }

    async fn end_by_user(
        &self,
        user: UserId,
        keep: Option<SessionId>,
        epoch: i64,
        now: OffsetDateTime,
    ) -> Result<u64, Fault> {
        let ended = Entity::update_many()
            .set(ending(now))
            .filter(Column::UserId.eq(user.as_uuid()))
            .filter(Column::EndedAt.is_null())
            .apply_if(keep, |update, keep| update.filter(Column::Id.ne(keep.as_uuid())))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        if let Some(keep) = keep {
            Entity::update_many()
                .col_expr(Column::Epoch, Expr::value(epoch))
                .filter(Column::Id.eq(keep.as_uuid()))
                .filter(Column::UserId.eq(user.as_uuid()))
                .filter(Column::EndedAt.is_null())
                .exec(&self.0)
                .await
                .map_err(fault)?;
        }
        Ok(ended.rows_affected)
    }

    async fn end_oldest(&self, user: UserId, keep: u64, now: OffsetDateTime) -> Result<Vec<SessionId>, Fault> {
        let surplus = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::UserId.eq(user.as_uuid()))
            .cond_where(live(now))
            .order_by(Column::CreatedAt, Order::Desc)
            .order_by(Column::Id, Order::Desc)
            // SQLite has no OFFSET without a LIMIT; this one is beyond any account.
            .limit(100_000)
            .offset(keep)
            .take();
        let ended = Entity::update_many()
            .set(ending(now))
            .filter(Column::Id.in_subquery(surplus))
            .exec_with_returning(&self.0)
            .await
            .map_err(fault)?;
        Ok(ended.into_iter().map(|row| SessionId::new(row.id)).collect())
    }
}

/// An ended session gives its successor to nobody.
fn ending(now: OffsetDateTime) -> ActiveModel {
    ActiveModel { ended_at: Set(Some(now)), sealed_successor: Set(None), ..ActiveModel::default() }
}
