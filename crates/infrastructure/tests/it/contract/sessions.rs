//! Sessions.

use countersign_application::ports::session_repository::{Rotation, SessionRepository};
use countersign_application::ports::user_repository::UserRepository;
use countersign_application::testing::{NOW, session, user_id};
use countersign_domain::secret::TokenDigest;
use countersign_domain::session::{Rotated, Session};
use sea_orm::{ConnectionTrait as _, DbBackend};
use time::Duration;

use crate::persistence::fresh::{Fresh, on_each};

fn rotation(session: &Session) -> Rotation {
    Rotation {
        session_id: session.id,
        presented: session.current,
        successor: TokenDigest::of(b"successor"),
        sealed_successor: vec![1, 2, 3],
        at: NOW + Duration::minutes(1),
        idle_expires_at: NOW + Duration::days(31),
        ip: Some([192, 0, 2, 7].into()),
        user_agent: Some("test".to_owned()),
    }
}

/// The n-th session of the first account, begun n minutes after now.
async fn begun(fresh: &Fresh, n: u64) -> Session {
    let mut session = session(n);
    session.user_id = user_id(1);
    session.created_at = NOW + Duration::minutes(i64::try_from(n).unwrap());
    SessionRepository::insert(&fresh.store(), &session).await.unwrap();
    session
}

#[tokio::test]
async fn a_session_reads_back_as_it_was_stored() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let sessions: &dyn SessionRepository = &store;
        fresh.user(1).await;
        let mut session = session(1);
        session.ip = Some("2001:db8::7".parse().unwrap());
        session.user_agent = Some("test".to_owned());
        session.sign_in_ip = Some([198, 51, 100, 7].into());
        session.sign_in_user_agent = Some("first".to_owned());
        session.previous =
            Some(Rotated { digest: TokenDigest::of(b"former"), at: NOW, sealed_successor: Some(vec![0, 255]) });
        session.ended_at = Some(NOW);
        sessions.insert(&session).await.unwrap();
        assert_eq!(sessions.find_by_id(session.id).await.unwrap().as_ref(), Some(&session));
        assert_eq!(sessions.find_by_family(&session.family).await.unwrap(), Some(session));
        assert_eq!(sessions.find_by_family(&TokenDigest::of(b"other")).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_rotation_moves_the_generations_on_and_leaves_the_sign_in_alone() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let sessions: &dyn SessionRepository = &store;
        fresh.user(1).await;
        let before = Session {
            sign_in_ip: Some([198, 51, 100, 7].into()),
            sign_in_user_agent: Some("first".to_owned()),
            ..session(1)
        };
        sessions.insert(&before).await.unwrap();
        let rotation = rotation(&before);
        assert!(sessions.rotate(&rotation).await.unwrap());
        let after = sessions.find_by_id(before.id).await.unwrap().unwrap();
        let expected = Session {
            current: rotation.successor,
            previous: Some(Rotated {
                digest: before.current,
                at: rotation.at,
                sealed_successor: Some(rotation.sealed_successor.clone()),
            }),
            last_seen_at: rotation.at,
            idle_expires_at: rotation.idle_expires_at,
            ip: rotation.ip,
            user_agent: rotation.user_agent.clone(),
            ..before
        };
        assert_eq!(after, expected);
        assert!(!sessions.rotate(&rotation).await.unwrap(), "the same token again");
    })
    .await;
}

#[tokio::test]
async fn a_session_that_a_node_of_the_former_version_began_rotates_with_its_sign_in_unknown() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let sessions: &dyn SessionRepository = &store;
        fresh.user(1).await;
        let other = fresh.session(1).await;
        let raw = fresh.raw().await;
        let copied = "user_id, epoch, current_digest, created_at, last_seen_at, idle_expires_at, expires_at, ip";
        let id = if raw.get_database_backend() == DbBackend::Sqlite {
            "randomblob(16), randomblob(32)"
        } else {
            "gen_random_uuid(), sha256('family')"
        };
        let insert = format!("INSERT INTO sessions (id, family_digest, {copied}) SELECT {id}, {copied} FROM sessions");
        raw.execute_unprepared(&insert).await.unwrap();
        let held = sessions.list_by_user(user_id(1)).await.unwrap();
        let former = held.iter().find(|session| session.id != other.id).unwrap();
        assert!(sessions.rotate(&rotation(former)).await.unwrap());
        let after = sessions.find_by_id(former.id).await.unwrap().unwrap();
        assert_eq!((after.sign_in_ip, after.sign_in_user_agent), (None, None));
        assert_eq!(after.user_agent, rotation(former).user_agent);
    })
    .await;
}

