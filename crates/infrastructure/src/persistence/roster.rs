//! Who a team can lose.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::roster_repository::RosterRepository;
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::team::membership::{Membership, MembershipStatus};
use countersign_domain::team::role::Role;
use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _, Select,
};
use uuid::Uuid;

use crate::persistence::entities::user_teams::{Column, Entity};
use crate::persistence::entities::{teams, users};
use crate::persistence::error::fault;
use crate::persistence::memberships::membership;
use crate::persistence::store::{ROW_LOCK, Store};

const OTHER: &str = "other";

/// Whether the account of a membership, named by its table or alias, is active. By key: a list of all active accounts
/// would be read whole.
pub(crate) fn of_active_account(user_id: Expr) -> Expr {
    let account = Query::select()
        .expr(Expr::cust("1"))
        .from(users::Entity)
        .and_where(Expr::col((users::Entity, users::Column::Id)).eq(user_id))
        .and_where(users::Column::IsActive.eq(true))
        .take();
    Expr::exists(account)
}

/// The account of the membership that a statement is at.
pub(crate) fn member() -> Expr {
    Expr::col((Entity, Column::UserId))
}

/// Members of the team other than this account.
fn besides(team: TeamId, user: UserId) -> Select<Entity> {
    Entity::find().filter(Column::TeamId.eq(team.as_uuid())).filter(Column::UserId.ne(user.as_uuid()))
}

/// Other members of the team that the outer statement is at.
fn others(user: UserId) -> SelectStatement {
    let other = |column: Column| Expr::col((Alias::new(OTHER), column));
    Query::select()
        .expr(Expr::cust("1"))
        .from_as(Entity, Alias::new(OTHER))
        .and_where(other(Column::TeamId).equals((Entity, Column::TeamId)))
        .and_where(other(Column::UserId).ne(user.as_uuid()))
        .take()
}

/// Those of them who are active admins with an active account.
fn other_admins(user: UserId) -> SelectStatement {
    let other = |column: Column| Expr::col((Alias::new(OTHER), column));
    others(user)
        .and_where(other(Column::Role).eq(Role::Admin.as_str()))
        .and_where(other(Column::Status).eq(MembershipStatus::Active.as_str()))
        .and_where(of_active_account(other(Column::UserId)))
        .take()
}

impl<C: ConnectionTrait + Send + Sync> Store<C> {
    /// Whether there is one: they are asked for under the lock of a team that may be large, and are not counted.
    async fn has_any(&self, memberships: Select<Entity>) -> Result<bool, Fault> {
        let first: Option<Uuid> =
            memberships.select_only().column(Column::UserId).into_tuple().one(&self.0).await.map_err(fault)?;
        Ok(first.is_some())
    }

    async fn team_ids(&self, memberships: Select<Entity>) -> Result<Vec<TeamId>, Fault> {
        let ids: Vec<Uuid> = memberships
            .select_only()
            .column(Column::TeamId)
            .order_by_asc(Column::TeamId)
            .into_tuple()
            .all(&self.0)
            .await
            .map_err(fault)?;
        Ok(ids.into_iter().map(TeamId::new).collect())
    }
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> RosterRepository for Store<C> {
    async fn lock_teams_of(&self, user: UserId) -> Result<Vec<TeamId>, Fault> {
        let mine =
            Query::select().column(Column::TeamId).from(Entity).and_where(Column::UserId.eq(user.as_uuid())).take();
        let ids: Vec<Uuid> = teams::Entity::find()
            .select_only()
            .column(teams::Column::Id)
            .filter(teams::Column::Id.in_subquery(mine))
            .order_by_asc(teams::Column::Id)
            .lock(ROW_LOCK)
            .into_tuple()
            .all(&self.0)
            .await
            .map_err(fault)?;
        Ok(ids.into_iter().map(TeamId::new).collect())
    }

    async fn has_admin_besides(&self, team: TeamId, user: UserId) -> Result<bool, Fault> {
        let admins = besides(team, user)
            .filter(Column::Role.eq(Role::Admin.as_str()))
            .filter(Column::Status.eq(MembershipStatus::Active.as_str()))
            .filter(of_active_account(member()));
        self.has_any(admins).await
    }

    async fn has_member_besides(&self, team: TeamId, user: UserId) -> Result<bool, Fault> {
        self.has_any(besides(team, user)).await
    }

    async fn longest_standing_besides(&self, team: TeamId, user: UserId) -> Result<Option<Membership>, Fault> {
        let row = besides(team, user)
            .filter(Column::Status.eq(MembershipStatus::Active.as_str()))
            .filter(of_active_account(member()))
            .order_by_asc(Column::JoinedAt)
            .order_by_asc(Column::UserId)
            .one(&self.0)
            .await
            .map_err(fault)?;
        row.as_ref().map(membership).transpose()
    }

    async fn teams_only_of(&self, user: UserId) -> Result<Vec<TeamId>, Fault> {
        let alone = Entity::find().filter(Column::UserId.eq(user.as_uuid())).filter(Expr::exists(others(user)).not());
        self.team_ids(alone).await
    }

    async fn teams_depending_on(&self, user: UserId) -> Result<Vec<TeamId>, Fault> {
        let depending = Entity::find()
            .filter(Column::UserId.eq(user.as_uuid()))
            .filter(Column::Role.eq(Role::Admin.as_str()))
            .filter(Column::Status.eq(MembershipStatus::Active.as_str()))
            .filter(Expr::exists(others(user)))
            .filter(Expr::exists(other_admins(user)).not());
        self.team_ids(depending).await
    }
}
