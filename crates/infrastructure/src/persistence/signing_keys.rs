//! Signing keys.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::signing_keys::SigningKeyRepository;
use countersign_domain::signing_key::{SigningAlgorithm, SigningKey};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Set,
};

use crate::persistence::entities::signing_keys::{ActiveModel, Column, Entity, Model};
use crate::persistence::error::{fault, unreadable};
use crate::persistence::store::Store;

fn key(row: Model) -> Result<SigningKey, Fault> {
    Ok(SigningKey {
        kid: row.kid,
        algorithm: SigningAlgorithm::parse(&row.algorithm).ok_or_else(|| unreadable("signing_keys.algorithm"))?,
        sealed_private: row.sealed_private,
        public_jwk: row.public_jwk,
        created_at: row.created_at,
        active_from: row.active_from,
        retired_at: row.retired_at,
        refused_at: row.refused_at,
    })
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> SigningKeyRepository for Store<C> {
    // Outside a unit of work the lock ends with the statement.
    async fn list(&self) -> Result<Vec<SigningKey>, Fault> {
        let rows = Entity::find()
            .order_by_asc(Column::CreatedAt)
            .order_by_asc(Column::Kid)
            .lock_exclusive()
            .all(&self.0)
            .await
            .map_err(fault)?;
        rows.into_iter().map(key).collect()
    }

    async fn insert(&self, key: &SigningKey) -> Result<(), Fault> {
        let row = ActiveModel {
            kid: Set(key.kid.clone()),
            algorithm: Set(key.algorithm.as_str().to_owned()),
            sealed_private: Set(key.sealed_private.clone()),
            public_jwk: Set(key.public_jwk.clone()),
            created_at: Set(key.created_at),
            active_from: Set(key.active_from),
            retired_at: Set(key.retired_at),
            refused_at: Set(key.refused_at),
        };
        Entity::insert(row).exec_without_returning(&self.0).await.map_err(fault)?;
        Ok(())
    }

    async fn update(&self, key: &SigningKey) -> Result<(), Fault> {
        let change = ActiveModel {
            active_from: Set(key.active_from),
            retired_at: Set(key.retired_at),
            refused_at: Set(key.refused_at),
            ..ActiveModel::default()
        };
        Entity::update_many().set(change).filter(Column::Kid.eq(&key.kid)).exec(&self.0).await.map_err(fault)?;
        Ok(())
    }

    async fn remove(&self, kid: &str) -> Result<bool, Fault> {
        let removed = Entity::delete_by_id(kid.to_owned()).exec(&self.0).await.map_err(fault)?;
        Ok(removed.rows_affected == 1)
    }
}
