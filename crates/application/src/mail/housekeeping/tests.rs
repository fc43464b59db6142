use std::sync::Mutex;

use countersign_domain::audit::AuditKind;
use countersign_domain::page::{Cursor, Page, PageRequest};
use countersign_domain::session::Session;
use countersign_domain::team::membership::TeamMembership;
use countersign_domain::team::role::Role;
use mockall::predicate::eq;
use time::Duration;

use super::*;
use crate::policy::Retention;
use crate::ports::erasures::MockErasures;
use crate::ports::remains::MockRemains;
use crate::testing::{Mocks, NOW, StagedUnitOfWork, membership, session, team, user, user_id};

fn unverified(n: u64) -> User {
    let mut user = user(n);
    user.email_verified = false;
    user
}

/// A unit of work that finds this account under the lock, with these sessions and teams.
fn unit(found: Option<User>, sessions: Vec<Session>, teams: Vec<TeamMembership>) -> StagedUnitOfWork {
    unit_with(found, sessions, teams, vec![])
}

/// The same with sign-ins at these times.
fn unit_with(
    found: Option<User>,
    sessions: Vec<Session>,
    teams: Vec<TeamMembership>,
    sign_ins: Vec<OffsetDateTime>,
) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.users.expect_lock().returning(move |id| Ok(found.clone().filter(|user| user.id == id)));
    unit.users.expect_remove().returning(|_| Ok(true));
    unit.sessions.expect_list_by_user().returning(move |_| Ok(sessions.clone()));
    let networks: Vec<_> = sign_ins.into_iter().map(|at| ("192.0.2.0/24".to_owned(), at)).collect();
    unit.networks.expect_list_by_user().returning(move |_| Ok(networks.clone()));
    let page = Page { items: teams, next: None };
    unit.memberships.expect_list_by_user().returning(move |_, _| Ok(page.clone()));
    unit.roster.expect_lock_teams_of().returning(|_| Ok(vec![]));
    unit.roster.expect_teams_depending_on().returning(|_| Ok(vec![]));
    unit.roster.expect_teams_only_of().returning(|_| Ok(vec![]));
    unit
}

/// Periods that no two things share, so that none passes for another.
const RETENTION: Retention = Retention {
    audit: Duration::days(11),
    unverified_accounts: Duration::days(13),
    invitations: Duration::days(17),
    mails: Duration::days(19),
    sign_in_networks: Duration::days(23),
    mailbox: Duration::days(29),
};

/// Mocks that list these accounts as unused, whatever became of them.
fn mocks(unused: Vec<UserId>) -> Mocks {
    let mut mocks = Mocks::default();
    mocks.policy.retention = RETENTION;
    mocks.policy.access_ttl = Duration::minutes(7);
    mocks.policy.session.reuse_window = Duration::minutes(29);
    mocks.housekeeping.expect_purge().times(1).returning(|purge| {
        assert_eq!((purge.now, purge.retention), (NOW, RETENTION));
        assert_eq!((purge.access_ttl, purge.reuse_window), (Duration::minutes(7), Duration::minutes(29)));
        Ok(PurgeReport { removed: vec![("sessions", 3)] })
    });
    mocks.users.expect_list_unused().returning(move |since, now, page| {
        assert_eq!((since, now, *page), (NOW - Duration::days(13), NOW, PageRequest::first(BATCH)));
        Ok(Page { items: unused.clone(), next: None })
    });
    mocks
}

async fn keep_house(mocks: Mocks) -> Result<PurgeReport, KeepHouseError> {
    KeepHouse::new(&mocks.into_dependencies()).execute().await
}

#[tokio::test]
async fn what_is_purged_is_reported_and_nothing_else() {
    let report = keep_house(mocks(vec![])).await.unwrap();
    assert_eq!(report.removed, [("sessions", 3)]);
}

