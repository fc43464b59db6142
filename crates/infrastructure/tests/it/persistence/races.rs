//! What holds when many do the same at once.

use std::future::Future;

use countersign_application::error::{Conflict, WriteError};
use countersign_application::mail::message::{MailKind, QueuedMail};
use countersign_application::ports::credential_repository::CredentialRepository;
use countersign_application::ports::invitation_repository::InvitationRepository;
use countersign_application::ports::membership_repository::MembershipRepository;
use countersign_application::ports::one_time_token_repository::OneTimeTokenRepository;
use countersign_application::ports::outbox::{Lease, Outbox};
use countersign_application::ports::roster_repository::RosterRepository;
use countersign_application::ports::session_repository::{Rotation, SessionRepository};
use countersign_application::ports::unit_of_work::UnitOfWorkFactory as _;
use countersign_application::ports::user_repository::UserRepository;
use countersign_application::testing::{NOW, email, invitation, membership, user, user_id};
use countersign_domain::ids::{InvitationId, MailId, OneTimeTokenId};
use countersign_domain::invitation::InvitationState;
use countersign_domain::one_time_token::{OneTimeToken, Purpose};
use countersign_domain::password::PasswordHash;
use countersign_domain::secret::TokenDigest;
use countersign_domain::team::role::Role;
use countersign_infrastructure::persistence::Database;
use time::Duration;
use uuid::Uuid;

use crate::persistence::fresh::on_each;

/// Does it so many times in parallel, all let loose at one moment, and returns what came of each.
async fn race<T, F>(database: &Database, times: u64, act: impl Fn(Database, u64) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let barrier = std::sync::Arc::new(tokio::sync::Barrier::new(usize::try_from(times).unwrap()));
    let tasks: Vec<_> = (0..times)
        .map(|n| {
            let (barrier, act) = (barrier.clone(), act(database.clone(), n));
            tokio::spawn(async move {
                barrier.wait().await;
                act.await
            })
        })
        .collect();
    let mut outcomes = vec![];
    for task in tasks {
        outcomes.push(task.await.unwrap());
    }
    outcomes
}

