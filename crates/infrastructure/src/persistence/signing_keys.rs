//! Signing keys.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::signing_keys::SigningKeyRepository;
use countersign_domain::signing_key::{SigningAlgorithm, SigningKey};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbBackend, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, Select, Set,
};

use crate::persistence::entities::signing_keys::{ActiveModel, Column, Entity, Model};
use crate::persistence::error::{fault, unreadable};
use crate::persistence::store::{Scope, Store};

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

/// Anybody may ask for the keys: only a unit of work, which may change them, locks them.
fn every_key(scope: Scope) -> Select<Entity> {
    let keys = Entity::find().order_by_asc(Column::CreatedAt).order_by_asc(Column::Kid);
    match scope {
        Scope::Call => keys,
        Scope::UnitOfWork => keys.lock_exclusive(),
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> SigningKeyRepository for Store<C> {
    async fn list(&self) -> Result<Vec<SigningKey>, Fault> {
        if self.1 == Scope::UnitOfWork && self.0.get_database_backend() == DbBackend::Postgres {
            // Locks on rows would not keep two nodes from adding a key each, above all the first one. On SQLite a unit
            // of work is the only writer.
            self.0.execute_unprepared("LOCK TABLE signing_keys IN EXCLUSIVE MODE").await.map_err(fault)?;
        }
        let rows = every_key(self.1).all(&self.0).await.map_err(fault)?;
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
            sealed_private: Set(key.sealed_private.clone()),
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

#[cfg(test)]
mod tests {
    use sea_orm::QueryTrait as _;

    use super::*;

    #[test]
    fn only_a_unit_of_work_locks_the_keys() {
        let sql = |scope| every_key(scope).build(DbBackend::Postgres).to_string();
        assert!(sql(Scope::UnitOfWork).ends_with("FOR UPDATE"), "{}", sql(Scope::UnitOfWork));
        assert!(!sql(Scope::Call).contains("FOR UPDATE"), "{}", sql(Scope::Call));
    }
}