#[tokio::test]
async fn each_unused_account_is_removed_in_a_unit_of_work_of_its_own() {
    let mut mocks = mocks(vec![user_id(1), user_id(2)]);
    let written: Vec<_> = (1..=2).map(|n| mocks.stage(unit(Some(unverified(n)), vec![], vec![]))).collect();
    let report = keep_house(mocks).await.unwrap();
    assert_eq!(report.removed, [("sessions", 3), ("users", 2)]);
    for written in written {
        assert!(written.committed());
        assert_eq!(written.audited(), [AuditKind::AccountPurged]);
    }
}

#[tokio::test]
async fn an_account_that_came_into_use_since_it_was_listed_stays() {
    let in_team = TeamMembership { team: team(1), membership: membership(1, Role::Member) };
    let since = NOW - RETENTION.unverified_accounts;
    let long_ago = since - Duration::DAY;
    let live = Session { last_seen_at: long_ago, ..session(1) };
    let ended_lately = Session { ended_at: Some(NOW), last_seen_at: since, ..session(1) };
    for unit in [
        unit(Some(user(1)), vec![], vec![]),
        unit(Some(User { is_active: false, ..unverified(1) }), vec![], vec![]),
        unit(None, vec![], vec![]),
        unit(Some(unverified(1)), vec![live], vec![]),
        unit(Some(unverified(1)), vec![ended_lately], vec![]),
        unit(Some(unverified(1)), vec![], vec![in_team]),
        unit_with(Some(unverified(1)), vec![], vec![], vec![long_ago, since]),
    ] {
        let mut mocks = mocks(vec![user_id(1)]);
        let written = mocks.stage(unit);
        assert_eq!(keep_house(mocks).await.unwrap().removed, [("sessions", 3)]);
        assert!(!written.committed() && written.erased().is_empty());
    }
}

#[tokio::test]
async fn what_was_used_before_the_period_only_is_removed() {
    let long_ago = NOW - RETENTION.unverified_accounts - Duration::milliseconds(1);
    let over = Session { ended_at: Some(long_ago), last_seen_at: long_ago, ..session(1) };
    let mut mocks = mocks(vec![user_id(1)]);
    let written = mocks.stage(unit_with(Some(unverified(1)), vec![over], vec![], vec![long_ago]));
    assert_eq!(keep_house(mocks).await.unwrap().removed[1], ("users", 1));
    assert!(written.committed());
}

#[tokio::test]
async fn one_account_that_cannot_be_removed_keeps_no_other() {
    let mut mocks = mocks(vec![user_id(1), user_id(2)]);
    let mut broken = unit(None, vec![], vec![]);
    broken.users.checkpoint();
    broken.users.expect_lock().returning(|_| Err(Fault::internal("database", "a row that cannot be read")));
    let broken = mocks.stage(broken);
    let second = mocks.stage(unit(Some(unverified(2)), vec![], vec![]));
    assert_eq!(keep_house(mocks).await.unwrap().removed[1], ("users", 1));
    assert!(!broken.committed() && second.committed());
}

#[tokio::test]
async fn erasures_that_were_noted_go_on() {
    let mut mocks = mocks(vec![]);
    mocks.erasures = MockErasures::new();
    mocks.remains = MockRemains::new();
    mocks.remains.expect_clear().with(eq(Depth::Database), eq(NOW)).times(1).returning(|_, _| Ok(()));
    mocks.erasures.expect_list_noted().with(eq(NOW), eq(BATCH)).returning(|_, _| Ok(vec![user_id(1), user_id(2)]));
    for (n, done) in [(1, false), (2, true)] {
        mocks
            .erasures
            .expect_erase()
            .with(eq(user_id(n)), eq(ERASURE_BATCHES), eq(NOW))
            .times(1)
            .returning(move |_, _, _| Ok(done));
    }
    assert_eq!(keep_house(mocks).await.unwrap().removed, [("sessions", 3), ("erasures", 1)]);
}

