//! Networks of sign-ins.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::sign_in_networks::SignInNetworks;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::UserId;
use countersign_domain::network::Network;
use sea_orm::sea_query::{OnConflict, Query};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, Set};
use time::OffsetDateTime;

use crate::persistence::entities::sign_in_networks::{ActiveModel, Column, Entity};
use crate::persistence::entities::users;
use crate::persistence::error::fault;
use crate::persistence::store::Store;

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> SignInNetworks for Store<C> {
    async fn knows(&self, email: &EmailAddress, network: Network) -> Result<bool, Fault> {
        let account = Query::select()
            .column(users::Column::Id)
            .from(users::Entity)
            .and_where(users::Column::Email.eq(email.as_str()))
            .take();
        let known = Entity::find()
            .filter(Column::UserId.in_subquery(account))
            .filter(Column::Network.eq(network.to_string()))
            .one(&self.0)
            .await
            .map_err(fault)?;
        Ok(known.is_some())
    }

    async fn remember(&self, user: UserId, network: Network, now: OffsetDateTime) -> Result<(), Fault> {
        let row =
            ActiveModel { user_id: Set(user.as_uuid()), network: Set(network.to_string()), last_seen_at: Set(now) };
        let repeat =
            OnConflict::columns([Column::UserId, Column::Network]).update_column(Column::LastSeenAt).to_owned();
        Entity::insert(row).on_conflict(repeat).exec_without_returning(&self.0).await.map_err(fault)?;
        Ok(())
    }

    async fn forget(&self, user: UserId) -> Result<(), Fault> {
        Entity::delete_many().filter(Column::UserId.eq(user.as_uuid())).exec(&self.0).await.map_err(fault)?;
        Ok(())
    }

    async fn list_by_user(&self, user: UserId) -> Result<Vec<(String, OffsetDateTime)>, Fault> {
        let rows = Entity::find()
            .filter(Column::UserId.eq(user.as_uuid()))
            .order_by_asc(Column::Network)
            .all(&self.0)
            .await
            .map_err(fault)?;
        Ok(rows.into_iter().map(|row| (row.network, row.last_seen_at)).collect())
    }
}
