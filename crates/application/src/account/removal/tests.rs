use countersign_domain::team::membership::Membership;
use mockall::predicate::eq;

use super::*;
use crate::ports::erasures::MockErasures;
use crate::testing::{Mocks, NOW, StagedUnitOfWork, Written, membership, origin, team, user, user_id};

/// A unit of work in which the first account is in `sole` teams alone, and the only admin of `dependent` ones.
fn unit(sole: Vec<TeamId>, dependent: Vec<TeamId>, heir: Option<Membership>) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    let locked = [sole.clone(), dependent.clone()].concat();
    unit.roster.expect_lock_teams_of().with(eq(user_id(1))).times(1).returning(move |_| Ok(locked.clone()));
    unit.roster.expect_teams_only_of().with(eq(user_id(1))).returning(move |_| Ok(sole.clone()));
    unit.roster.expect_teams_depending_on().with(eq(user_id(1))).returning(move |_| Ok(dependent.clone()));
    unit.roster
        .expect_longest_standing_besides()
        .returning(move |team, user| Ok(heir.filter(|m| m.team_id == team && m.user_id != user)));
    unit
}

/// Lets the first account and everything that is addressed to it go; of no other address an invitation.
fn goes(unit: &mut StagedUnitOfWork) {
    unit.invitations.expect_remove_by_email().with(eq(user(1).email)).returning(|_| Ok(vec![]));
    unit.users.expect_remove().with(eq(user_id(1))).times(1).returning(|_| Ok(true));
}

async fn remove(unit: StagedUnitOfWork, cause: RemovalCause) -> (Result<Aftermath, RemovalError>, Written) {
    let written = unit.written.clone();
    let removal = AccountRemoval::new(&Mocks::default().into_dependencies());
    (removal.remove(&unit, &user(1), cause, &origin(), NOW).await, written)
}

#[tokio::test]
async fn an_account_without_teams_goes_with_its_traces() {
    let mut unit = unit(vec![], vec![], None);
    goes(&mut unit);
    let (removed, written) = remove(unit, RemovalCause::Owner).await;
    assert_eq!(removed.unwrap().stale, []);
    assert_eq!(written.erased(), [user_id(1), user_id(1)], "mails and audit traces");
    assert_eq!(written.audited(), [AuditKind::AccountDeleted]);
}

#[tokio::test]
async fn the_events_of_an_erased_person_carry_no_network_and_no_program() {
    for cause in
        [RemovalCause::Owner, RemovalCause::Superuser(user_id(1)), RemovalCause::Disowned, RemovalCause::Unused]
    {
        let mut unit = unit(vec![team(1).id], vec![], None);
        unit.teams.expect_remove().returning(|_| Ok(true));
        goes(&mut unit);
        let (_, written) = remove(unit, cause).await;
        for event in written.events() {
            assert_eq!((event.network, event.user_agent), (None, None), "{cause:?} {:?}", event.kind);
            assert_eq!(event.request_id, origin().request_id);
        }
    }
}

#[tokio::test]
async fn a_superuser_is_named_and_traceable() {
    let mut unit = unit(vec![], vec![], None);
    goes(&mut unit);
    let (removed, _) = remove(unit, RemovalCause::Superuser(user_id(9))).await;
    let event = removed.unwrap().events.remove(0);
    assert_eq!(event.kind, AuditKind::AccountDeleted);
    assert_eq!((event.actor_id, event.user_id), (Some(user_id(9)), Some(user_id(1))));
    assert!(event.network.is_some());
}

#[tokio::test]
async fn the_teams_that_lose_an_invitation_have_it_in_the_trail() {
    for (cause, actor) in [(RemovalCause::Owner, 1), (RemovalCause::Superuser(user_id(9)), 9)] {
        let mut unit = unit(vec![], vec![], None);
        unit.invitations
            .expect_remove_by_email()
            .with(eq(user(1).email))
            .times(1)
            .returning(|_| Ok(vec![team(1).id, team(2).id]));
        unit.users.expect_remove().returning(|_| Ok(true));
        let (removed, written) = remove(unit, cause).await;
        assert_eq!(removed.unwrap().events, written.events());
        for (event, team) in written.events().iter().zip([team(1), team(2)]) {
            assert_eq!((event.kind, event.team_id), (AuditKind::InvitationRevoked, Some(team.id)));
            assert_eq!((event.actor_id, event.user_id), (Some(user_id(actor)), Some(user_id(1))));
            assert_eq!(event.detail.as_deref(), Some("account_deleted"));
        }
        assert_eq!(written.events().len(), 3);
    }
}

#[tokio::test]
async fn what_was_sent_to_an_address_that_is_somebody_elses_stays_theirs() {
    for cause in [RemovalCause::Disowned, RemovalCause::Unused] {
        let mut unit = unit(vec![], vec![], None);
        unit.invitations.expect_remove_by_email().times(0);
        unit.users.expect_remove().returning(|_| Ok(true));
        let (removed, written) = remove(unit, cause).await;
        assert_eq!(removed.unwrap().events.len(), 1);
        assert_eq!(written.erased(), [user_id(1), user_id(1)], "mails of the account, and audit traces");
    }
}

