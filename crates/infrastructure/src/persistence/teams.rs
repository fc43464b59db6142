//! Teams.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::team_repository::TeamRepository;
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::name::{Description, TeamName};
use countersign_domain::team::Team;
use countersign_domain::team::membership::Membership;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, JoinType, PaginatorTrait as _, QueryFilter as _,
    QuerySelect as _, RelationDef, Set,
};

use crate::persistence::entities::teams::{ActiveModel, Column, Entity, Model};
use crate::persistence::entities::user_teams;
use crate::persistence::error::{fault, unreadable};
use crate::persistence::memberships::membership;
use crate::persistence::store::{ROW_LOCK, Store};

/// The team of a row.
pub(crate) fn team(row: Model) -> Result<Team, Fault> {
    let description = row.description.map_or(Ok(None), |text| Description::parse(&text));
    Ok(Team {
        id: TeamId::new(row.id),
        name: TeamName::from_stored(row.name),
        description: description.map_err(|_invalid| unreadable("teams.description"))?,
        created_by: row.created_by.map(UserId::new),
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

fn of_membership() -> RelationDef {
    Entity::belongs_to(user_teams::Entity).from(Column::Id).to(user_teams::Column::TeamId).into()
}

/// What a change may touch.
fn changeable(team: &Team) -> ActiveModel {
    ActiveModel {
        name: Set(team.name.as_str().to_owned()),
        description: Set(team.description.as_ref().map(|text| text.as_str().to_owned())),
        updated_at: Set(team.updated_at),
        ..ActiveModel::default()
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> TeamRepository for Store<C> {
    async fn find_by_id(&self, id: TeamId) -> Result<Option<Team>, Fault> {
        let row = Entity::find_by_id(id.as_uuid()).one(&self.0).await.map_err(fault)?;
        row.map(team).transpose()
    }

    async fn find_many(&self, ids: &[TeamId]) -> Result<Vec<Team>, Fault> {
        let ids = ids.iter().map(|id| id.as_uuid());
        let rows = Entity::find().filter(Column::Id.is_in(ids)).all(&self.0).await.map_err(fault)?;
        rows.into_iter().map(team).collect()
    }

    async fn lock(&self, id: TeamId) -> Result<Option<Team>, Fault> {
        let row = Entity::find_by_id(id.as_uuid()).lock(ROW_LOCK).one(&self.0).await.map_err(fault)?;
        row.map(team).transpose()
    }

    // As with sessions: the team first, and each as it is once its lock is taken.
    async fn lock_with_membership(&self, id: TeamId, user: UserId) -> Result<Option<(Team, Membership)>, Fault> {
        let row = Entity::find_by_id(id.as_uuid())
            .join(JoinType::InnerJoin, of_membership())
            .select_also(user_teams::Entity)
            .filter(user_teams::Column::UserId.eq(user.as_uuid()))
            .lock(ROW_LOCK)
            .one(&self.0)
            .await
            .map_err(fault)?;
        let Some((row, Some(joined))) = row else { return Ok(None) };
        Ok(Some((team(row)?, membership(&joined)?)))
    }

    async fn insert(&self, team: &Team) -> Result<(), Fault> {
        let row = ActiveModel {
            id: Set(team.id.as_uuid()),
            created_by: Set(team.created_by.map(UserId::as_uuid)),
            created_at: Set(team.created_at),
            ..changeable(team)
        };
        Entity::insert(row).exec_without_returning(&self.0).await.map_err(fault)?;
        Ok(())
    }

    async fn update(&self, team: &Team) -> Result<bool, Fault> {
        let updated = Entity::update_many()
            .set(changeable(team))
            .filter(Column::Id.eq(team.id.as_uuid()))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(updated.rows_affected == 1)
    }

    async fn remove(&self, id: TeamId) -> Result<bool, Fault> {
        let removed = Entity::delete_by_id(id.as_uuid()).exec(&self.0).await.map_err(fault)?;
        Ok(removed.rows_affected == 1)
    }

    async fn count_created_by(&self, user: UserId) -> Result<u64, Fault> {
        Entity::find().filter(Column::CreatedBy.eq(user.as_uuid())).count(&self.0).await.map_err(fault)
    }
}
