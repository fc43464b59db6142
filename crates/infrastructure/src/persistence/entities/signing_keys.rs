//! Table `signing_keys`.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "signing_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kid: String,
    pub algorithm: String,
    pub sealed_private: Vec<u8>,
    pub public_jwk: String,
    pub created_at: OffsetDateTime,
    pub active_from: OffsetDateTime,
    pub retired_at: Option<OffsetDateTime>,
    pub refused_at: Option<OffsetDateTime>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