#[tokio::test]
async fn each_cause_has_its_event_and_actor() {
    for (cause, kind, actor) in [
        (RemovalCause::Owner, AuditKind::AccountDeleted, Some(user_id(1))),
        (RemovalCause::Disowned, AuditKind::AccountDisowned, None),
        (RemovalCause::Unused, AuditKind::AccountPurged, None),
    ] {
        let mut unit = unit(vec![], vec![], None);
        goes(&mut unit);
        let (_, written) = remove(unit, cause).await;
        let event = written.events().remove(0);
        assert_eq!((event.kind, event.actor_id, event.user_id), (kind, actor, Some(user_id(1))));
    }
}

#[tokio::test]
async fn teams_of_which_it_is_the_only_member_go_with_it() {
    let mut unit = unit(vec![team(1).id, team(2).id], vec![], None);
    for n in [1, 2] {
        unit.teams.expect_remove().with(eq(team(n).id)).times(1).returning(|_| Ok(true));
    }
    goes(&mut unit);
    let (removed, written) = remove(unit, RemovalCause::Owner).await;
    assert_eq!(removed.unwrap().stale, [Entry::Team(team(1).id), Entry::Team(team(2).id)]);
    assert_eq!(written.audited(), [AuditKind::TeamDeleted, AuditKind::TeamDeleted, AuditKind::AccountDeleted]);
}

#[tokio::test]
async fn an_owner_on_whom_others_depend_stays_and_nothing_is_touched() {
    let unit = unit(vec![team(1).id], vec![team(2).id], Some(membership(2, Role::Member)));
    let (removed, written) = remove(unit, RemovalCause::Owner).await;
    assert!(matches!(removed, Err(RemovalError::LastAdmin)));
    assert_eq!((written.audited(), written.erased()), (vec![], vec![]));
}

#[tokio::test]
async fn the_longest_standing_member_takes_over_when_it_is_not_the_owner_who_asks() {
    for cause in [RemovalCause::Superuser(user_id(9)), RemovalCause::Disowned, RemovalCause::Unused] {
        let mut unit = unit(vec![], vec![team(1).id], Some(membership(2, Role::Member)));
        let promoted = membership(2, Role::Admin);
        unit.memberships.expect_update().with(eq(promoted)).times(1).returning(|_| Ok(true));
        goes(&mut unit);
        let (removed, written) = remove(unit, cause).await;
        let aftermath = removed.unwrap();
        assert_eq!(aftermath.stale, [Entry::Membership(user_id(2), team(1).id)]);
        assert_eq!(aftermath.events, written.events());
        let appointed = &aftermath.events[0];
        assert_eq!((appointed.kind, appointed.user_id), (AuditKind::AdminAppointed, Some(user_id(2))));
        assert_eq!(appointed.team_id, Some(team(1).id));
    }
}

#[tokio::test]
async fn a_team_whose_other_members_do_not_count_is_frozen() {
    let mut unit = unit(vec![], vec![team(1).id], None);
    goes(&mut unit);
    let (removed, _) = remove(unit, RemovalCause::Superuser(user_id(9))).await;
    let frozen = removed.unwrap().events.remove(0);
    assert_eq!((frozen.kind, frozen.team_id), (AuditKind::TeamFrozen, Some(team(1).id)));
    assert_eq!(frozen.actor_id, Some(user_id(9)));
}

#[tokio::test]
async fn traces_are_erased_as_far_as_is_soon_done_and_a_fault_is_left_to_the_housekeeping() {
    let outcomes: [fn() -> Result<bool, Fault>; 3] =
        [|| Ok(true), || Ok(false), || Err(Fault::unavailable("database", "gone"))];
    for outcome in outcomes {
        let mut mocks = Mocks { erasures: MockErasures::new(), ..Mocks::default() };
        mocks
            .erasures
            .expect_erase()
            .with(eq(user_id(1)), eq(20), eq(NOW))
            .times(1)
            .returning(move |_, _, _| outcome());
        AccountRemoval::new(&mocks.into_dependencies()).erase_traces(user_id(1), NOW).await;
    }
}

#[tokio::test]
async fn a_fault_on_the_way_is_passed_on() {
    let mut unit = unit(vec![], vec![], None);
    unit.invitations.expect_remove_by_email().returning(|_| Err(Fault::unavailable("database", "gone")));
    let (removed, written) = remove(unit, RemovalCause::Owner).await;
    assert!(matches!(removed, Err(RemovalError::Internal(Fault::Unavailable { .. }))));
    assert_eq!(written.audited(), []);
}

#[tokio::test]
async fn a_deactivated_account_keeps_its_own_teams_and_hands_the_others_over() {
    let mut unit = unit(vec![team(2).id], vec![team(1).id], Some(membership(2, Role::Member)));
    unit.memberships.expect_update().with(eq(membership(2, Role::Admin))).times(1).returning(|_| Ok(true));
    let removal = AccountRemoval::new(&Mocks::default().into_dependencies());
    let aftermath = removal.hand_over_teams(&unit, &user(1), Some(user_id(9)), &origin(), NOW).await.unwrap();
    assert_eq!(unit.written.audited(), [AuditKind::AdminAppointed]);
    assert_eq!(aftermath.stale, [Entry::Membership(user_id(2), team(1).id)]);
    assert!(aftermath.events[0].network.is_some(), "the superuser's, nobody is erased");
    assert_eq!(unit.written.erased(), []);
}
