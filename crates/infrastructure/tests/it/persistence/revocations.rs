//! Whoever writes for a session holds it until the write counts: what ends the session comes before that, and is seen, or
//! after it. On PostgreSQL: of SQLite's writers one waits for the other from the beginning.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use countersign_application::admin::update_user::UpdateUserCommand;
use countersign_application::auth::logout::{LogOutCommand, LogoutScope};
use countersign_application::error::{Classify, Kind};
use countersign_application::ports::unit_of_work::UnitOfWork;
use countersign_application::teams::invite_member::InviteMemberCommand;
use countersign_application::teams::update_team::UpdateTeamCommand;
use countersign_application::testing::{NOW, actor, email, membership, session, user_id};
use countersign_domain::name::TeamName;
use countersign_domain::one_time_token::Purpose;
use countersign_domain::session::SessionState;
use countersign_domain::team::TeamChange;
use countersign_domain::team::role::Role;
use countersign_domain::user::User;

use crate::persistence::fresh::{Fresh, on_postgres};
use crate::statement_counts::service::{ORIGIN, Service};

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

#[track_caller]
fn done_or_refused(outcome: Result<(), impl Classify>, refused: &mut u32) {
    if let Err(error) = outcome {
        assert_eq!(error.kind(), Kind::Unauthenticated, "{error:?}");
        *refused += 1;
    }
}

/// A deadlock would be [`Kind::Contended`].
#[tokio::test]
async fn writes_and_what_ends_their_sessions_never_wait_for_one_another_in_a_circle() {
    const ROUNDS: u32 = 20;
    on_postgres(|fresh| {
        Box::pin(async move {
            let service = Service::on(&fresh).await;
            let (admin, teams) = (&service.application.admin, &service.application.teams);
            let superuser = service.superuser("root@example.org").await;
            let owner = service.signed_in("owner@example.org").await;
            let user_id = owner.id();
            let team_id = service.team(&owner).await.id;
            let set_active = |active| {
                let command = UpdateUserCommand { user_id, is_active: Some(active), is_superuser: None };
                admin.update_user.execute(&superuser, &ORIGIN, command)
            };
            let mut refused = 0;
            for round in 0..ROUNDS {
                let first = service.actor(&service.login("owner@example.org").await).await;
                let second = service.actor(&service.login("owner@example.org").await).await;
                let rename = |n: u32| {
                    let name = TeamName::parse(&format!("Looms {round} {n}")).unwrap();
                    UpdateTeamCommand { team_id, change: TeamChange { name: Some(name), description: None } }
                };
                let guest = email(&format!("guest{round}@example.org"));
                let invitation = InviteMemberCommand { team_id, email: guest, role: Role::Member };
                let everywhere = LogOutCommand { scope: LogoutScope::All };
                let (one, two, three, invited, out, off) = tokio::join!(
                    teams.update_team.execute(&first, &ORIGIN, rename(1)),
                    teams.update_team.execute(&second, &ORIGIN, rename(2)),
                    teams.update_team.execute(&first, &ORIGIN, rename(3)),
                    teams.invite_member.execute(&second, &ORIGIN, invitation),
                    service.application.auth.logout.execute(&second, &ORIGIN, everywhere),
                    set_active(false),
                );
                off.unwrap();
                for renamed in [one, two, three] {
                    done_or_refused(renamed.map(drop), &mut refused);
                }
                done_or_refused(invited, &mut refused);
                done_or_refused(out, &mut refused);
                set_active(true).await.unwrap();
            }
            println!("of {} writes {refused} were refused", 5 * ROUNDS);
        })
    })
    .await;
}
