use countersign_domain::audit::AuditKind;
use countersign_domain::password::PasswordHash;
use countersign_domain::session::Session;

use super::*;
use crate::error::{Classify, Kind};
use crate::ports::erasures::MockErasures;
use crate::ports::snapshot_cache::{Lookup, MockSnapshotCache};
use crate::testing::{
    Mocks, NOW, PASSWORD, StagedUnitOfWork, actor, credentials, origin, password_hasher, presented, session, team,
    user_id,
};

fn mocks() -> Mocks {
    let mut mocks = Mocks { password_hasher: password_hasher(), ..Mocks::default() };
    mocks.networks.expect_knows().returning(|_, _| Ok(false));
    mocks
        .credentials
        .expect_find_by_user()
        .returning(|id| Ok(Some(credentials(1)).filter(|found| found.user.id == id)));
    mocks
}

/// Removes the first account and the first team, which has no other member.
fn unit_of_work() -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    uow.hold_sessions();
    uow.roster.expect_lock_teams_of().returning(|_| Ok(vec![team(1).id]));
    uow.roster.expect_teams_only_of().returning(|_| Ok(vec![team(1).id]));
    uow.roster.expect_teams_depending_on().returning(|_| Ok(vec![]));
    uow.teams.expect_remove().returning(|_| Ok(true));
    uow.invitations.expect_remove_by_email().returning(|_| Ok(vec![]));
    uow.users.expect_remove().withf(|id| *id == user_id(1)).returning(|_| Ok(true));
    uow
}

async fn delete(mocks: Mocks, password: &str) -> Result<(), DeleteAccountError> {
    let command = DeleteAccountCommand { current_password: presented(password) };
    DeleteAccount::new(&mocks.into_dependencies()).execute(&actor(), &origin(), command).await
}

#[tokio::test]
async fn the_account_goes_and_no_node_remembers_it_or_its_team() {
    let mut mocks = mocks();
    let mut accounts = MockSnapshotCache::new();
    accounts.expect_read().returning(|_| Lookup::Miss(None));
    accounts.expect_fence().withf(|id| *id == user_id(1)).times(1).returning(|_| Ok(()));
    accounts.expect_lift().withf(|id| *id == user_id(1)).times(1).returning(|_| Ok(()));
    mocks.account_cache = accounts;
    let mut teams = MockSnapshotCache::new();
    teams.expect_read().returning(|_| Lookup::Miss(None));
    teams.expect_fence().withf(|id| *id == team(1).id).times(1).returning(|_| Ok(()));
    teams.expect_lift().withf(|id| *id == team(1).id).times(1).returning(|_| Ok(()));
    mocks.team_cache = teams;
    mocks.erasures = MockErasures::new();
    mocks.erasures.expect_erase().withf(|id, _, _| *id == user_id(1)).times(1).returning(|_, _, _| Ok(true));
    let written = mocks.stage(unit_of_work());
    delete(mocks, PASSWORD).await.unwrap();
    assert!(written.committed());
    assert!(written.audited().contains(&AuditKind::AccountDeleted));
    assert!(written.erased().contains(&user_id(1)));
}

#[tokio::test]
async fn a_wrong_password_deletes_nothing() {
    let error = delete(mocks(), "another password").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "wrong_password"));
}

#[tokio::test]
async fn the_last_admin_of_others_is_held_back() {
    let mut mocks = mocks();
    let mut uow = StagedUnitOfWork::default();
    uow.hold_sessions();
    uow.roster.expect_lock_teams_of().returning(|_| Ok(vec![team(1).id]));
    uow.roster.expect_teams_depending_on().returning(|_| Ok(vec![team(1).id]));
    let written = mocks.stage(uow);
    let error = delete(mocks, PASSWORD).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "last_admin"));
    assert!(!written.committed());
}

#[tokio::test]
async fn a_reset_in_between_wins() {
    let mut reset = credentials(1);
    reset.user.end_sessions(NOW);
    reset.password_hash = PasswordHash::new("another");
    let mut mocks = mocks();
    let mut uow = StagedUnitOfWork::default();
    uow.hold_session(reset, session(1));
    let written = mocks.stage(uow);
    assert_eq!(delete(mocks, PASSWORD).await.unwrap_err().code(), "invalid_token");
    assert!(!written.committed());
}

#[tokio::test]
async fn whoever_was_signed_out_in_between_deletes_nothing() {
    let mut mocks = mocks();
    let mut uow = StagedUnitOfWork::default();
    uow.hold_session(credentials(1), Session { ended_at: Some(NOW), ..session(1) });
    let written = mocks.stage(uow);
    let error = delete(mocks, PASSWORD).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unauthenticated, "invalid_token"));
    assert!(!written.committed());
}

#[tokio::test]
async fn what_fails_halfway_is_not_committed() {
    let mut halfway = StagedUnitOfWork::default();
    halfway.hold_sessions();
    halfway.roster.expect_lock_teams_of().returning(|_| Err(Fault::unavailable("database", "gone")));
    for uow in [halfway, StagedUnitOfWork { fail_commit: true, ..unit_of_work() }] {
        let mut mocks = mocks();
        let written = mocks.stage(uow);
        assert_eq!(delete(mocks, PASSWORD).await.unwrap_err().kind(), Kind::Unavailable);
        assert!(!written.committed());
    }
}
