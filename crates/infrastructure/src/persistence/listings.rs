//! Lists for superusers.

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::audit_log::{AuditFilter, AuditLog as _};
use countersign_application::ports::listings::Listings;
use countersign_domain::audit::AuditEvent;
use countersign_domain::ids::TeamId;
use countersign_domain::page::{Page, PageRequest};
use countersign_domain::team::Team;
use countersign_domain::team::membership::{Member, MembershipStatus};
use countersign_domain::team::role::Role;
use countersign_domain::user::User;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::persistence::entities::{invitations, teams, user_teams, users};
use crate::persistence::error::fault;
use crate::persistence::invitations::PENDING;
use crate::persistence::listed::{Listed as _, listed, teams_of, users_of};
use crate::persistence::memberships::{listed_member, members_of};
use crate::persistence::roster::{member, of_active_account};
use crate::persistence::store::Store;

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> Listings for Store<C> {
    async fn users(&self, search: Option<String>, page: &PageRequest) -> Result<Page<User>, Fault> {
        let rows = listed::<users::Entity>(search.as_deref(), page, self.0.get_database_backend());
        users_of(&Page::from_rows(rows.all(&self.0).await.map_err(fault)?, page, users::Entity::key_of))
    }

    async fn teams(&self, search: Option<String>, page: &PageRequest) -> Result<Page<Team>, Fault> {
        let rows = listed::<teams::Entity>(search.as_deref(), page, self.0.get_database_backend());
        teams_of(Page::from_rows(rows.all(&self.0).await.map_err(fault)?, page, teams::Entity::key_of))
    }

    async fn administered(&self, teams: &[TeamId]) -> Result<Vec<TeamId>, Fault> {
        use user_teams::Column;
        let ids: Vec<Uuid> = user_teams::Entity::find()
            .select_only()
            .column(Column::TeamId)
            .distinct()
            .filter(Column::TeamId.is_in(teams.iter().map(|team| team.as_uuid())))
            .filter(Column::Role.eq(Role::Admin.as_str()))
            .filter(Column::Status.eq(MembershipStatus::Active.as_str()))
            .filter(of_active_account(member()))
            .into_tuple()
            .all(&self.0)
            .await
            .map_err(fault)?;
        Ok(ids.into_iter().map(TeamId::new).collect())
    }

    async fn admins(&self, team: TeamId, limit: u16) -> Result<Vec<Member>, Fault> {
        use user_teams::Column;
        // As the index of roles has them: by user id a huge team would be read until there are enough.
        let mut rows = members_of(team)
            .filter(Column::Role.eq(Role::Admin.as_str()))
            .order_by_asc(Column::Status)
            .limit(u64::from(limit))
            .all(&self.0)
            .await
            .map_err(fault)?;
        rows.sort_unstable_by(|(a, _), (b, _)| (&a.status, a.user_id).cmp(&(&b.status, b.user_id)));
        rows.into_iter().map(listed_member).collect()
    }

    async fn pending_invitations(&self, team: TeamId, now: OffsetDateTime) -> Result<u64, Fault> {
        use invitations::Column;
        invitations::Entity::find()
            .filter(Column::TeamId.eq(team.as_uuid()))
            .filter(Expr::cust(PENDING))
            .filter(Column::ExpiresAt.gt(now))
            .count(&self.0)
            .await
            .map_err(fault)
    }

    async fn audit_events(&self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditEvent>, Fault> {
        self.list(filter, page).await
    }
}
