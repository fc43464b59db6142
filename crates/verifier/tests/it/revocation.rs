//! Tokens whose session has ended.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign_verifier::VerifyError;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::staged_issuer::{SigningKey, StagedIssuer};

#[tokio::test]
async fn without_the_check_nobody_is_asked() {
    let key = SigningKey::named("one");
    let staged = StagedIssuer::with(&[&key]);
    staged.verifier().verify(&key.token()).await.unwrap();
    assert_eq!(staged.checks(), 0);
}

#[tokio::test]
async fn a_session_that_ended_is_refused_once_what_was_said_is_forgotten() {
    let key = SigningKey::named("one");
    let staged = StagedIssuer::with(&[&key]);
    let remembering = staged.verifier().with_revocation_check(Duration::from_hours(1));
    let asking = staged.verifier().with_revocation_check(Duration::ZERO);
    let token = key.token();
    for verifier in [&remembering, &asking] {
        verifier.verify(&token).await.unwrap();
    }
    staged.0.accepts.store(false, Ordering::SeqCst);
    assert!(matches!(asking.verify(&token).await, Err(VerifyError::Revoked)));
    let asked = staged.checks();
    remembering.verify(&token).await.unwrap();
    assert_eq!(staged.checks(), asked);
}

#[tokio::test(start_paused = true)]
async fn a_service_that_cannot_be_asked_is_no_reason_to_believe() {
    let key = SigningKey::named("one");
    let staged = StagedIssuer::with(&[&key]);
    let verifier = staged.verifier().with_revocation_check(Duration::from_hours(1));
    let known = key.token();
    verifier.verify(&known).await.unwrap();
    staged.go_away(true);
    verifier.verify(&known).await.unwrap();
    for _ in 0..10 {
        let verdict = verifier.verify(&key.token()).await;
        assert!(matches!(verdict, Err(VerifyError::Unavailable(_))), "{verdict:?}");
    }
    assert_eq!(staged.checks(), 2, "nobody asks again at once");
    staged.go_away(false);
    tokio::time::advance(Duration::from_secs(3)).await;
    verifier.verify(&key.token()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn while_the_service_hangs_one_request_at_a_time_tries_it() {
    let key = SigningKey::named("one");
    let staged = StagedIssuer::with(&[&key]);
    let verifier = Arc::new(staged.verifier().with_revocation_check(Duration::from_hours(1)));
    verifier.verify(&key.token()).await.unwrap();
    staged.go_away(true);
    let _failed = verifier.verify(&key.token()).await;
    staged.go_away(false);
    staged.0.answers.forget_permits(usize::MAX);
    tokio::time::advance(Duration::from_secs(3)).await;
    let trying = tokio::spawn({
        let (verifier, token) = (verifier.clone(), key.token());
        async move { verifier.verify(&token).await.map(drop) }
    });
    tokio::task::yield_now().await;
    let asked = staged.checks();
    assert_eq!(asked, 3);
    for _ in 0..10 {
        let verdict = timeout(Duration::from_secs(1), verifier.verify(&key.token())).await.unwrap();
        assert!(matches!(verdict, Err(VerifyError::Unavailable(_))), "{verdict:?}");
    }
    assert_eq!(staged.checks(), asked);
    staged.0.answers.add_permits(1);
    trying.await.unwrap().unwrap();
    verifier.verify(&key.token()).await.unwrap();
}

#[tokio::test]
async fn requests_with_one_token_ask_once_and_forged_ones_never() {
    let key = SigningKey::named("one");
    let staged = StagedIssuer::with(&[&key]);
    let verifier = Arc::new(staged.verifier().with_revocation_check(Duration::from_hours(1)));
    let token = key.token();
    let mut requests = JoinSet::new();
    for _ in 0..50 {
        let (verifier, token) = (verifier.clone(), token.clone());
        requests.spawn(async move { verifier.verify(&token).await.is_ok() });
    }
    assert!(requests.join_all().await.into_iter().all(|accepted| accepted));
    assert_eq!(staged.checks(), 1);
    let forged = SigningKey::named("one").token();
    assert!(matches!(verifier.verify(&forged).await, Err(VerifyError::Invalid)));
    assert_eq!(staged.checks(), 1);
}
