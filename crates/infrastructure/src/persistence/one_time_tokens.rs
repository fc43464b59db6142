//! One-time tokens.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::one_time_token_repository::OneTimeTokenRepository;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{OneTimeTokenId, SessionId, UserId};
use countersign_domain::one_time_token::{OneTimeToken, Purpose};
use countersign_domain::secret::TokenDigest;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, Set};
use time::OffsetDateTime;

use crate::persistence::entities::one_time_tokens::{ActiveModel, Column, Entity, Model};
use crate::persistence::error::{fault, unreadable};
use crate::persistence::store::Store;

fn token(row: Model) -> Result<OneTimeToken, Fault> {
    let new_email = row.new_email.map(|email| EmailAddress::parse(&email)).transpose();
    Ok(OneTimeToken {
        id: OneTimeTokenId::new(row.id),
        user_id: row.user_id.map(UserId::new),
        purpose: Purpose::parse(&row.purpose).ok_or_else(|| unreadable("one_time_tokens.purpose"))?,
        digest: TokenDigest::from_stored(&row.digest).ok_or_else(|| unreadable("one_time_tokens.digest"))?,
        new_email: new_email.map_err(|_invalid| unreadable("one_time_tokens.new_email"))?,
        requested_by: row.requested_by.map(SessionId::new),
        created_at: row.created_at,
        expires_at: row.expires_at,
    })
}

/// Good for this purpose at `now`, and no decoy.
fn good(digest: &TokenDigest, purpose: Purpose, now: OffsetDateTime) -> Condition {
    Condition::all()
        .add(Column::Digest.eq(digest.as_bytes().to_vec()))
        .add(Column::Purpose.eq(purpose.as_str()))
        .add(Column::ExpiresAt.gt(now))
        .add(Column::UserId.is_not_null())
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> OneTimeTokenRepository for Store<C> {
    // A decoy has no account and so replaces nothing, by the same statement.
    async fn replace(&self, token: &OneTimeToken) -> Result<(), Fault> {
        let row = ActiveModel {
            id: Set(token.id.as_uuid()),
            user_id: Set(token.user_id.map(UserId::as_uuid)),
            purpose: Set(token.purpose.as_str().to_owned()),
            digest: Set(token.digest.as_bytes().to_vec()),
            new_email: Set(token.new_email.as_ref().map(|email| email.as_str().to_owned())),
            requested_by: Set(token.requested_by.map(SessionId::as_uuid)),
            created_at: Set(token.created_at),
            expires_at: Set(token.expires_at),
        };
        let former = OnConflict::columns([Column::UserId, Column::Purpose])
            .update_columns([
                Column::Id,
                Column::Digest,
                Column::NewEmail,
                Column::RequestedBy,
                Column::CreatedAt,
                Column::ExpiresAt,
            ])
            .to_owned();
        Entity::insert(row).on_conflict(former).exec_without_returning(&self.0).await.map_err(fault)?;
        Ok(())
    }

    async fn find(
        &self,
        digest: &TokenDigest,
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Result<Option<OneTimeToken>, Fault> {
        let row = Entity::find().filter(good(digest, purpose, now)).one(&self.0).await.map_err(fault)?;
        row.map(token).transpose()
    }

    async fn consume(
        &self,
        digest: &TokenDigest,
        purpose: Purpose,
        now: OffsetDateTime,
    ) -> Result<Option<OneTimeToken>, Fault> {
        let consumed = Entity::delete_many()
            .filter(good(digest, purpose, now))
            .exec_with_returning(&self.0)
            .await
            .map_err(fault)?;
        consumed.into_iter().next().map(token).transpose()
    }

    async fn list_by_user(&self, user: UserId) -> Result<Vec<OneTimeToken>, Fault> {
        let rows = Entity::find()
            .filter(Column::UserId.eq(user.as_uuid()))
            .order_by_asc(Column::Purpose)
            .all(&self.0)
            .await
            .map_err(fault)?;
        rows.into_iter().map(token).collect()
    }

    async fn remove_by_user(&self, user: UserId, purposes: &[Purpose]) -> Result<(), Fault> {
        Entity::delete_many()
            .filter(Column::UserId.eq(user.as_uuid()))
            .filter(Column::Purpose.is_in(purposes.iter().map(|purpose| purpose.as_str())))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(())
    }

    async fn remove_requested_by(&self, user: UserId, sessions: &[SessionId]) -> Result<(), Fault> {
        Entity::delete_many()
            .filter(Column::UserId.eq(user.as_uuid()))
            .filter(Column::RequestedBy.is_in(sessions.iter().map(|session| session.as_uuid())))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(())
    }

    async fn remove_requested_by_others(&self, user: UserId, keep: SessionId) -> Result<(), Fault> {
        let others = Condition::any().add(Column::RequestedBy.is_null()).add(Column::RequestedBy.ne(keep.as_uuid()));
        Entity::delete_many()
            .filter(Column::UserId.eq(user.as_uuid()))
            .filter(Column::Purpose.eq(Purpose::EmailChange.as_str()))
            .filter(others)
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(())
    }
}
