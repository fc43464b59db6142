//! Whoever writes for a session holds it until the write counts: what ends the session comes before that, and is seen, or
//! after it. On PostgreSQL: of SQLite's writers one waits for the other from the beginning.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use countersign_application::actor::Actor;
use countersign_application::auth::authenticate::AuthenticateError;
use countersign_application::ports::session_repository::SessionRepository;
use countersign_application::ports::unit_of_work::UnitOfWork;
use countersign_application::testing::{NOW, actor, membership, session, team, user, user_id};
use countersign_domain::one_time_token::Purpose;
use countersign_domain::session::{Session, SessionState};
use countersign_domain::team::role::Role;
use countersign_domain::user::User;

use crate::persistence::fresh::{Fresh, on_postgres};

/// What a deadlock would exceed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Longer than a statement takes that waits for nobody.
const A_WHILE: Duration = Duration::from_millis(200);

type Ending = for<'a> fn(&'a dyn UnitOfWork) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// What ends the first session of the first account, as its use case does it.
const ENDINGS: [(&str, Ending); 4] = [
    ("logout", |uow| {
        Box::pin(async {
            uow.sessions().end(user_id(1), session(1).id, NOW).await.unwrap();
            uow.one_time_tokens().remove_requested_by(user_id(1), &[session(1).id]).await.unwrap();
        })
    }),
    ("reset", |uow| Box::pin(end_all(uow, User::end_sessions))),
    ("deactivation", |uow| {
        Box::pin(async {
            uow.users().lock(user_id(1)).await.unwrap();
            uow.roster().lock_teams_of(user_id(1)).await.unwrap();
            end_all(uow, User::deactivate).await;
        })
    }),
    ("deletion", |uow| {
        Box::pin(async {
            uow.users().lock(user_id(1)).await.unwrap();
            uow.roster().lock_teams_of(user_id(1)).await.unwrap();
            uow.users().remove(user_id(1)).await.unwrap();
        })
    }),
];

async fn end_all(uow: &dyn UnitOfWork, change: fn(&mut User, time::OffsetDateTime)) {
    let Some(mut user) = uow.users().lock(user_id(1)).await.unwrap() else { return };
    change(&mut user, NOW);
    uow.users().update(&user).await.unwrap();
    uow.sessions().end_by_user(user.id, None, user.epoch, NOW).await.unwrap();
    uow.one_time_tokens().remove_by_user(user.id, &[Purpose::EmailChange]).await.unwrap();
}

async fn signed_in(fresh: &Fresh) {
    fresh.user(1).await;
    fresh.session(1).await;
}

#[tokio::test]
async fn a_session_that_somebody_writes_for_ends_once_that_counts() {
    for (what, end) in ENDINGS {
        on_postgres(|fresh| async move {
            signed_in(&fresh).await;
            let (writing, ending) = (fresh.begin().await, fresh.begin().await);
            actor().lock(&*writing, NOW).await.unwrap();
            let ended = tokio::spawn(async move {
                end(&*ending).await;
                ending.commit().await.unwrap();
            });
            tokio::time::sleep(A_WHILE).await;
            assert!(!ended.is_finished(), "{what} did not wait for the write");
            writing.commit().await.unwrap();
            tokio::time::timeout(PATIENCE, ended).await.expect("its turn").unwrap();
        })
        .await;
    }
}

#[tokio::test]
async fn what_ended_a_session_while_its_lock_was_waited_for_is_seen() {
    for (what, end) in ENDINGS {
        on_postgres(|fresh| async move {
            signed_in(&fresh).await;
            let (ending, writing) = (fresh.begin().await, fresh.begin().await);
            end(&*ending).await;
            let written = tokio::spawn(async move { actor().lock(&*writing, NOW).await.is_ok() });
            tokio::time::sleep(A_WHILE).await;
            assert!(!written.is_finished(), "the write did not wait for {what}");
            ending.commit().await.unwrap();
            assert!(!tokio::time::timeout(PATIENCE, written).await.expect("its turn").unwrap(), "{what} was not seen");
        })
        .await;
    }
}

