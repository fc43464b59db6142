//! Keys that come, go and are refused.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration as Pause;

use countersign_application::error::{Classify as _, Kind};
use countersign_application::ports::access_tokens::{AccessTokenError, AccessTokens as _};
use countersign_application::ports::signing_keys::{SigningKeyFactory as _, SigningKeyRepository};
use countersign_application::testing::NOW;
use countersign_domain::signing_key::{ANNOUNCEMENT, SigningAlgorithm, announce, replace_compromised};
use time::{Duration, OffsetDateTime};

use crate::security::secret_key::{SecretKey, SecretKeyRing};
use crate::security::tokens::tests::forger::{AUDIENCE, Forger, ISSUER, TTL, asked_for, claims, new_key, secret_keys};
use crate::security::tokens::{JwtAccessTokens, KeyRing, SealedKeyFactory};

async fn issued(service: &Forger, at: OffsetDateTime) -> String {
    service.tokens.issue(&asked_for(at)).await.unwrap().expose().to_owned()
}

async fn accepted(service: &Forger, token: &str, at: OffsetDateTime) -> bool {
    service.tokens.verify(token, at).await.is_ok()
}

/// A second key, put beside the first as the use cases do it.
async fn rotate(service: &Forger, at: OffsetDateTime, immediate: bool) -> String {
    let mut new = new_key(SigningAlgorithm::EdDsa);
    {
        let mut keys = service.rows.keys.lock().unwrap();
        if immediate {
            replace_compromised(&mut new, &mut keys, at);
        } else {
            announce(&mut new, &mut keys, at);
        }
        keys.push(new.clone());
    }
    service.ring.refresh().await.unwrap();
    new.kid
}

#[tokio::test]
async fn a_rotation_loses_no_token() {
    let service = Forger::new().await;
    let old = issued(&service, NOW).await;
    rotate(&service, NOW, false).await;
    let switch = NOW + ANNOUNCEMENT;
    let last = issued(&service, switch - Duration::seconds(1)).await;
    assert_eq!(last.split('.').next(), old.split('.').next());
    let new = issued(&service, switch).await;
    assert_ne!(new.split('.').next(), old.split('.').next());
    assert!(accepted(&service, &last, switch + TTL - Duration::seconds(2)).await);
    assert!(!accepted(&service, &last, switch + TTL).await);
    assert!(accepted(&service, &new, switch + TTL - Duration::seconds(1)).await);
}

#[tokio::test]
async fn a_compromise_refuses_every_older_token_at_once() {
    let service = Forger::new().await;
    let old = issued(&service, NOW).await;
    assert!(accepted(&service, &old, NOW).await);
    rotate(&service, NOW, true).await;
    assert!(!accepted(&service, &old, NOW).await);
    let new = issued(&service, NOW).await;
    assert!(accepted(&service, &new, NOW).await);
}

#[tokio::test]
async fn a_key_that_does_not_sign_yet_verifies_nothing() {
    let service = Forger::new().await;
    service.rows.keys.lock().unwrap()[0].active_from = NOW + ANNOUNCEMENT;
    service.ring.refresh().await.unwrap();
    service.assert_refused(&service.with_claims(&claims()), "announced").await;
    let fault = service.tokens.issue(&asked_for(NOW)).await.unwrap_err();
    assert_eq!(fault.kind(), Kind::Unavailable);
    assert!(service.ring.check(NOW).is_err());
    assert!(service.ring.check(NOW + ANNOUNCEMENT).is_ok());
}

#[tokio::test]
async fn a_removed_key_verifies_nothing() {
    let service = Forger::new().await;
    let token = issued(&service, NOW).await;
    service.rows.keys.lock().unwrap().clear();
    service.ring.refresh().await.unwrap();
    assert!(!accepted(&service, &token, NOW).await);
}

#[tokio::test]
async fn a_token_of_a_key_made_elsewhere_is_known_at_once() {
    let service = Forger::new().await;
    let elsewhere = Forger::new().await;
    let token = issued(&elsewhere, NOW).await;
    let key = elsewhere.rows.keys.lock().unwrap()[0].clone();
    service.rows.insert(&key).await.unwrap();
    // A ring that has not looked yet has not looked within the last second either.
    let ring = KeyRing::new(Arc::clone(&service.rows) as Arc<dyn SigningKeyRepository>, secret_keys(), TTL);
    let tokens = JwtAccessTokens::new(Arc::new(ring), ISSUER, AUDIENCE);
    assert!(tokens.verify(&token, NOW).await.is_ok());
}

#[tokio::test]
async fn unknown_keys_do_not_make_it_read_again_and_again() {
    let service = Forger::new().await;
    let stranger = Forger::new().await;
    let token = issued(&stranger, NOW).await;
    for _ in 0..100 {
        service.assert_refused(&token, "unknown key").await;
    }
    assert_eq!(service.rows.reads.load(Ordering::SeqCst), 1, "the look of a moment ago has to do");
}

