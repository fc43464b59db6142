//! One-time tokens.

use countersign_application::ports::one_time_token_repository::OneTimeTokenRepository;
use countersign_application::testing::{NOW, email, session, user_id};
use countersign_domain::ids::{OneTimeTokenId, SessionId, UserId};
use countersign_domain::one_time_token::{OneTimeToken, Purpose};
use countersign_domain::secret::TokenDigest;
use time::Duration;
use uuid::Uuid;

use crate::persistence::fresh::on_each;

fn token(n: u64, user: Option<UserId>, purpose: Purpose) -> OneTimeToken {
    OneTimeToken {
        id: OneTimeTokenId::new(Uuid::from_u128(u128::from(n))),
        user_id: user,
        purpose,
        digest: TokenDigest::of(&n.to_be_bytes()),
        new_email: None,
        requested_by: None,
        created_at: NOW,
        expires_at: NOW + Duration::hours(1),
    }
}

#[tokio::test]
async fn a_token_works_once_for_its_purpose_until_it_expires() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let tokens: &dyn OneTimeTokenRepository = &store;
        fresh.user(1).await;
        let mut token = token(1, Some(user_id(1)), Purpose::EmailChange);
        token.new_email = Some(email("new@example.com"));
        token.requested_by = Some(session(1).id);
        tokens.replace(&token).await.unwrap();
        let find = async |purpose, at| tokens.find(&token.digest, purpose, at).await.unwrap();
        assert_eq!(find(Purpose::EmailChange, NOW).await.as_ref(), Some(&token));
        assert_eq!(find(Purpose::PasswordReset, NOW).await, None);
        assert_eq!(find(Purpose::EmailChange, token.expires_at).await, None);
        let consume = async |purpose, at| tokens.consume(&token.digest, purpose, at).await.unwrap();
        assert_eq!(consume(Purpose::PasswordReset, NOW).await, None);
        assert_eq!(consume(Purpose::EmailChange, token.expires_at).await, None);
        assert_eq!(consume(Purpose::EmailChange, NOW).await.as_ref(), Some(&token));
        assert_eq!(consume(Purpose::EmailChange, NOW).await, None);
        assert_eq!(find(Purpose::EmailChange, NOW).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_new_token_replaces_the_former_of_its_account_and_purpose() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let tokens: &dyn OneTimeTokenRepository = &store;
        fresh.user(1).await;
        fresh.user(2).await;
        let former = token(1, Some(user_id(1)), Purpose::PasswordReset);
        let other_purpose = token(2, Some(user_id(1)), Purpose::EmailVerification);
        let other_account = token(3, Some(user_id(2)), Purpose::PasswordReset);
        let new = token(4, Some(user_id(1)), Purpose::PasswordReset);
        for token in [&former, &other_purpose, &other_account, &new] {
            tokens.replace(token).await.unwrap();
        }
        assert_eq!(tokens.find(&former.digest, former.purpose, NOW).await.unwrap(), None);
        for token in [other_purpose, other_account, new] {
            assert_eq!(tokens.find(&token.digest, token.purpose, NOW).await.unwrap(), Some(token));
        }
    })
    .await;
}

#[tokio::test]
async fn a_decoy_is_stored_and_never_found() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let tokens: &dyn OneTimeTokenRepository = &store;
        for n in 1..=2 {
            tokens.replace(&token(n, None, Purpose::PasswordReset)).await.unwrap();
        }
        let decoy = token(1, None, Purpose::PasswordReset);
        assert_eq!(tokens.find(&decoy.digest, decoy.purpose, NOW).await.unwrap(), None);
        assert_eq!(tokens.consume(&decoy.digest, decoy.purpose, NOW).await.unwrap(), None);
        assert_eq!(fresh.text("SELECT CAST(COUNT(*) AS TEXT) FROM one_time_tokens").await.as_deref(), Some("2"));
    })
    .await;
}

#[tokio::test]
async fn tokens_are_removed_by_purpose() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let tokens: &dyn OneTimeTokenRepository = &store;
        fresh.user(1).await;
        let all = [Purpose::PasswordReset, Purpose::EmailChange, Purpose::EmailVerification];
        for (n, purpose) in (1..).zip(all) {
            tokens.replace(&token(n, Some(user_id(1)), purpose)).await.unwrap();
        }
        tokens.remove_by_user(user_id(1), &all[..2]).await.unwrap();
        let mut left = vec![];
        for (n, purpose) in (1..).zip(all) {
            let digest = token(n, None, purpose).digest;
            left.extend(tokens.find(&digest, purpose, NOW).await.unwrap().map(|token| token.purpose));
        }
        assert_eq!(left, [Purpose::EmailVerification]);
        tokens.remove_by_user(user_id(1), &[]).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_tokens_of_an_account_are_listed_for_an_export() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let tokens: &dyn OneTimeTokenRepository = &store;
        fresh.user(1).await;
        fresh.user(2).await;
        let mut change = token(1, Some(user_id(1)), Purpose::EmailChange);
        change.new_email = Some(email("new@example.com"));
        let reset = token(2, Some(user_id(1)), Purpose::PasswordReset);
        let of_another = token(3, Some(user_id(2)), Purpose::PasswordReset);
        for token in [&reset, &change, &of_another, &token(4, None, Purpose::PasswordReset)] {
            tokens.replace(token).await.unwrap();
        }
        assert_eq!(tokens.list_by_user(user_id(1)).await.unwrap(), [change, reset]);
    })
    .await;
}

#[tokio::test]
async fn a_change_of_address_goes_with_the_session_that_asked_for_it() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let tokens: &dyn OneTimeTokenRepository = &store;
        fresh.user(1).await;
        fresh.user(2).await;
        let asked_by = |n, owner, session: Option<u128>| {
            let mut change = token(n, Some(user_id(owner)), Purpose::EmailChange);
            change.new_email = Some(email("new@example.com"));
            change.requested_by = session.map(|id| SessionId::new(Uuid::from_u128(id)));
            change
        };
        let session = |n| SessionId::new(Uuid::from_u128(n));
        let stays = async |change: &OneTimeToken| {
            tokens.find(&change.digest, Purpose::EmailChange, NOW).await.unwrap().is_some()
        };
        let (of_first, of_second) = (asked_by(1, 1, Some(7)), asked_by(2, 2, Some(7)));
        for change in [&of_first, &of_second, &token(3, Some(user_id(1)), Purpose::PasswordReset)] {
            tokens.replace(change).await.unwrap();
        }
        tokens.remove_requested_by(user_id(1), &[session(8)]).await.unwrap();
        tokens.remove_requested_by_others(user_id(1), session(7)).await.unwrap();
        assert!(stays(&of_first).await);
        tokens.remove_requested_by(user_id(1), &[session(8), session(7)]).await.unwrap();
        assert!(!stays(&of_first).await && stays(&of_second).await);
        for requested_by in [Some(7), None] {
            let change = asked_by(1, 1, requested_by);
            tokens.replace(&change).await.unwrap();
            tokens.remove_requested_by_others(user_id(1), session(8)).await.unwrap();
            assert!(!stays(&change).await);
        }
        let left: Vec<_> = tokens.list_by_user(user_id(1)).await.unwrap().iter().map(|token| token.purpose).collect();
        assert_eq!(left, [Purpose::PasswordReset]);
    })
    .await;
}
