//! Tokens that were verified before.

use countersign_application::ports::access_tokens::AccessTokens as _;
use countersign_application::testing::NOW;
use serde_json::json;
use time::Duration;

use crate::security::tokens::tests::forger::{Forger, TTL, asked_for, claims, claims_with};

#[tokio::test]
async fn a_token_is_taken_down_once_and_says_the_same_again() {
    let service = Forger::new().await;
    let token = service.with_claims(&claims());
    let first = service.verify(&token).await.unwrap();
    assert_eq!(service.tokens.remembered(), 1);
    assert_eq!(service.verify(&token).await.unwrap(), first);
    assert_eq!(service.tokens.remembered(), 1);
}

#[tokio::test]
async fn what_was_refused_is_not_taken_down() {
    let service = Forger::new().await;
    let another = Forger::new().await;
    service.assert_refused(&another.with_claims(&claims()), "unknown key").await;
    service
        .assert_refused(&service.with_claims(&claims_with("iss", json!("https://elsewhere.example"))), "issuer")
        .await;
    service
        .assert_refused(&service.with_claims(&claims_with("exp", json!(NOW.unix_timestamp() - 60))), "expired")
        .await;
    assert_eq!(service.tokens.remembered(), 0);
}

#[tokio::test]
async fn every_octet_counts_also_beside_one_that_was_accepted() {
    let service = Forger::new().await;
    let token = service.tokens.issue(&asked_for(NOW)).await.unwrap();
    service.verify(token.expose()).await.unwrap();
    for at in 0..token.expose().len() {
        let mut octets = token.expose().as_bytes().to_vec();
        octets[at] = if octets[at] == b'A' { b'B' } else { b'A' };
        service.assert_refused(std::str::from_utf8(&octets).unwrap(), &format!("octet {at}")).await;
    }
}

#[tokio::test]
async fn its_times_are_judged_at_every_use() {
    let service = Forger::new().await;
    let token = service.with_claims(&claims());
    let last = NOW + TTL + Duration::seconds(29);
    for (at, good) in [(NOW, true), (last, true), (last + Duration::SECOND, false), (NOW - Duration::minutes(1), false)]
    {
        assert_eq!(service.tokens.verify(&token, at).await.is_ok(), good, "{at}");
    }
    assert!(service.tokens.verify(&token, NOW).await.is_ok(), "a clock that was set back");
}

#[tokio::test]
async fn it_goes_with_its_key() {
    let service = Forger::new().await;
    let token = service.with_claims(&claims());
    service.verify(&token).await.unwrap();
    service.rows.keys.lock().unwrap()[0].refused_at = Some(NOW);
    service.ring.refresh().await.unwrap();
    service.assert_refused(&token, "its key is refused").await;
    assert_eq!(service.tokens.remembered(), 0);
}

#[tokio::test]
async fn it_goes_when_it_has_expired_and_is_shown_again() {
    let service = Forger::new().await;
    let token = service.with_claims(&claims());
    service.verify(&token).await.unwrap();
    assert!(service.tokens.verify(&token, NOW + TTL + Duration::minutes(1)).await.is_err());
    assert_eq!(service.tokens.remembered(), 0);
}

#[tokio::test]
async fn those_that_expired_unseen_go_with_so_many_new_ones() {
    let service = Forger::new().await;
    let expired = service.with_claims(&claims());
    service.verify(&expired).await.unwrap();
    let later = NOW + TTL + Duration::minutes(1);
    for _ in 0..1_024 {
        // Signatures are random: each is another token.
        let fresh = service.tokens.issue(&asked_for(later)).await.unwrap();
        service.tokens.verify(fresh.expose(), later).await.unwrap();
    }
    assert!((1_000..=1_024).contains(&service.tokens.remembered()), "{}", service.tokens.remembered());
}

#[tokio::test]
async fn their_number_is_bounded() {
    let service = Forger::new().await;
    for _ in 0..18_000 {
        let fresh = service.tokens.issue(&asked_for(NOW)).await.unwrap();
        service.verify(fresh.expose()).await.unwrap();
    }
    let remembered = service.tokens.remembered();
    assert!((15_000..17_000).contains(&remembered), "{remembered}");
}