#[tokio::test]
async fn while_the_keys_cannot_be_read_the_known_ones_count_and_unknown_ones_are_a_fault() {
    let service = Forger::new().await;
    let stranger = Forger::new().await;
    let token = issued(&service, NOW).await;
    *service.rows.failing.lock().unwrap() = true;
    assert!(service.ring.refresh().await.is_err());
    assert!(accepted(&service, &token, NOW).await);
    assert!(service.tokens.issue(&asked_for(NOW)).await.is_ok());
    let unknown = service.verify(&issued(&stranger, NOW).await).await.unwrap_err();
    assert!(matches!(unknown, AccessTokenError::Fault(fault) if fault.kind() == Kind::Unavailable));
    *service.rows.failing.lock().unwrap() = false;
    service.ring.refresh().await.unwrap();
    service.assert_refused(&issued(&stranger, NOW).await, "unknown key").await;
}

#[tokio::test]
async fn what_was_read_too_long_ago_verifies_nothing() {
    let service = Forger::new().await;
    let (known, unseen) = (issued(&service, NOW).await, issued(&service, NOW + Duration::seconds(1)).await);
    assert!(accepted(&service, &known, NOW).await);
    // Another node refuses the key, and this one cannot read it.
    replace_compromised(&mut new_key(SigningAlgorithm::EdDsa), &mut service.rows.keys.lock().unwrap(), NOW);
    *service.rows.failing.lock().unwrap() = true;
    let most = Pause::from_secs(3);
    service.ring.age(KeyRing::BELIEVED_FOR.saturating_sub(most)).await;
    assert!(accepted(&service, &known, NOW).await, "what is known holds for a while");
    service.ring.age(most).await;
    let reads = service.rows.reads.load(Ordering::SeqCst);
    for token in [&known, &unseen].repeat(10) {
        let stale = service.verify(token).await.unwrap_err();
        assert!(matches!(stale, AccessTokenError::Fault(fault) if fault.kind() == Kind::Unavailable));
    }
    let reads = service.rows.reads.load(Ordering::SeqCst) - reads;
    assert!((1..5).contains(&reads), "tried once a second: {reads}");
    *service.rows.failing.lock().unwrap() = false;
    service.ring.age(most).await;
    service.assert_refused(&known, "read by whoever needed it").await;
}

#[tokio::test]
async fn keys_that_were_not_read_for_long_are_read_by_whoever_needs_them() {
    let service = Forger::new().await;
    let token = issued(&service, NOW).await;
    service.ring.age(KeyRing::BELIEVED_FOR).await;
    assert!(accepted(&service, &token, NOW).await);
    assert_eq!(service.rows.reads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_key_sealed_by_another_secret_key_neither_signs_nor_verifies() {
    let service = Forger::new().await;
    let foreign = Arc::new(SecretKeyRing::new(SecretKey::new([8; 32]), None));
    let row = SealedKeyFactory::new(foreign).generate(SigningAlgorithm::Es256, NOW).unwrap();
    *service.rows.keys.lock().unwrap() = vec![row];
    service.ring.refresh().await.unwrap();
    assert_eq!(service.ring.check(NOW).unwrap_err().kind(), Kind::Internal);
    assert_eq!(service.tokens.issue(&asked_for(NOW)).await.unwrap_err().kind(), Kind::Internal);
}

#[tokio::test]
async fn a_node_that_runs_goes_on_when_another_seals_the_keys_anew() {
    let service = Forger::new().await;
    let token = issued(&service, NOW).await;
    service.rows.keys.lock().unwrap()[0].sealed_private = b"sealed with a later secret key".to_vec();
    service.ring.refresh().await.unwrap();
    assert!(accepted(&service, &token, NOW).await);
    assert!(service.tokens.issue(&asked_for(NOW)).await.is_ok());
}

#[tokio::test]
async fn whoever_writes_the_database_cannot_bring_in_a_key() {
    let service = Forger::new().await;
    let attacker = Forger::new().await;
    // The attacker's public key under the name of a sealed key, and the sealed key under the attacker's name.
    let (ours, mut theirs) = (service.rows.keys.lock().unwrap()[0].clone(), new_key(SigningAlgorithm::Es256));
    theirs.kid.clone_from(&attacker.kid);
    theirs.public_jwk.clone_from(&attacker.public_jwk);
    let mut renamed = ours.clone();
    renamed.public_jwk.clone_from(&attacker.public_jwk);
    *service.rows.keys.lock().unwrap() = vec![renamed, theirs];
    service.ring.refresh().await.unwrap();
    service.assert_refused(&issued(&attacker, NOW).await, "own name").await;
    let mut header = attacker.header();
    header["kid"] = service.kid.clone().into();
    service.assert_refused(&attacker.with_header(&header), "our name").await;
}