#[tokio::test]
async fn what_deleting_leaves_in_the_log_is_cleared_whoever_deleted() {
    let mut mocks = mocks(vec![]);
    mocks.remains = MockRemains::new();
    mocks.remains.expect_clear().with(eq(Depth::Log), eq(NOW)).times(1).returning(|_, _| Ok(()));
    keep_house(mocks).await.unwrap();
}

/// A cursor behind this account.
fn behind(n: u64) -> Cursor {
    Cursor::after_time(NOW, user_id(n).as_uuid())
}

/// Mocks that have a thousand and a half of accounts to look at, of which they say which are unused, and note from where
/// they were asked.
fn many(unused: fn(u64) -> Vec<UserId>) -> (Mocks, Arc<Mutex<Vec<Option<Cursor>>>>) {
    let mut mocks = Mocks::default();
    mocks.housekeeping.expect_purge().returning(|_| Ok(PurgeReport { removed: vec![] }));
    let asked = Arc::<Mutex<Vec<Option<Cursor>>>>::default();
    let noted = Arc::clone(&asked);
    mocks.users.expect_list_unused().returning(move |_, _, page| {
        let mut noted = noted.lock().unwrap();
        noted.push(page.after());
        let nth = (1..=15).find(|n| page.after() == Some(behind(*n))).unwrap_or(0) + 1;
        Ok(Page { items: unused(nth), next: (nth < 15).then(|| behind(nth)) })
    });
    (mocks, asked)
}

#[tokio::test]
async fn a_run_looks_at_some_accounts_and_the_next_one_goes_on_behind_them_and_then_from_the_beginning() {
    let (mocks, asked) = many(|_| vec![]);
    let keep_house = KeepHouse::new(&mocks.into_dependencies());
    let mut runs = vec![];
    for _ in 0..3 {
        keep_house.clone().execute().await.unwrap();
        runs.push(std::mem::take(&mut *asked.lock().unwrap()));
    }
    let of_run = |from: u64, to: u64| (from..=to).map(|n| (n > 0).then(|| behind(n))).collect::<Vec<_>>();
    assert_eq!(runs, [of_run(0, 9), of_run(10, 14), of_run(0, 9)]);
}

#[tokio::test]
async fn accounts_that_cannot_be_removed_do_not_hold_up_those_behind_them() {
    let (mut mocks, _) = many(|nth| if nth < 3 { vec![user_id(nth)] } else { vec![] });
    let mut broken = unit(None, vec![], vec![]);
    broken.users.checkpoint();
    broken.users.expect_lock().returning(|_| Err(Fault::internal("database", "a row that cannot be read")));
    mocks.stage(broken);
    mocks.stage(unit(Some(unverified(2)), vec![], vec![]));
    assert_eq!(keep_house(mocks).await.unwrap().removed, [("users", 1)]);
}

#[tokio::test]
async fn a_run_that_meets_an_outage_is_taken_up_where_it_was() {
    let (mut mocks, asked) = many(|nth| if nth == 2 { vec![user_id(2)] } else { vec![] });
    let mut out = unit(Some(unverified(2)), vec![], vec![]);
    out.fail_commit = true;
    mocks.stage(out);
    mocks.stage(unit(Some(unverified(2)), vec![], vec![]));
    let keep_house = KeepHouse::new(&mocks.into_dependencies());
    keep_house.execute().await.unwrap_err();
    assert_eq!(keep_house.execute().await.unwrap().removed, [("users", 1)]);
    assert_eq!(asked.lock().unwrap()[..3], [None, Some(behind(1)), Some(behind(1))]);
}

#[tokio::test]
async fn an_outage_is_returned_and_commits_nothing() {
    let mut mocks = mocks(vec![user_id(1)]);
    let mut unit = unit(Some(unverified(1)), vec![], vec![]);
    unit.fail_commit = true;
    let written = mocks.stage(unit);
    assert!(keep_house(mocks).await.is_err());
    assert!(!written.committed());
}