#[tokio::test]
async fn a_session_that_is_over_does_not_rotate() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let sessions: &dyn SessionRepository = &store;
        let user = fresh.user(1).await;
        let at = rotation(&session(1)).at;
        let over: [fn(&mut Session, time::OffsetDateTime); 4] = [
            |session, at| session.ended_at = Some(at),
            |session, at| session.idle_expires_at = at,
            |session, at| session.expires_at = at,
            |session, _| session.epoch = 1,
        ];
        for (n, end) in (1..).zip(over) {
            let mut session = session(n);
            session.user_id = user.id;
            end(&mut session, at);
            sessions.insert(&session).await.unwrap();
            assert!(!sessions.rotate(&rotation(&session)).await.unwrap(), "case {n}");
            assert_eq!(sessions.find_by_id(session.id).await.unwrap(), Some(session));
        }
        let mut last = session(9);
        last.user_id = user.id;
        sessions.insert(&last).await.unwrap();
        let mut inactive = user;
        inactive.is_active = false;
        inactive.updated_at = at;
        UserRepository::update(&store, &inactive).await.unwrap();
        assert!(!sessions.rotate(&rotation(&last)).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn a_session_is_locked_with_its_account_whether_or_not_it_is_over() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        fresh.user(2).await;
        let live = fresh.session(1).await;
        let ended = begun(&fresh, 2).await;
        let uow = fresh.begin().await;
        uow.sessions().end(user_id(1), ended.id, NOW).await.unwrap();
        let account = uow.credentials().find_by_user(user_id(1)).await.unwrap().unwrap();
        assert_eq!(uow.sessions().lock(user_id(1), live.id).await.unwrap(), Some((account.clone(), live.clone())));
        let ended = Session { ended_at: Some(NOW), ..ended };
        assert_eq!(uow.sessions().lock(user_id(1), ended.id).await.unwrap(), Some((account, ended)));
        assert_eq!(uow.sessions().lock(user_id(2), live.id).await.unwrap(), None, "another's");
        assert_eq!(uow.sessions().lock(user_id(1), session(9).id).await.unwrap(), None, "unknown");
        uow.users().remove(user_id(1)).await.unwrap();
        assert_eq!(uow.sessions().lock(user_id(1), live.id).await.unwrap(), None, "of an account that is gone");
    })
    .await;
}

#[tokio::test]
async fn only_the_owner_ends_a_session_and_only_once() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let sessions: &dyn SessionRepository = &store;
        fresh.user(1).await;
        fresh.user(2).await;
        let session = fresh.session(1).await;
        sessions.rotate(&rotation(&session)).await.unwrap();
        assert!(!sessions.end(user_id(2), session.id, NOW).await.unwrap());
        assert!(sessions.end(user_id(1), session.id, NOW).await.unwrap());
        assert!(!sessions.end(user_id(1), session.id, NOW + Duration::hours(1)).await.unwrap());
        let ended = sessions.find_by_id(session.id).await.unwrap().unwrap();
        assert_eq!(ended.ended_at, Some(NOW));
        assert_eq!(ended.previous.unwrap().sealed_successor, None);
    })
    .await;
}

#[tokio::test]
async fn live_sessions_are_listed_newest_first() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let sessions: &dyn SessionRepository = &store;
        fresh.user(1).await;
        fresh.user(9).await;
        for n in [2, 1, 3, 4, 5] {
            begun(&fresh, n).await;
        }
        fresh.session(9).await;
        sessions.end(user_id(1), session(4).id, NOW).await.unwrap();
        let listed = sessions.list_live_by_user(user_id(1), NOW).await.unwrap();
        assert_eq!(listed.iter().map(|s| s.id).collect::<Vec<_>>(), [5, 3, 2, 1].map(|n| session(n).id));
        assert_eq!(sessions.list_live_by_user(user_id(1), session(1).idle_expires_at).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn ending_all_keeps_the_one_and_moves_it_to_the_new_epoch() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let sessions: &dyn SessionRepository = &store;
        fresh.user(1).await;
        fresh.user(9).await;
        for n in 1..=3 {
            begun(&fresh, n).await;
        }
        fresh.session(9).await;
        assert_eq!(sessions.end_by_user(user_id(1), Some(session(2).id), 5, NOW).await.unwrap(), 2);
        let kept = sessions.find_by_id(session(2).id).await.unwrap().unwrap();
        assert_eq!((kept.epoch, kept.ended_at), (5, None));
        for n in [1, 3] {
            let ended = sessions.find_by_id(session(n).id).await.unwrap().unwrap();
            assert_eq!((ended.epoch, ended.ended_at), (0, Some(NOW)));
        }
        assert_eq!(sessions.end_by_user(user_id(1), None, 6, NOW).await.unwrap(), 1);
        assert_eq!(sessions.find_by_id(session(9).id).await.unwrap().unwrap().ended_at, None);
    })
    .await;
}

#[tokio::test]
async fn the_oldest_end_until_so_many_are_left() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let sessions: &dyn SessionRepository = &store;
        fresh.user(1).await;
        for n in 1..=4 {
            begun(&fresh, n).await;
        }
        sessions.end(user_id(1), session(3).id, NOW).await.unwrap();
        assert_eq!(sessions.end_oldest(user_id(1), 3, NOW).await.unwrap(), []);
        assert_eq!(sessions.end_oldest(user_id(1), 1, NOW).await.unwrap().len(), 2);
        let left = sessions.list_live_by_user(user_id(1), NOW).await.unwrap();
        assert_eq!(left.iter().map(|s| s.id).collect::<Vec<_>>(), [session(4).id]);
    })
    .await;
}

#[tokio::test]
async fn every_session_that_is_held_is_listed_for_an_export() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let sessions: &dyn SessionRepository = &store;
        fresh.user(1).await;
        fresh.user(9).await;
        fresh.session(9).await;
        let live = begun(&fresh, 1).await;
        let mut ended = begun(&fresh, 2).await;
        assert!(sessions.end(user_id(1), ended.id, NOW).await.unwrap());
        ended.ended_at = Some(NOW);
        assert_eq!(sessions.list_by_user(user_id(1)).await.unwrap(), [ended, live]);
    })
    .await;
}
