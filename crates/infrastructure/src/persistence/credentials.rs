//! Password hashes.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::credential_repository::CredentialRepository;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::UserId;
use countersign_domain::password::PasswordHash;
use countersign_domain::user::Credentials;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use crate::persistence::entities::users::{Column, Entity, Model};
use crate::persistence::error::fault;
use crate::persistence::store::{ROW_LOCK, Store};
use crate::persistence::users::user;

/// The account of a row with its hash.
pub(crate) fn credentials(row: Model) -> Result<Credentials, Fault> {
    Ok(Credentials { user: user(&row)?, password_hash: PasswordHash::new(row.password_hash) })
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> CredentialRepository for Store<C> {
    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<Credentials>, Fault> {
        let row = Entity::find().filter(Column::Email.eq(email.as_str())).one(&self.0).await.map_err(fault)?;
        row.map(credentials).transpose()
    }

    async fn find_by_user(&self, user: UserId) -> Result<Option<Credentials>, Fault> {
        let row = Entity::find_by_id(user.as_uuid()).one(&self.0).await.map_err(fault)?;
        row.map(credentials).transpose()
    }

    async fn lock(&self, user: UserId) -> Result<Option<Credentials>, Fault> {
        let row = Entity::find_by_id(user.as_uuid()).lock(ROW_LOCK).one(&self.0).await.map_err(fault)?;
        row.map(credentials).transpose()
    }

    // `updated_at` moves by the table's trigger.
    async fn replace(&self, user: UserId, hash: &PasswordHash) -> Result<(), Fault> {
        Entity::update_many()
            .col_expr(Column::PasswordHash, Expr::value(hash.expose()))
            .filter(Column::Id.eq(user.as_uuid()))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(())
    }

    async fn upgrade(&self, user: UserId, former: &PasswordHash, hash: &PasswordHash) -> Result<bool, Fault> {
        let upgraded = Entity::update_many()
            .col_expr(Column::PasswordHash, Expr::value(hash.expose()))
            .filter(Column::Id.eq(user.as_uuid()))
            .filter(Column::PasswordHash.eq(former.expose()))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(upgraded.rows_affected == 1)
    }
}
