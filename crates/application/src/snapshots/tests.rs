use std::sync::Mutex;

use countersign_domain::team::role::Role;
use mockall::predicate::eq;
use tokio::time::Instant;

use super::*;
use crate::ports::snapshot_cache::{MockSnapshotCache, Version};
use crate::testing::{Mocks, membership, session, team, user, user_id};

/// A cache without entries that writes down what is asked of it, under this name.
fn logging<K, V>(name: &'static str, log: &Arc<Mutex<Vec<String>>>) -> MockSnapshotCache<K, V>
where
    K: Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    let mut cache = MockSnapshotCache::new();
    cache.expect_read().returning(|_| Lookup::Miss(None));
    let seen = Arc::clone(log);
    cache.expect_fence().returning(move |_| {
        seen.lock().unwrap().push(format!("fence {name}"));
        Ok(())
    });
    let seen = Arc::clone(log);
    cache.expect_lift().returning(move |_| {
        seen.lock().unwrap().push(format!("lift {name}"));
        Ok(())
    });
    cache
}

#[tokio::test]
async fn a_copy_in_the_cache_makes_no_statement() {
    let mut mocks = Mocks { account_cache: MockSnapshotCache::new(), ..Mocks::default() };
    mocks.account_cache.expect_read().with(eq(user_id(1))).returning(|_| Lookup::Hit(user(1)));
    let snapshots = Snapshots::new(&mocks.into_dependencies());
    assert_eq!(snapshots.account(user_id(1)).await.unwrap(), Some(user(1)));
}

#[tokio::test]
async fn a_row_is_filled_in_under_the_version_that_was_read_before_it() {
    let mut mocks = Mocks { account_cache: MockSnapshotCache::new(), ..Mocks::default() };
    mocks.account_cache.expect_read().returning(|_| Lookup::Miss(Some(Version(7))));
    mocks
        .account_cache
        .expect_fill()
        .with(eq(user_id(1)), eq(Version(7)), eq(user(1)))
        .times(1)
        .returning(|_, _, _| ());
    mocks.users.expect_find_by_id().with(eq(user_id(1))).returning(|_| Ok(Some(user(1))));
    let snapshots = Snapshots::new(&mocks.into_dependencies());
    assert_eq!(snapshots.account(user_id(1)).await.unwrap(), Some(user(1)));
}

#[tokio::test]
async fn while_a_write_is_under_way_nothing_is_filled_in() {
    let mut mocks = Mocks { session_cache: MockSnapshotCache::new(), ..Mocks::default() };
    mocks.session_cache.expect_read().returning(|_| Lookup::Miss(None));
    mocks.sessions.expect_find_by_id().returning(|_| Ok(Some(session(1))));
    let snapshots = Snapshots::new(&mocks.into_dependencies());
    assert_eq!(snapshots.session(session(1).id).await.unwrap(), Some(SessionState::from(&session(1))));
}

#[tokio::test]
async fn that_there_is_no_row_is_not_remembered() {
    let mut mocks = Mocks { membership_cache: MockSnapshotCache::new(), ..Mocks::default() };
    mocks.membership_cache.expect_read().returning(|_| Lookup::Miss(Some(Version(1))));
    mocks.memberships.expect_find().returning(|_, _| Ok(None));
    let snapshots = Snapshots::new(&mocks.into_dependencies());
    assert_eq!(snapshots.membership(user_id(1), team(1).id).await.unwrap(), None);
}

#[tokio::test]
async fn a_lost_database_is_a_fault_and_fills_nothing() {
    let mut mocks = Mocks { team_cache: MockSnapshotCache::new(), ..Mocks::default() };
    mocks.team_cache.expect_read().returning(|_| Lookup::Miss(Some(Version(1))));
    mocks.teams.expect_find_by_id().returning(|_| Err(Fault::unavailable("database", "gone")));
    assert!(Snapshots::new(&mocks.into_dependencies()).team(team(1).id).await.is_err());
}

fn in_team(n: u64) -> Membership {
    Membership { team_id: team(n).id, ..membership(1, Role::Member) }
}

