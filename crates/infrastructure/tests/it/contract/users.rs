//! Accounts.

use countersign_application::error::{Conflict, WriteError};
use countersign_application::ports::listings::Listings as _;
use countersign_application::ports::session_repository::SessionRepository;
use countersign_application::ports::sign_in_networks::SignInNetworks;
use countersign_application::ports::user_repository::UserRepository;
use countersign_application::testing::{NOW, email, name, session, user, user_id};
use countersign_domain::network::Network;
use countersign_domain::page::{Cursor, PageRequest};
use countersign_domain::password::PasswordHash;
use countersign_domain::team::role::Role;
use countersign_domain::user::User;
use time::Duration;

use crate::persistence::fresh::on_each;

async fn insert(users: &dyn UserRepository, user: &User) -> Result<(), WriteError> {
    users.insert(user, &PasswordHash::new("hash")).await
}

#[tokio::test]
async fn an_account_reads_back_as_it_was_stored() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let users: &dyn UserRepository = &store;
        let mut user = user(1);
        user.is_superuser = true;
        user.epoch = 7;
        insert(users, &user).await.unwrap();
        assert_eq!(users.find_by_id(user.id).await.unwrap().as_ref(), Some(&user));
        assert_eq!(users.find_by_email(&user.email).await.unwrap().as_ref(), Some(&user));
        assert_eq!(users.find_many(&[user_id(2), user.id]).await.unwrap(), std::slice::from_ref(&user));
        assert_eq!(users.lock(user.id).await.unwrap(), Some(user));
        assert_eq!(users.find_by_id(user_id(2)).await.unwrap(), None);
        assert_eq!(users.find_many(&[]).await.unwrap(), []);
        assert_eq!(users.find_by_email(&email("other@example.com")).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_taken_address_is_a_conflict_at_insert_and_at_update() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let users: &dyn UserRepository = &store;
        insert(users, &user(1)).await.unwrap();
        let mut second = user(2);
        second.email = user(1).email;
        let refused = insert(users, &second).await;
        assert!(matches!(refused, Err(WriteError::Conflict(Conflict::EmailTaken))), "{refused:?}");
        insert(users, &user(2)).await.unwrap();
        let refused = users.update(&second).await;
        assert!(matches!(refused, Err(WriteError::Conflict(Conflict::EmailTaken))), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn a_repeated_id_is_a_fault_and_no_conflict() {
    on_each(|fresh| async move {
        let store = fresh.store();
        insert(&store, &user(1)).await.unwrap();
        let mut twin = user(1);
        twin.email = email("twin@example.com");
        let refused = insert(&store, &twin).await;
        assert!(matches!(refused, Err(WriteError::Fault(_))), "{refused:?}");
    })
    .await;
}

#[tokio::test]
async fn an_update_stores_all_but_the_hash() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let users: &dyn UserRepository = &store;
        insert(users, &user(1)).await.unwrap();
        insert(users, &user(2)).await.unwrap();
        let mut changed = user(1);
        let later = NOW + Duration::milliseconds(1);
        changed.change_email(email("new@example.com"), later);
        changed.rename(Some(name("Given")), None, later);
        changed.deactivate(later);
        changed.set_superuser(true, later);
        users.update(&changed).await.unwrap();
        assert_eq!(users.find_by_id(changed.id).await.unwrap(), Some(changed));
        assert_eq!(users.find_by_id(user_id(2)).await.unwrap(), Some(user(2)));
        assert!(users.update(&user(3)).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn removing_an_account_takes_its_sessions_along() {
    on_each(|fresh| async move {
        let store = fresh.store();
        fresh.user(1).await;
        fresh.session(1).await;
        let users: &dyn UserRepository = &store;
        assert!(users.remove(user_id(1)).await.unwrap());
        assert!(!users.remove(user_id(1)).await.unwrap());
        assert_eq!(users.find_by_id(user_id(1)).await.unwrap(), None);
        assert_eq!(SessionRepository::find_by_id(&store, session(1).id).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn pages_follow_each_other_by_id_without_gap_or_repeat() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let users: &dyn UserRepository = &store;
        for n in [3, 1, 5, 2, 4] {
            insert(users, &user(n)).await.unwrap();
        }
        let mut seen = vec![];
        let mut cursor = None;
        loop {
            let request = PageRequest::parse(Some("2"), cursor.map(Cursor::encode).as_deref()).unwrap();
            let page = store.users(None, &request).await.unwrap();
            seen.extend(page.items.into_iter().map(|user| user.id));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, (1..=5).map(user_id).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn unused_accounts_are_old_active_unverified_in_no_team_and_were_not_signed_in_since() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let users: &dyn UserRepository = &store;
        let before = NOW - Duration::days(30);
        let long_ago = before - Duration::milliseconds(1);
        for n in 1..=9 {
            let mut unused = user(n);
            unused.email_verified = n == 2;
            unused.is_active = n != 7;
            unused.created_at = NOW - Duration::days(if n == 3 { 1 } else { 40 });
            insert(users, &unused).await.unwrap();
        }
        fresh.session(4).await;
        let mut expired = session(5);
        expired.idle_expires_at = NOW;
        expired.last_seen_at = long_ago;
        SessionRepository::insert(&store, &expired).await.unwrap();
        let mut used = session(8);
        used.ended_at = Some(before);
        used.last_seen_at = before;
        SessionRepository::insert(&store, &used).await.unwrap();
        let network = Network::logged([192, 0, 2, 7].into());
        store.remember(user_id(1), network, long_ago).await.unwrap();
        store.remember(user_id(9), network, before).await.unwrap();
        let team = fresh.team(1).await;
        fresh.member(6, &team, Role::Member).await;
        let all = users.list_unused(before, NOW, &PageRequest::first(10)).await.unwrap();
        assert_eq!((all.items, all.next), (vec![user_id(1), user_id(5)], None));
    })
    .await;
}

#[tokio::test]
async fn unverified_accounts_are_looked_at_in_pages_whether_they_are_used_or_not() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let users: &dyn UserRepository = &store;
        // Two at each time; the fourth and the fifth are in a team, the younger ones were made before the older.
        for n in (1..=6).rev() {
            let created_at = NOW - Duration::days(40 - i64::try_from(n / 2).unwrap());
            insert(users, &User { email_verified: false, created_at, ..user(n) }).await.unwrap();
        }
        let team = fresh.team(1).await;
        fresh.member(4, &team, Role::Member).await;
        fresh.member(5, &team, Role::Member).await;
        let (mut page, mut pages) = (PageRequest::first(2), vec![]);
        loop {
            let found = users.list_unused(NOW, NOW, &page).await.unwrap();
            pages.push(found.items);
            let Some(next) = found.next else { break };
            page = page.starting(next);
        }
        assert_eq!(pages, [vec![user_id(1), user_id(2)], vec![user_id(3)], vec![user_id(6)]]);
    })
    .await;
}

#[tokio::test]
async fn pages_of_accounts_that_were_made_at_one_time_are_whole() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let users: &dyn UserRepository = &store;
        for n in 1..=5 {
            insert(users, &User { email_verified: false, ..user(n) }).await.unwrap();
        }
        let (since, page) = (NOW + Duration::DAY, PageRequest::first(2));
        let first = users.list_unused(since, NOW, &page).await.unwrap();
        assert_eq!(first.items, [1, 2].map(user_id));
        let second = users.list_unused(since, NOW, &page.starting(first.next.unwrap())).await.unwrap();
        assert_eq!(second.items, [3, 4].map(user_id));
        let third = users.list_unused(since, NOW, &page.starting(second.next.unwrap())).await.unwrap();
        assert_eq!((third.items, third.next), (vec![user_id(5)], None));
    })
    .await;
}
