use countersign_domain::session::Session;
use countersign_domain::team::role::Role;

use super::*;
use crate::error::{Classify, Kind};
use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
use crate::testing::{Mocks, NOW, StagedUnitOfWork, actor, credentials, membership, origin, session, team, user_id};

async fn require(mocks: Mocks, permission: Permission) -> Result<(Team, Membership), TeamAccessError> {
    let access = TeamAccess::new(&mocks.into_dependencies());
    access.require(&actor(), &origin(), team(1).id, permission).await
}

#[tokio::test]
async fn a_member_gets_the_team_and_its_place_in_it() {
    let mut mocks = Mocks::default();
    mocks.hold_team(&[membership(1, Role::Member)]);
    let recorded = mocks.recorded.clone();
    let granted = require(mocks, Permission::ViewTeam).await.unwrap();
    assert_eq!(granted, (team(1), membership(1, Role::Member)));
    assert_eq!(recorded.audited(), []);
}

#[tokio::test]
async fn to_a_stranger_a_team_looks_like_one_that_does_not_exist_and_both_are_audited() {
    let mut foreign = Mocks::default();
    foreign.hold_team(&[membership(2, Role::Admin)]);
    let mut unknown = Mocks::default();
    unknown.teams.expect_find_by_id().returning(|_| Ok(None));
    unknown.memberships.expect_find().returning(|_, _| Ok(None));
    for mocks in [foreign, unknown] {
        let recorded = mocks.recorded.clone();
        let error = require(mocks, Permission::ViewTeam).await.unwrap_err();
        assert_eq!(error.code(), "team_not_found");
        let event = recorded.events().remove(0);
        assert_eq!((event.kind, event.actor_id), (AuditKind::AccessDenied, Some(actor().id())));
        assert_eq!(event.detail.as_deref(), Some("not_a_member"));
    }
}

#[tokio::test]
async fn a_member_is_told_that_it_takes_an_admin() {
    let mut mocks = Mocks::default();
    mocks.hold_team(&[membership(1, Role::Member)]);
    let recorded = mocks.recorded.clone();
    let error = require(mocks, Permission::UpdateTeam).await.unwrap_err();
    assert_eq!(error.code(), "team_admin_required");
    assert_eq!(recorded.events()[0].detail.as_deref(), Some("team_admin_required"));
}

#[tokio::test]
async fn a_superuser_has_no_rights_in_teams() {
    let mut mocks = Mocks::default();
    mocks.hold_team(&[]);
    let access = TeamAccess::new(&mocks.into_dependencies());
    let mut superuser = actor();
    superuser.user.is_superuser = true;
    let refused = access.require(&superuser, &origin(), team(1).id, Permission::ViewTeam).await;
    assert!(matches!(refused, Err(TeamAccessError::TeamNotFound)));
}

#[tokio::test]
async fn a_cached_membership_of_a_team_that_is_gone_counts_for_nothing() {
    let mut mocks = Mocks { membership_cache: MockSnapshotCache::new(), ..Mocks::default() };
    mocks.membership_cache.expect_read().returning(|_| Lookup::Hit(membership(1, Role::Admin)));
    mocks.teams.expect_find_by_id().returning(|_| Ok(None));
    assert!(matches!(require(mocks, Permission::ViewTeam).await, Err(TeamAccessError::TeamNotFound)));
}

#[tokio::test]
async fn under_the_lock_only_the_row_counts_not_the_cached_right() {
    let mut mocks = Mocks::default();
    mocks.hold_team(&[membership(1, Role::Admin)]);
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&[membership(1, Role::Member)]);
    mocks.stage(unit);
    let recorded = mocks.recorded.clone();
    let access = TeamAccess::new(&mocks.into_dependencies());
    let refused = access.begin(&actor(), &origin(), team(1).id, Permission::DeleteTeam).await;
    assert!(matches!(refused, Err(TeamAccessError::AdminRequired)));
    assert_eq!(recorded.audited(), [AuditKind::AccessDenied]);
}

#[tokio::test]
async fn a_session_that_was_ended_a_moment_ago_has_no_rights_in_teams_and_no_team_is_locked() {
    let ended = || {
        let mut unit = StagedUnitOfWork::default();
        unit.hold_session(credentials(1), Session { ended_at: Some(NOW), ..session(1) });
        unit.users.expect_lock().returning(|_| Ok(None));
        unit
    };
    let mut mocks = Mocks::default();
    mocks.stage(ended());
    let recorded = mocks.recorded.clone();
    let access = TeamAccess::new(&mocks.into_dependencies());
    let (actor, team, permission) = (actor(), team(1).id, Permission::ManageInvitations);
    let refused = access.begin(&actor, &origin(), team, permission).await.err().unwrap();
    assert_eq!((refused.kind(), refused.code()), (Kind::Unauthenticated, "invalid_token"));
    for about in [user_id(0), user_id(2)] {
        let refused = access.lock_with(about, &ended(), &actor, team, permission).await.err().unwrap();
        assert_eq!((refused.kind(), refused.code()), (Kind::Unauthenticated, "invalid_token"));
    }
    assert_eq!(recorded.audited(), []);
}

#[tokio::test]
async fn a_lost_database_is_not_a_denial() {
    let mut mocks = Mocks::default();
    mocks.memberships.expect_find().returning(|_, _| Err(Fault::unavailable("database", "gone")));
    let recorded = mocks.recorded.clone();
    let error = require(mocks, Permission::ViewTeam).await.unwrap_err();
    assert_eq!(error.code(), "service_unavailable");
    assert_eq!(recorded.audited(), []);
}
