use countersign_domain::name::{Description, TeamName};
use countersign_domain::team::role::Role;
use mockall::predicate::eq;
use time::Duration;

use super::*;
use crate::error::Classify;
use crate::testing::{Mocks, NOW, StagedUnitOfWork, Written, actor, membership, origin, team};

fn renaming() -> UpdateTeamCommand {
    let change = TeamChange { name: Some(TeamName::parse("Looms").unwrap()), description: None };
    UpdateTeamCommand { team_id: team(1).id, change }
}

fn unit(role: Role) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&[membership(1, role)]);
    unit
}

async fn update(
    role: Role,
    unit: Option<StagedUnitOfWork>,
    command: UpdateTeamCommand,
) -> (Result<Team, UpdateTeamError>, Option<Written>) {
    let mut mocks = Mocks::default();
    mocks.hold_team(&[membership(1, role)]);
    mocks.clock.advance(Duration::HOUR);
    let written = unit.map(|unit| mocks.stage(unit));
    let use_case = UpdateTeam::new(&mocks.into_dependencies());
    (use_case.execute(&actor(), &origin(), command).await, written)
}

#[tokio::test]
async fn an_admin_renames_the_team_and_it_commits() {
    let mut unit = unit(Role::Admin);
    let mut expected = team(1);
    expected.name = TeamName::parse("Looms").unwrap();
    expected.updated_at = NOW + Duration::HOUR;
    unit.teams.expect_update().with(eq(expected.clone())).times(1).returning(|_| Ok(true));
    let (updated, written) = update(Role::Admin, Some(unit), renaming()).await;
    assert_eq!(updated.unwrap(), expected);
    let written = written.unwrap();
    assert!(written.committed());
    assert_eq!(written.audited(), [AuditKind::TeamUpdated]);
}

#[tokio::test]
async fn a_change_of_nothing_writes_nothing() {
    let same = TeamChange { name: Some(team(1).name), description: Some(team(1).description) };
    for change in [TeamChange::default(), same] {
        let (updated, _) = update(Role::Admin, None, UpdateTeamCommand { team_id: team(1).id, change }).await;
        assert_eq!(updated.unwrap(), team(1));
    }
}

#[tokio::test]
async fn a_change_that_another_request_made_first_is_not_made_again() {
    let mut unit = StagedUnitOfWork::default();
    let changed = Team { name: TeamName::parse("Looms").unwrap(), ..team(1) };
    let stored = changed.clone();
    unit.hold_sessions();
    unit.hold_team_as(stored, &[membership(1, Role::Admin)]);
    let (updated, written) = update(Role::Admin, Some(unit), renaming()).await;
    assert_eq!(updated.unwrap(), changed);
    let written = written.unwrap();
    assert!(!written.committed() && written.audited().is_empty());
}

#[tokio::test]
async fn clearing_the_description_is_a_change() {
    let described = || Team { description: Description::parse("of analysis").unwrap(), ..team(1) };
    let mut mocks = Mocks::default();
    mocks.teams.expect_find_by_id().returning(move |_| Ok(Some(described())));
    mocks.memberships.expect_find().returning(|_, _| Ok(Some(membership(1, Role::Admin))));
    let mut unit = StagedUnitOfWork::default();
    unit.hold_sessions();
    unit.hold_team_as(described(), &[membership(1, Role::Admin)]);
    unit.teams.expect_update().withf(|team| team.description.is_none()).times(1).returning(|_| Ok(true));
    let written = mocks.stage(unit);
    let change = TeamChange { name: None, description: Some(None) };
    let command = UpdateTeamCommand { team_id: team(1).id, change };
    UpdateTeam::new(&mocks.into_dependencies()).execute(&actor(), &origin(), command).await.unwrap();
    assert!(written.committed());
}

#[tokio::test]
async fn a_member_may_not() {
    let (refused, _) = update(Role::Member, None, renaming()).await;
    assert_eq!(refused.unwrap_err().code(), "team_admin_required");
}

#[tokio::test]
async fn an_admin_who_was_demoted_a_moment_ago_may_not() {
    let (refused, written) = update(Role::Admin, Some(unit(Role::Member)), renaming()).await;
    assert_eq!(refused.unwrap_err().code(), "team_admin_required");
    assert!(!written.unwrap().committed());
}

#[tokio::test]
async fn when_it_fails_halfway_nothing_is_committed() {
    let mut unit = unit(Role::Admin);
    unit.teams.expect_update().returning(|_| Err(Fault::unavailable("database", "gone")));
    let (failed, written) = update(Role::Admin, Some(unit), renaming()).await;
    assert_eq!(failed.unwrap_err().code(), "service_unavailable");
    assert!(!written.unwrap().committed());
}

#[tokio::test]
async fn whoever_changes_too_often_has_to_wait_and_nothing_is_written() {
    let mut mocks = Mocks::at_limit("change_user");
    mocks.hold_team(&[membership(1, Role::Admin)]);
    // No unit of work is staged: none is begun.
    let use_case = UpdateTeam::new(&mocks.into_dependencies());
    let refused = use_case.execute(&actor(), &origin(), renaming()).await.unwrap_err();
    assert_eq!(refused.code(), "rate_limited");
    let nothing = UpdateTeamCommand { team_id: team(1).id, change: TeamChange::default() };
    assert_eq!(use_case.execute(&actor(), &origin(), nothing).await.unwrap(), team(1));
}
