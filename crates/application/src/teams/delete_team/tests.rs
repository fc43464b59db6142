use std::sync::Mutex;

use countersign_domain::team::role::Role;
use mockall::predicate::eq;

use super::*;
use crate::error::Classify;
use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
use crate::testing::{Mocks, StagedUnitOfWork, Written, actor, membership, origin, team};

fn command() -> DeleteTeamCommand {
    DeleteTeamCommand { team_id: team(1).id }
}

fn unit(role: Role) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&[membership(1, role)]);
    unit
}

async fn delete(mut mocks: Mocks, unit: StagedUnitOfWork) -> (Result<(), DeleteTeamError>, Written) {
    mocks.hold_team(&[membership(1, Role::Admin)]);
    let written = mocks.stage(unit);
    let use_case = DeleteTeam::new(&mocks.into_dependencies());
    (use_case.execute(&actor(), &origin(), command()).await, written)
}

#[tokio::test]
async fn an_admin_deletes_the_team_and_it_commits() {
    let mut unit = unit(Role::Admin);
    unit.teams.expect_remove().with(eq(team(1).id)).times(1).returning(|_| Ok(true));
    let (deleted, written) = delete(Mocks::default(), unit).await;
    deleted.unwrap();
    assert!(written.committed());
    let event = written.events().remove(0);
    assert_eq!((event.kind, event.actor_id), (AuditKind::TeamDeleted, Some(actor().id())));
    assert_eq!(event.team_id, Some(team(1).id));
}

#[tokio::test]
async fn the_team_is_fenced_before_the_commit_and_lifted_after_it() {
    let mut unit = unit(Role::Admin);
    unit.teams.expect_remove().returning(|_| Ok(true));
    let written = unit.written.clone();
    let seen: Arc<Mutex<Vec<(&str, bool)>>> = Arc::default();
    let mut mocks = Mocks { team_cache: MockSnapshotCache::new(), ..Mocks::default() };
    mocks.team_cache.expect_read().returning(|_| Lookup::Miss(None));
    let (log, state) = (Arc::clone(&seen), written.clone());
    mocks.team_cache.expect_fence().with(eq(team(1).id)).returning(move |_| {
        log.lock().unwrap().push(("fence", state.committed()));
        Ok(())
    });
    let log = Arc::clone(&seen);
    mocks.team_cache.expect_lift().with(eq(team(1).id)).returning(move |_| {
        log.lock().unwrap().push(("lift", written.committed()));
        Ok(())
    });
    delete(mocks, unit).await.0.unwrap();
    assert_eq!(*seen.lock().unwrap(), [("fence", false), ("lift", true)]);
}

#[tokio::test]
async fn a_member_may_not() {
    let mut mocks = Mocks::default();
    mocks.hold_team(&[membership(1, Role::Member)]);
    let use_case = DeleteTeam::new(&mocks.into_dependencies());
    let refused = use_case.execute(&actor(), &origin(), command()).await.unwrap_err();
    assert_eq!(refused.code(), "team_admin_required");
}

#[tokio::test]
async fn an_admin_who_was_demoted_a_moment_ago_may_not() {
    let (refused, written) = delete(Mocks::default(), unit(Role::Member)).await;
    assert_eq!(refused.unwrap_err().code(), "team_admin_required");
    assert!(!written.committed());
}

#[tokio::test]
async fn when_it_fails_halfway_nothing_is_committed() {
    let mut unit = unit(Role::Admin);
    unit.teams.expect_remove().returning(|_| Err(Fault::unavailable("database", "gone")));
    let (failed, written) = delete(Mocks::default(), unit).await;
    assert_eq!(failed.unwrap_err().code(), "service_unavailable");
    assert!(!written.committed());
}
