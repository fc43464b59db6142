//! Memberships.

use async_trait::async_trait;
use countersign_application::error::{Fault, WriteError};
use countersign_application::ports::membership_repository::MembershipRepository;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::name::PersonName;
use countersign_domain::page::{Cursor, Page, PageRequest};
use countersign_domain::team::membership::{Member, Membership, MembershipStatus, TeamMembership};
use countersign_domain::team::role::Role;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, RelationDef, SelectTwo, Set,
};

use crate::persistence::entities::user_teams::{ActiveModel, Column, Entity, Model};
use crate::persistence::entities::{teams, users};
use crate::persistence::error::{fault, unreadable, write_error};
use crate::persistence::store::Store;
use crate::persistence::teams::team;

/// The membership of a row.
pub(crate) fn membership(row: &Model) -> Result<Membership, Fault> {
    Ok(Membership {
        user_id: UserId::new(row.user_id),
        team_id: TeamId::new(row.team_id),
        role: Role::parse(&row.role).map_err(|_invalid| unreadable("user_teams.role"))?,
        status: MembershipStatus::parse(&row.status).ok_or_else(|| unreadable("user_teams.status"))?,
        joined_at: row.joined_at,
    })
}

/// The member of a row of [`members_of`].
pub(crate) fn listed_member((row, account): (Model, Option<users::Model>)) -> Result<Member, Fault> {
    let account = account.ok_or_else(|| unreadable("user_teams.user_id"))?;
    Ok(Member {
        membership: membership(&row)?,
        email: EmailAddress::parse(&account.email).map_err(|_invalid| unreadable("users.email"))?,
        first_name: PersonName::from_stored(account.first_name),
        last_name: PersonName::from_stored(account.last_name),
    })
}

fn team_membership((row, its_team): (Model, Option<teams::Model>)) -> Result<TeamMembership, Fault> {
    let its_team = its_team.ok_or_else(|| unreadable("user_teams.team_id"))?;
    Ok(TeamMembership { team: team(its_team)?, membership: membership(&row)? })
}

fn of_user() -> RelationDef {
    Entity::belongs_to(users::Entity).from(Column::UserId).to(users::Column::Id).into()
}

/// The memberships of the team with their accounts, in no order.
pub(crate) fn members_of(team: TeamId) -> SelectTwo<Entity, users::Entity> {
    Entity::find()
        .join(JoinType::InnerJoin, of_user())
        .select_also(users::Entity)
        .filter(Column::TeamId.eq(team.as_uuid()))
}

fn of_team() -> RelationDef {
    Entity::belongs_to(teams::Entity).from(Column::TeamId).to(teams::Column::Id).into()
}

/// Memberships beyond the cursor, in the order of time and team.
fn joined_after(cursor: Cursor) -> Option<Condition> {
    let at = cursor.time()?;
    let beyond = Condition::any().add(Column::JoinedAt.gt(at)).add(Column::TeamId.gt(cursor.key()));
    Some(Condition::all().add(Column::JoinedAt.gte(at)).add(beyond))
}

fn awaiting(user: UserId) -> Condition {
    Condition::all()
        .add(Column::UserId.eq(user.as_uuid()))
        .add(Column::Status.eq(MembershipStatus::AwaitingVerification.as_str()))
}

fn teams_of(rows: Vec<Model>) -> Vec<TeamId> {
    rows.into_iter().map(|row| TeamId::new(row.team_id)).collect()
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> MembershipRepository for Store<C> {
    async fn find(&self, user: UserId, team: TeamId) -> Result<Option<Membership>, Fault> {
        let row = Entity::find_by_id((user.as_uuid(), team.as_uuid())).one(&self.0).await.map_err(fault)?;
        row.as_ref().map(membership).transpose()
    }

    async fn list_by_user(&self, user: UserId, page: &PageRequest) -> Result<Page<TeamMembership>, Fault> {
        let rows = Entity::find()
            .join(JoinType::InnerJoin, of_team())
            .select_also(teams::Entity)
            .filter(Column::UserId.eq(user.as_uuid()))
            .apply_if(page.after().and_then(joined_after), sea_orm::QueryFilter::filter)
            .order_by_asc(Column::JoinedAt)
            .order_by_asc(Column::TeamId)
            .limit(u64::from(page.limit()) + 1)
            .all(&self.0)
            .await
            .map_err(fault)?;
        let items = rows.into_iter().map(team_membership).collect::<Result<_, _>>()?;
        Ok(Page::from_rows_by_time(items, page, |item: &TeamMembership| {
            (item.membership.joined_at, item.team.id.as_uuid())
        }))
    }

    async fn list_active_by_user(&self, user: UserId, limit: u16) -> Result<Vec<Membership>, Fault> {
        let rows = Entity::find()
            .filter(Column::UserId.eq(user.as_uuid()))
            .filter(Column::Status.eq(MembershipStatus::Active.as_str()))
            .order_by_asc(Column::JoinedAt)
            .order_by_asc(Column::TeamId)
            .limit(u64::from(limit))
            .all(&self.0)
            .await
            .map_err(fault)?;
        rows.iter().map(membership).collect()
    }

    async fn list_by_team(&self, team: TeamId, page: &PageRequest) -> Result<Page<Member>, Fault> {
        let rows = members_of(team)
            .apply_if(page.after(), |select, cursor| select.filter(Column::UserId.gt(cursor.key())))
            .order_by_asc(Column::UserId)
            .limit(u64::from(page.limit()) + 1)
            .all(&self.0)
            .await
            .map_err(fault)?;
        let items = rows.into_iter().map(listed_member).collect::<Result<_, _>>()?;
        Ok(Page::from_rows(items, page, |item: &Member| item.membership.user_id.as_uuid()))
    }

    async fn insert(&self, membership: &Membership) -> Result<(), WriteError> {
        let row = ActiveModel {
            user_id: Set(membership.user_id.as_uuid()),
            team_id: Set(membership.team_id.as_uuid()),
            role: Set(membership.role.as_str().to_owned()),
            status: Set(membership.status.as_str().to_owned()),
            joined_at: Set(membership.joined_at),
        };
        Entity::insert(row).exec_without_returning(&self.0).await.map_err(write_error)?;
        Ok(())
    }

    async fn update(&self, membership: &Membership) -> Result<bool, Fault> {
        let updated = Entity::update_many()
            .col_expr(Column::Role, Expr::value(membership.role.as_str()))
            .col_expr(Column::Status, Expr::value(membership.status.as_str()))
            .filter(Column::UserId.eq(membership.user_id.as_uuid()))
            .filter(Column::TeamId.eq(membership.team_id.as_uuid()))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(updated.rows_affected == 1)
    }

    async fn remove(&self, user: UserId, team: TeamId) -> Result<bool, Fault> {
        let removed = Entity::delete_by_id((user.as_uuid(), team.as_uuid())).exec(&self.0).await.map_err(fault)?;
        Ok(removed.rows_affected == 1)
    }

    async fn activate_awaiting(&self, user: UserId) -> Result<Vec<TeamId>, Fault> {
        let activated = Entity::update_many()
            .col_expr(Column::Status, Expr::value(MembershipStatus::Active.as_str()))
            .filter(awaiting(user))
            .exec_with_returning(&self.0)
            .await
            .map_err(fault)?;
        Ok(teams_of(activated))
    }

    async fn remove_awaiting(&self, user: UserId) -> Result<Vec<TeamId>, Fault> {
        let removed = Entity::delete_many().filter(awaiting(user)).exec_with_returning(&self.0).await.map_err(fault)?;
        Ok(teams_of(removed))
    }
}
