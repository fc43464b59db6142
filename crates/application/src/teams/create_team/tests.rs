use countersign_domain::session::Session;
use mockall::predicate::eq;

use super::*;
use crate::error::{Classify, Conflict};
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::testing::{Mocks, NOW, StagedUnitOfWork, Written, actor, credentials, origin, session};

fn command() -> CreateTeamCommand {
    CreateTeamCommand {
        name: TeamName::parse("Engines").unwrap(),
        description: Description::parse("of analysis").unwrap(),
    }
}

/// A unit of work in which the actor has created so many teams.
fn unit(created: u64) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_sessions();
    unit.teams.expect_count_created_by().with(eq(actor().id())).returning(move |_| Ok(created));
    unit
}

async fn create(mut mocks: Mocks, unit: StagedUnitOfWork) -> (Result<Team, CreateTeamError>, Written) {
    let written = mocks.stage(unit);
    let use_case = CreateTeam::new(&mocks.into_dependencies());
    (use_case.execute(&actor(), &origin(), command()).await, written)
}

#[tokio::test]
async fn the_creator_is_its_active_admin_and_it_commits() {
    let mut unit = unit(99);
    unit.teams.expect_insert().withf(|team| team.created_by == Some(actor().id())).times(1).returning(|_| Ok(()));
    unit.memberships
        .expect_insert()
        .withf(|membership| membership.user_id == actor().id() && membership.is_active_admin())
        .times(1)
        .returning(|_| Ok(()));
    let (created, written) = create(Mocks::default(), unit).await;
    let team = created.unwrap();
    assert_eq!((team.name, team.description), (command().name, command().description));
    assert_eq!((team.created_at, team.updated_at), (NOW, NOW));
    assert!(written.committed());
    let event = written.events().remove(0);
    assert_eq!((event.kind, event.team_id), (AuditKind::TeamCreated, Some(team.id)));
}

#[tokio::test]
async fn an_unverified_creator_is_its_active_admin_too() {
    let mut unit = StagedUnitOfWork::default();
    let mut unverified = credentials(1);
    unverified.user.email_verified = false;
    unit.hold_session(unverified, session(1));
    unit.teams.expect_count_created_by().returning(|_| Ok(0));
    unit.teams.expect_insert().returning(|_| Ok(()));
    unit.memberships.expect_insert().withf(Membership::is_active_admin).times(1).returning(|_| Ok(()));
    create(Mocks::default(), unit).await.0.unwrap();
}

#[tokio::test]
async fn whoever_created_as_many_as_allowed_has_to_delete_one() {
    let (refused, written) = create(Mocks::default(), unit(100)).await;
    assert_eq!(refused.unwrap_err().code(), "team_limit_reached");
    assert!(!written.committed());
}

#[tokio::test]
async fn a_limit_of_zero_is_off() {
    let mut mocks = Mocks::default();
    mocks.policy.teams_per_user = 0;
    let mut unit = unit(1_000_000);
    unit.teams.expect_insert().returning(|_| Ok(()));
    unit.memberships.expect_insert().returning(|_| Ok(()));
    assert!(create(mocks, unit).await.0.is_ok());
}

#[tokio::test]
async fn an_account_that_is_gone_or_inactive_by_now_or_signed_out_creates_nothing() {
    let mut inactive = credentials(1);
    inactive.user.is_active = false;
    let ended = Session { ended_at: Some(NOW), ..session(1) };
    for (account, session) in [(credentials(2), session(2)), (inactive, session(1)), (credentials(1), ended)] {
        let mut unit = StagedUnitOfWork::default();
        unit.hold_session(account, session);
        let (refused, written) = create(Mocks::default(), unit).await;
        assert_eq!(refused.unwrap_err().code(), "invalid_token");
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn when_it_fails_halfway_nothing_is_committed() {
    let mut unit = unit(0);
    unit.teams.expect_insert().returning(|_| Ok(()));
    unit.memberships.expect_insert().returning(|_| Err(WriteError::Conflict(Conflict::MembershipExists)));
    let (failed, written) = create(Mocks::default(), unit).await;
    assert_eq!(failed.unwrap_err().code(), "internal_error");
    assert!(!written.committed());
}

#[tokio::test]
async fn a_commit_that_fails_is_no_success() {
    let mut unit = unit(0);
    unit.teams.expect_insert().returning(|_| Ok(()));
    unit.memberships.expect_insert().returning(|_| Ok(()));
    unit.fail_commit = true;
    let (failed, _) = create(Mocks::default(), unit).await;
    assert_eq!(failed.unwrap_err().code(), "service_unavailable");
}

#[tokio::test]
async fn creating_too_often_is_refused_before_anything_is_written() {
    let mut mocks = Mocks { rate_limiter: MockRateLimiter::new(), ..Mocks::default() };
    mocks
        .rate_limiter
        .expect_acquire()
        .withf(|hit| hit.rule.name == "team_user" && hit.subject == actor().id().to_string())
        .returning(|_| LimitVerdict::Refused { retry_after: time::Duration::seconds(9) });
    let (refused, written) = create(mocks, StagedUnitOfWork::default()).await;
    let refused = refused.unwrap_err();
    assert_eq!((refused.code(), refused.retry_after()), ("rate_limited", Some(time::Duration::seconds(9))));
    assert!(!written.committed());
}