#[tokio::test]
async fn a_session_that_is_kept_while_others_end_goes_on_with_the_new_epoch() {
    on_postgres(|fresh| async move {
        signed_in(&fresh).await;
        let (ending, writing) = (fresh.begin().await, fresh.begin().await);
        let mut user = ending.users().lock(user_id(1)).await.unwrap().unwrap();
        user.end_sessions(NOW);
        ending.users().update(&user).await.unwrap();
        ending.sessions().end_by_user(user.id, Some(session(1).id), user.epoch, NOW).await.unwrap();
        let locked =
            tokio::spawn(async move { writing.sessions().lock(user_id(1), session(1).id).await.unwrap().unwrap() });
        tokio::time::sleep(A_WHILE).await;
        ending.commit().await.unwrap();
        let (account, session) = tokio::time::timeout(PATIENCE, locked).await.expect("its turn").unwrap();
        assert_eq!((account.user.epoch, session.epoch), (1, 1));
        assert!(SessionState::from(&session).is_live(&account.user, NOW));
    })
    .await;
}

#[tokio::test]
async fn a_right_in_a_team_that_was_taken_while_its_lock_was_waited_for_is_gone() {
    for removed in [false, true] {
        on_postgres(|fresh| async move {
            signed_in(&fresh).await;
            let team = fresh.team(1).await;
            fresh.member(1, &team, Role::Admin).await;
            let (taking, writing) = (fresh.begin().await, fresh.begin().await);
            taking.teams().lock(team.id).await.unwrap();
            if removed {
                taking.memberships().remove(user_id(1), team.id).await.unwrap();
            } else {
                taking.memberships().update(&membership(1, Role::Member)).await.unwrap();
            }
            let locked =
                tokio::spawn(async move { writing.teams().lock_with_membership(team.id, user_id(1)).await.unwrap() });
            tokio::time::sleep(A_WHILE).await;
            assert!(!locked.is_finished(), "the lock is no lock");
            taking.commit().await.unwrap();
            let found = tokio::time::timeout(PATIENCE, locked).await.expect("its turn").unwrap();
            let expected = (!removed).then(|| membership(1, Role::Member));
            assert_eq!(found.map(|(_, membership)| membership), expected);
        })
        .await;
    }
}

/// A write of the account in its team, by that session.
async fn write_in_team(uow: Box<dyn UnitOfWork>, by: Actor) -> bool {
    match by.lock(&*uow, NOW).await {
        Ok(_) => {}
        Err(AuthenticateError::InvalidToken) => return false,
        Err(error) => panic!("{error:?}"),
    }
    let Some((team, mut membership)) = uow.teams().lock_with_membership(team(1).id, by.id()).await.unwrap() else {
        return false;
    };
    membership.role = Role::Admin;
    uow.teams().update(&team).await.unwrap();
    uow.memberships().update(&membership).await.unwrap();
    uow.commit().await.unwrap();
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writes_and_what_ends_their_sessions_never_wait_for_one_another_in_a_circle() {
    const ROUNDS: usize = 20;
    for (what, end) in ENDINGS {
        on_postgres(|fresh| async move {
            let mut written = 0;
            for _ in 0..ROUNDS {
                clear(&fresh).await;
                signed_in(&fresh).await;
                let team = fresh.team(1).await;
                fresh.member(1, &team, Role::Admin).await;
                let other = Session { user_id: user_id(1), ..session(2) };
                SessionRepository::insert(&fresh.store(), &other).await.unwrap();
                let mut tasks = vec![];
                for session_id in [session(1).id, other.id, session(1).id] {
                    let by = Actor { user: user(1), session_id };
                    tasks.push(tokio::spawn(write_in_team(fresh.begin().await, by)));
                }
                let ending = fresh.begin().await;
                tasks.push(tokio::spawn(async move {
                    end(&*ending).await;
                    ending.commit().await.unwrap();
                    false
                }));
                for task in tasks {
                    written += usize::from(tokio::time::timeout(PATIENCE, task).await.expect("a circle").unwrap());
                }
            }
            println!("{what}: {written} of {} writes came first in {ROUNDS} rounds", 3 * ROUNDS);
        })
        .await;
    }
}

async fn clear(fresh: &Fresh) {
    let uow = fresh.begin().await;
    uow.users().remove(user_id(1)).await.unwrap();
    uow.teams().remove(team(1).id).await.unwrap();
    uow.commit().await.unwrap();
}