#[tokio::test]
async fn the_list_of_teams_reads_what_the_cache_lacks_by_one_statement_and_leaves_out_what_is_gone() {
    let mut mocks = Mocks { team_list_cache: MockSnapshotCache::new(), ..Mocks::default() };
    mocks
        .team_list_cache
        .expect_read()
        .returning(|_| Lookup::Hit(Page { items: vec![in_team(1), in_team(2), in_team(3), in_team(4)], next: None }));
    mocks.team_cache = MockSnapshotCache::new();
    mocks
        .team_cache
        .expect_read()
        .returning(|id| if *id == team(3).id { Lookup::Hit(team(3)) } else { Lookup::Miss(Some(Version(1))) });
    mocks.team_cache.expect_fill().times(2).returning(|_, _, _| ());
    mocks
        .teams
        .expect_find_many()
        .withf(|ids| ids == [team(1).id, team(2).id, team(4).id])
        .times(1)
        .returning(|_| Ok(vec![team(4), team(1)]));
    let list = Snapshots::new(&mocks.into_dependencies()).team_list(user_id(1)).await.unwrap();
    let teams: Vec<_> = list.items.iter().map(|item| (item.team.id, item.membership.team_id)).collect();
    assert_eq!(teams, [1, 3, 4].map(|n| (team(n).id, team(n).id)));
}

#[tokio::test]
async fn a_list_that_is_not_cached_is_the_first_page_of_the_rows() {
    let mut mocks = Mocks::default();
    mocks
        .memberships
        .expect_list_by_user()
        .with(eq(user_id(1)), eq(PageRequest::first(PageRequest::DEFAULT_LIMIT)))
        .returning(|_, _| {
            let item = TeamMembership { team: team(1), membership: in_team(1) };
            Ok(Page { items: vec![item], next: None })
        });
    mocks.teams.expect_find_many().returning(|_| Ok(vec![team(1)]));
    let list = Snapshots::new(&mocks.into_dependencies()).team_list(user_id(1)).await.unwrap();
    assert_eq!(list.items, [TeamMembership { team: team(1), membership: in_team(1) }]);
}

#[tokio::test]
async fn every_entry_is_fenced_and_lifted_in_its_own_cache() {
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let mocks = Mocks {
        account_cache: logging("account", &log),
        session_cache: logging("session", &log),
        membership_cache: logging("membership", &log),
        team_cache: logging("team", &log),
        team_list_cache: logging("list", &log),
        ..Mocks::default()
    };
    let snapshots = Snapshots::new(&mocks.into_dependencies());
    for (entry, caches) in [
        (Entry::Account(user_id(1)), vec!["account"]),
        (Entry::Session(session(1).id), vec!["session"]),
        (Entry::Team(team(1).id), vec!["team"]),
        (Entry::TeamList(user_id(1)), vec!["list"]),
        (Entry::Membership(user_id(1), team(1).id), vec!["membership", "list"]),
    ] {
        log.lock().unwrap().clear();
        let fence = snapshots.fence([entry]).await;
        let fenced: Vec<_> = caches.iter().map(|cache| format!("fence {cache}")).collect();
        assert_eq!(*log.lock().unwrap(), fenced);
        fence.lift().await;
        let lifted = caches.iter().map(|cache| format!("lift {cache}"));
        assert_eq!(*log.lock().unwrap(), fenced.into_iter().chain(lifted).collect::<Vec<_>>());
    }
}

/// How long a write of two accounts waits when the cache confirms so.
async fn waits(confirm: fn(&UserId, Step) -> Result<(), Unconfirmed>) -> std::time::Duration {
    let mut mocks = Mocks { account_cache: MockSnapshotCache::new(), ..Mocks::default() };
    mocks.account_cache.expect_fence().returning(move |id| confirm(id, Step::Fence));
    mocks.account_cache.expect_lift().returning(move |id| confirm(id, Step::Lift));
    let snapshots = Snapshots::new(&mocks.into_dependencies());
    let start = Instant::now();
    snapshots.fence([Entry::Account(user_id(1)), Entry::Account(user_id(2))]).await.lift().await;
    start.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_fence_does_not_wait() {
    assert_eq!(waits(|_, _| Ok(())).await, std::time::Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_fence_that_a_node_may_have_missed_waits_until_every_entry_has_expired() {
    let lifetime = ENTRY_LIFETIME.unsigned_abs();
    let unfenced = waits(|id, step| match step {
        Step::Fence if *id == user_id(1) => Err(Unconfirmed),
        _ => Ok(()),
    });
    assert!(unfenced.await >= lifetime);
    let unlifted = waits(|id, step| match step {
        Step::Lift if *id == user_id(2) => Err(Unconfirmed),
        _ => Ok(()),
    });
    assert!(unlifted.await >= lifetime);
}
