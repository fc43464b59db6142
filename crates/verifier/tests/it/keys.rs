//! When the key set is fetched, and what holds while it cannot be.

use std::sync::Arc;
use std::time::Duration;

use countersign_verifier::VerifyError;
use tokio::task::JoinSet;
use tokio::time::{advance, timeout};

use crate::staged_issuer::{SigningKey, StagedIssuer};

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test(start_paused = true)]
async fn requests_that_come_together_fetch_the_keys_once() {
    let key = SigningKey::named("one");
    let staged = StagedIssuer::with(&[&key]);
    let verifier = Arc::new(staged.verifier());
    let mut requests = JoinSet::new();
    for _ in 0..100 {
        let (verifier, token) = (verifier.clone(), key.token());
        requests.spawn(async move { verifier.verify(&token).await.map(|claims| claims.user_id) });
    }
    let answers = requests.join_all().await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    assert_eq!(staged.key_sets(), 1);
    advance(4 * MINUTE).await;
    verifier.verify(&key.token()).await.unwrap();
    assert_eq!(staged.key_sets(), 1, "five minutes they are fresh");
    advance(2 * MINUTE).await;
    verifier.verify(&key.token()).await.unwrap();
    assert_eq!(staged.key_sets(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_found_and_an_old_one_forgotten() {
    let (old, new) = (SigningKey::named("old"), SigningKey::named("new"));
    let staged = StagedIssuer::with(&[&old]);
    let verifier = staged.verifier();
    verifier.verify(&old.token()).await.unwrap();
    staged.publish(&[&new]);
    advance(Duration::from_secs(11)).await;
    verifier.verify(&new.token()).await.unwrap();
    assert!(matches!(verifier.verify(&old.token()).await, Err(VerifyError::Invalid)));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_comes_just_after_a_fetch_is_found_within_a_second() {
    let (old, new) = (SigningKey::named("old"), SigningKey::named("new"));
    let staged = StagedIssuer::with(&[&old]);
    let verifier = staged.verifier();
    verifier.verify(&old.token()).await.unwrap();
    staged.publish(&[&new]);
    assert!(matches!(verifier.verify(&new.token()).await, Err(VerifyError::Invalid)));
    advance(Duration::from_secs(1)).await;
    verifier.verify(&new.token()).await.unwrap();
    assert_eq!(staged.key_sets(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_set_without_a_key_for_access_tokens_is_an_outage() {
    let (key, unknown) = (SigningKey::named("one"), SigningKey::named("unknown"));
    let staged = StagedIssuer::with(&[&key]);
    let verifier = staged.verifier();
    verifier.verify(&key.token()).await.unwrap();
    for keys in [vec![], vec![serde_json::json!({ "kty": "new" })]] {
        staged.publish_json(keys);
        advance(6 * MINUTE).await;
        verifier.verify(&key.token()).await.unwrap();
        let verdict = verifier.verify(&unknown.token()).await;
        assert!(matches!(verdict, Err(VerifyError::Unavailable(_))), "{verdict:?}");
        let verdict = staged.verifier().verify(&key.token()).await;
        assert!(matches!(verdict, Err(VerifyError::Unavailable(_))), "{verdict:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn made_up_keys_fetch_the_set_twice_in_ten_seconds() {
    let (key, made_up) = (SigningKey::named("one"), SigningKey::named("made up"));
    let staged = StagedIssuer::with(&[&key]);
    let verifier = staged.verifier();
    verifier.verify(&key.token()).await.unwrap();
    for _ in 0..60 {
        assert!(matches!(verifier.verify(&made_up.token()).await, Err(VerifyError::Invalid)));
        advance(Duration::from_secs(1)).await;
    }
    assert!((11..=13).contains(&staged.key_sets()), "{} times in a minute", staged.key_sets());
}

#[tokio::test(start_paused = true)]
async fn known_keys_hold_through_an_outage_for_an_hour_and_it_heals() {
    let (key, unknown) = (SigningKey::named("one"), SigningKey::named("unknown"));
    let staged = StagedIssuer::with(&[&key]);
    let verifier = staged.verifier();
    verifier.verify(&key.token()).await.unwrap();
    staged.go_away(true);
    advance(64 * MINUTE).await;
    verifier.verify(&key.token()).await.unwrap();
    let verdict = verifier.verify(&unknown.token()).await;
    assert!(matches!(verdict, Err(VerifyError::Unavailable(_))), "it may be of a new key: {verdict:?}");
    let asked = staged.key_sets();
    for _ in 0..50 {
        let _ = verifier.verify(&unknown.token()).await;
    }
    assert_eq!(staged.key_sets(), asked, "nobody asks again at once");
    advance(2 * MINUTE).await;
    let verdict = verifier.verify(&key.token()).await;
    assert!(matches!(verdict, Err(VerifyError::Unavailable(_))), "an hour and five minutes are over: {verdict:?}");
    staged.go_away(false);
    advance(Duration::from_secs(3)).await;
    verifier.verify(&key.token()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn without_tolerance_keys_hold_as_long_as_they_are_fresh() {
    let key = SigningKey::named("one");
    let staged = StagedIssuer::with(&[&key]);
    let verifier = staged.verifier().with_outage_tolerance(Duration::ZERO);
    verifier.verify(&key.token()).await.unwrap();
    staged.go_away(true);
    advance(4 * MINUTE).await;
    verifier.verify(&key.token()).await.unwrap();
    advance(2 * MINUTE).await;
    assert!(matches!(verifier.verify(&key.token()).await, Err(VerifyError::Unavailable(_))));
}

#[tokio::test(start_paused = true)]
async fn a_service_that_hangs_keeps_one_request_waiting_not_all() {
    let key = SigningKey::named("one");
    let staged = StagedIssuer::with(&[&key]);
    let verifier = Arc::new(staged.verifier());
    verifier.verify(&key.token()).await.unwrap();
    advance(6 * MINUTE).await;
    staged.0.answers.forget_permits(usize::MAX);
    let waiting = tokio::spawn({
        let (verifier, token) = (verifier.clone(), key.token());
        async move { verifier.verify(&token).await.map(drop) }
    });
    tokio::task::yield_now().await;
    assert_eq!(staged.key_sets(), 2);
    for _ in 0..10 {
        timeout(Duration::from_secs(1), verifier.verify(&key.token())).await.unwrap().unwrap();
    }
    assert!(!waiting.is_finished());
    staged.0.answers.add_permits(1);
    waiting.await.unwrap().unwrap();
    assert_eq!(staged.key_sets(), 2);
}

#[tokio::test(start_paused = true)]
async fn before_the_first_answer_an_outage_is_told_as_one() {
    let key = SigningKey::named("one");
    let staged = StagedIssuer::with(&[&key]);
    staged.go_away(true);
    let verifier = staged.verifier();
    let verdict = verifier.verify(&key.token()).await;
    assert!(matches!(verdict, Err(VerifyError::Unavailable(_))), "{verdict:?}");
    staged.go_away(false);
    advance(Duration::from_secs(3)).await;
    verifier.verify(&key.token()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_fetch_goes_on_when_the_client_that_began_it_leaves() {
    let (key, made_up) = (SigningKey::named("one"), SigningKey::named("made up"));
    let staged = StagedIssuer::with(&[&key]);
    let verifier = Arc::new(staged.verifier());
    verifier.verify(&key.token()).await.unwrap();
    advance(Duration::from_secs(11)).await;
    staged.0.answers.forget_permits(usize::MAX);
    for _ in 0..5 {
        let token = made_up.token();
        assert!(timeout(Duration::from_millis(10), verifier.verify(&token)).await.is_err());
    }
    assert_eq!(staged.key_sets(), 2, "the one that is under way is waited for");
    staged.0.answers.add_permits(5);
    assert!(matches!(verifier.verify(&made_up.token()).await, Err(VerifyError::Invalid)));
    assert_eq!(staged.key_sets(), 2);
}