fn wins(outcomes: &[bool]) -> usize {
    outcomes.iter().filter(|won| **won).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_thirty_registrations_of_an_address_one_wins() {
    on_each(|fresh| async move {
        let outcomes = race(fresh.database(), 30, |database, n| async move {
            let mut user = user(n);
            user.email = email("same@example.com");
            UserRepository::insert(&database.store(), &user, &PasswordHash::new("hash")).await
        })
        .await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for refused in outcomes.into_iter().filter_map(Result::err) {
            assert!(matches!(refused, WriteError::Conflict(Conflict::EmailTaken)), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_thirty_invitations_of_an_address_one_is_pending() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        fresh.team(1).await;
        let outcomes = race(fresh.database(), 30, |database, n| async move {
            let mut invitation = invitation("a@example.com", Role::Member);
            invitation.id = InvitationId::new(Uuid::from_u128(u128::from(n)));
            invitation.digest = TokenDigest::of(&n.to_be_bytes());
            InvitationRepository::insert(&database.store(), &invitation).await
        })
        .await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for refused in outcomes.into_iter().filter_map(Result::err) {
            assert!(matches!(refused, WriteError::Conflict(Conflict::InvitationPending)), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_thirty_additions_of_a_member_one_wins() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        fresh.team(1).await;
        let outcomes = race(fresh.database(), 30, |database, _| async move {
            MembershipRepository::insert(&database.store(), &membership(1, Role::Member)).await.is_ok()
        })
        .await;
        assert_eq!(wins(&outcomes), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_rotations_of_a_token_one_wins() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        let session = fresh.session(1).await;
        let (id, presented) = (session.id, session.current);
        let outcomes = race(fresh.database(), 50, |database, n| async move {
            let rotation = Rotation {
                session_id: id,
                presented,
                successor: TokenDigest::of(&n.to_be_bytes()),
                sealed_successor: n.to_be_bytes().to_vec(),
                at: NOW,
                idle_expires_at: NOW + Duration::days(30),
                ip: None,
                user_agent: None,
            };
            database.store().rotate(&rotation).await.unwrap()
        })
        .await;
        assert_eq!(wins(&outcomes), 1);
        let winner = u64::try_from(outcomes.iter().position(|won| *won).unwrap()).unwrap();
        let after = SessionRepository::find_by_id(&fresh.store(), id).await.unwrap().unwrap();
        assert_eq!(after.current, TokenDigest::of(&winner.to_be_bytes()));
        assert_eq!(after.previous.unwrap().sealed_successor, Some(winner.to_be_bytes().to_vec()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_thirty_uses_of_a_token_one_wins() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        let token = OneTimeToken {
            id: OneTimeTokenId::new(Uuid::from_u128(1)),
            user_id: Some(user_id(1)),
            purpose: Purpose::PasswordReset,
            digest: TokenDigest::of(b"token"),
            new_email: None,
            requested_by: None,
            created_at: NOW,
            expires_at: NOW + Duration::hours(1),
        };
        OneTimeTokenRepository::replace(&fresh.store(), &token).await.unwrap();
        let outcomes = race(fresh.database(), 30, |database, _| async move {
            let uow = database.units_of_work().begin().await.unwrap();
            let digest = TokenDigest::of(b"token");
            let won = uow.one_time_tokens().consume(&digest, Purpose::PasswordReset, NOW).await.unwrap().is_some();
            uow.commit().await.unwrap();
            won
        })
        .await;
        assert_eq!(wins(&outcomes), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_fifty_answers_to_an_invitation_one_wins() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        fresh.team(1).await;
        let invitation = invitation("a@example.com", Role::Member);
        InvitationRepository::insert(&fresh.store(), &invitation).await.unwrap();
        let id = invitation.id;
        let outcomes = race(fresh.database(), 50, |database, n| async move {
            let state = if n % 2 == 0 { InvitationState::Accepted } else { InvitationState::Revoked };
            database.store().settle(id, state, None).await.unwrap()
        })
        .await;
        assert_eq!(wins(&outcomes), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_workers_lease_every_mail_once() {
    on_each(|fresh| async move {
        for n in 0..100 {
            let id = MailId::new(Uuid::from_u128(n));
            let mail = QueuedMail::new(id, MailKind::AddressTaken, email("a@example.com"), NOW);
            Outbox::enqueue(&fresh.store(), &mail).await.unwrap();
        }
        let outcomes = race(fresh.database(), 4, |database, worker| async move {
            let mut leased = vec![];
            for batch in 0..20 {
                let id = Uuid::from_u128(u128::from(worker * 100 + batch));
                let lease = Lease { id, until: NOW + Duration::minutes(5) };
                leased.extend(database.store().lease(&lease, NOW, 10).await.unwrap());
            }
            leased.into_iter().map(|leased| leased.mail.id).collect::<Vec<_>>()
        })
        .await;
        let mut all: Vec<_> = outcomes.into_iter().flatten().collect();
        all.sort_unstable();
        assert_eq!(all, (0..100).map(|n| MailId::new(Uuid::from_u128(n))).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn admins_who_all_step_down_at_once_leave_one() {
    on_each(|fresh| async move {
        let team = fresh.team(1).await;
        for n in 0..10 {
            fresh.user(n).await;
            fresh.member(n, &team, Role::Admin).await;
        }
        let id = team.id;
        let outcomes = race(fresh.database(), 10, |database, n| async move {
            let uow = database.units_of_work().begin().await.unwrap();
            uow.teams().lock(id).await.unwrap().unwrap();
            if !uow.roster().has_admin_besides(id, user_id(n)).await.unwrap() {
                return false;
            }
            assert!(uow.memberships().update(&membership(n, Role::Member)).await.unwrap());
            uow.commit().await.unwrap();
            true
        })
        .await;
        assert_eq!(wins(&outcomes), 9);
        assert!(fresh.store().has_admin_besides(id, user_id(99)).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn read_modify_write_under_the_lock_loses_no_update() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        race(fresh.database(), 40, |database, _| async move {
            let uow = database.units_of_work().begin().await.unwrap();
            let mut user = uow.users().lock(user_id(1)).await.unwrap().unwrap();
            user.end_sessions(user.updated_at + Duration::milliseconds(1));
            uow.users().update(&user).await.unwrap();
            uow.commit().await.unwrap();
        })
        .await;
        let user = UserRepository::find_by_id(&fresh.store(), user_id(1)).await.unwrap().unwrap();
        assert_eq!(user.epoch, 40);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn statements_outside_of_units_of_work_wait_their_turn_too() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        let outcomes = race(fresh.database(), 100, |database, n| async move {
            if n % 2 == 0 {
                let uow = database.units_of_work().begin().await?;
                uow.users().lock(user_id(1)).await?;
                uow.credentials().replace(user_id(1), &PasswordHash::new(n.to_string())).await?;
                uow.commit().await
            } else {
                CredentialRepository::replace(&database.store(), user_id(1), &PasswordHash::new(n.to_string())).await
            }
        })
        .await;
        for outcome in outcomes {
            outcome.unwrap();
        }
    })
    .await;
}
