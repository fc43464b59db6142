//! Accounts.

use async_trait::async_trait;
use countersign_application::error::{Fault, WriteError};
use countersign_application::ports::user_repository::UserRepository;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::UserId;
use countersign_domain::name::PersonName;
use countersign_domain::page::{Cursor, Page, PageRequest};
use countersign_domain::password::PasswordHash;
use countersign_domain::user::User;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Set,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::persistence::entities::users::{ActiveModel, Column, Entity, Model};
use crate::persistence::entities::{sessions, sign_in_networks, user_teams};
use crate::persistence::error::{fault, unreadable, write_error};
use crate::persistence::store::{ROW_LOCK, Store};

/// The account of a row.
pub(crate) fn user(row: &Model) -> Result<User, Fault> {
    Ok(User {
        id: UserId::new(row.id),
        email: EmailAddress::parse(&row.email).map_err(|_invalid| unreadable("users.email"))?,
        first_name: PersonName::from_stored(row.first_name.clone()),
        last_name: PersonName::from_stored(row.last_name.clone()),
        is_active: row.is_active,
        is_superuser: row.is_superuser,
        email_verified: row.email_verified,
        epoch: row.epoch,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// Everything but id, password hash and time of creation.
fn changeable(user: &User) -> ActiveModel {
    ActiveModel {
        email: Set(user.email.as_str().to_owned()),
        first_name: Set(user.first_name.as_str().to_owned()),
        last_name: Set(user.last_name.as_str().to_owned()),
        is_active: Set(user.is_active),
        is_superuser: Set(user.is_superuser),
        email_verified: Set(user.email_verified),
        epoch: Set(user.epoch),
        updated_at: Set(user.updated_at),
        ..ActiveModel::default()
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> UserRepository for Store<C> {
    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, Fault> {
        let row = Entity::find_by_id(id.as_uuid()).one(&self.0).await.map_err(fault)?;
        row.as_ref().map(user).transpose()
    }

    async fn find_many(&self, ids: &[UserId]) -> Result<Vec<User>, Fault> {
        let ids = ids.iter().map(|id| id.as_uuid());
        let rows = Entity::find().filter(Column::Id.is_in(ids)).all(&self.0).await.map_err(fault)?;
        rows.iter().map(user).collect()
    }

    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<User>, Fault> {
        let row = Entity::find().filter(Column::Email.eq(email.as_str())).one(&self.0).await.map_err(fault)?;
        row.as_ref().map(user).transpose()
    }

    async fn lock(&self, id: UserId) -> Result<Option<User>, Fault> {
        let row = Entity::find_by_id(id.as_uuid()).lock(ROW_LOCK).one(&self.0).await.map_err(fault)?;
        row.as_ref().map(user).transpose()
    }

    async fn insert(&self, user: &User, password_hash: &PasswordHash) -> Result<(), WriteError> {
        let row = ActiveModel {
            id: Set(user.id.as_uuid()),
            password_hash: Set(password_hash.expose().to_owned()),
            created_at: Set(user.created_at),
            ..changeable(user)
        };
        Entity::insert(row).exec_without_returning(&self.0).await.map_err(write_error)?;
        Ok(())
    }

    async fn update(&self, user: &User) -> Result<(), WriteError> {
        let updated = Entity::update_many()
            .set(changeable(user))
            .filter(Column::Id.eq(user.id.as_uuid()))
            .exec(&self.0)
            .await
            .map_err(write_error)?;
        if updated.rows_affected == 0 {
            return Err(Fault::internal("database", "the account to update is gone").into());
        }
        Ok(())
    }

    async fn remove(&self, id: UserId) -> Result<bool, Fault> {
        let removed = Entity::delete_by_id(id.as_uuid()).exec(&self.0).await.map_err(fault)?;
        Ok(removed.rows_affected == 1)
    }

    async fn list_unused(
        &self,
        since: OffsetDateTime,
        now: OffsetDateTime,
        page: &PageRequest,
    ) -> Result<Page<UserId>, Fault> {
        let looked_at: Vec<(Uuid, OffsetDateTime)> = Entity::find()
            .select_only()
            .columns([Column::Id, Column::CreatedAt])
            .filter(Column::EmailVerified.eq(false))
            .filter(Column::CreatedAt.lt(since))
            .apply_if(page.after().and_then(created_after), sea_orm::QueryFilter::filter)
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .limit(u64::from(page.limit()) + 1)
            .into_tuple()
            .all(&self.0)
            .await
            .map_err(fault)?;
        let looked_at = Page::from_rows_by_time(looked_at, page, |(id, at)| (*at, *id)).map(|(id, _)| id);
        let items = if looked_at.items.is_empty() { vec![] } else { self.unused(looked_at.items, since, now).await? };
        Ok(Page { items, next: looked_at.next })
    }
}

/// Accounts beyond the cursor, in the order of time and key.
fn created_after(cursor: Cursor) -> Option<Expr> {
    let columns = Expr::tuple([Expr::col(Column::CreatedAt), Expr::col(Column::Id)]);
    Some(columns.gt(Expr::tuple([Expr::value(cursor.time()?), Expr::value(cursor.key())])))
}

impl<C: ConnectionTrait + Send + Sync> Store<C> {
    /// Which of these nobody has used since. They are few: along all that are unverified, those in use would be passed
    /// over again each time.
    async fn unused(&self, ids: Vec<Uuid>, since: OffsetDateTime, now: OffsetDateTime) -> Result<Vec<UserId>, Fault> {
        let in_a_team = Query::select()
            .expr(Expr::cust("1"))
            .from(user_teams::Entity)
            .and_where(Expr::col((user_teams::Entity, user_teams::Column::UserId)).equals((Entity, Column::Id)))
            .take();
        let in_session = Query::select()
            .expr(Expr::cust("1"))
            .from(sessions::Entity)
            .and_where(Expr::col((sessions::Entity, sessions::Column::UserId)).equals((Entity, Column::Id)))
            .and_where(Expr::col((sessions::Entity, sessions::Column::Epoch)).equals((Entity, Column::Epoch)))
            .and_where(sessions::Column::EndedAt.is_null())
            .and_where(sessions::Column::IdleExpiresAt.gt(now))
            .and_where(sessions::Column::ExpiresAt.gt(now))
            .take();
        let had_session = Query::select()
            .expr(Expr::cust("1"))
            .from(sessions::Entity)
            .and_where(Expr::col((sessions::Entity, sessions::Column::UserId)).equals((Entity, Column::Id)))
            .and_where(sessions::Column::LastSeenAt.gte(since))
            .take();
        let signed_in = Query::select()
            .expr(Expr::cust("1"))
            .from(sign_in_networks::Entity)
            .and_where(
                Expr::col((sign_in_networks::Entity, sign_in_networks::Column::UserId)).equals((Entity, Column::Id)),
            )
            .and_where(sign_in_networks::Column::LastSeenAt.gte(since))
            .take();
        let unused: Vec<Uuid> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::Id.is_in(ids))
            .filter(Column::IsActive.eq(true))
            .filter(Expr::exists(in_a_team).not())
            .filter(Expr::exists(in_session).not())
            .filter(Expr::exists(had_session).not())
            .filter(Expr::exists(signed_in).not())
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Id)
            .into_tuple()
            .all(&self.0)
            .await
            .map_err(fault)?;
        Ok(unused.into_iter().map(UserId::new).collect())
    }
}
