//! What is issued, and that it is accepted.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use countersign_application::ports::access_tokens::AccessTokens as _;
use countersign_application::testing::{NOW, email, session, user_id};
use countersign_domain::ids::TeamId;
use countersign_domain::signing_key::SigningAlgorithm;
use countersign_domain::team::role::Role;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::security::tokens::JwtAccessTokens;
use crate::security::tokens::presented::LONGEST;
use crate::security::tokens::tests::forger::{AUDIENCE, Forger, ISSUER, TTL, asked_for, claims};

fn part(token: &str, n: usize) -> Value {
    let part = token.split('.').nth(n).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn teams(n: u128) -> Vec<(TeamId, Role)> {
    (0..n).map(|n| (TeamId::new(Uuid::from_u128(n)), if n == 0 { Role::Admin } else { Role::Member })).collect()
}

#[tokio::test]
async fn a_token_of_every_algorithm_is_accepted() {
    for algorithm in [SigningAlgorithm::Es256, SigningAlgorithm::EdDsa, SigningAlgorithm::Rs256] {
        let service = Forger::with(algorithm).await;
        let token = service.tokens.issue(&asked_for(NOW)).await.unwrap();
        let verified = service.verify(token.expose()).await.unwrap();
        assert_eq!((verified.user_id, verified.session_id), (user_id(1), session(1).id));
    }
}

#[tokio::test]
async fn header_and_claims_are_those_of_the_contract() {
    let service = Forger::new().await;
    let mut asked = asked_for(NOW);
    asked.roles = teams(2);
    let token = service.tokens.issue(&asked).await.unwrap();
    assert_eq!(part(token.expose(), 0), json!({"alg": "ES256", "kid": service.kid, "typ": "at+jwt"}));
    let (first, second) = (asked.roles[0].0.to_string(), asked.roles[1].0.to_string());
    let mut expected = claims();
    expected["email"] = json!("user1@example.com");
    expected["teams"] = json!([first, second]);
    expected["roles"] = json!({first: "admin", second: "member"});
    assert_eq!(part(token.expose(), 1), expected);
    asked.teams_truncated = true;
    let token = service.tokens.issue(&asked).await.unwrap();
    assert_eq!(part(token.expose(), 1)["teams_truncated"], json!(true));
}

#[tokio::test]
async fn a_token_with_fifty_teams_fits_a_header_of_eight_kib() {
    let service = Forger::with(SigningAlgorithm::Rs256).await;
    let mut asked = asked_for(NOW);
    asked.roles = teams(50);
    let token = service.tokens.issue(&asked).await.unwrap();
    assert!(token.expose().len() < 7_500, "{}", token.expose().len());
    assert!(service.verify(token.expose()).await.is_ok());
}

#[tokio::test]
async fn no_setting_makes_a_token_that_would_be_refused_for_its_length() {
    let service = Forger::with(SigningAlgorithm::Rs256).await;
    let mut asked = asked_for(NOW);
    asked.roles = teams(1_000);
    let token = service.tokens.issue(&asked).await.unwrap();
    assert!(token.expose().len() < LONGEST - 2_048, "{}", token.expose().len());
    assert!(service.verify(token.expose()).await.is_ok());
    assert_eq!(part(token.expose(), 1)["teams_truncated"], json!(true));
}

#[tokio::test]
async fn the_longest_names_and_most_teams_leave_a_token_that_a_header_takes() {
    let service = Forger::with(SigningAlgorithm::Rs256).await;
    let issuer = format!("https://{}", "i".repeat(247));
    let tokens = JwtAccessTokens::new(Arc::clone(&service.ring), issuer, AUDIENCE);
    let mut asked = asked_for(NOW);
    let domain = ["d".repeat(63), "d".repeat(63), "d".repeat(61)].join(".");
    asked.email = email(&format!("{}@{domain}", "a".repeat(64)));
    asked.roles = teams(100);
    let token = tokens.issue(&asked).await.unwrap();
    assert!(token.expose().len() <= 7 * 1024, "{}", token.expose().len());
    assert!(tokens.verify(token.expose(), NOW).await.is_ok());
    let said = part(token.expose(), 1);
    let named = said["teams"].as_array().unwrap().len();
    assert_eq!(said["teams_truncated"], json!(true));
    assert_eq!(said["roles"].as_object().unwrap().len(), named);
    // As many as fit: one more would be about 120 octets, and a larger key's signature 171 more.
    assert!(named > 40 && token.expose().len() > 7 * 1024 - 300, "{named}: {}", token.expose().len());
}

#[tokio::test]
async fn a_token_counts_from_its_issue_to_its_expiry_with_thirty_seconds_for_clocks() {
    let service = Forger::new().await;
    let token = service.tokens.issue(&asked_for(NOW)).await.unwrap();
    let accepted = async |at| service.tokens.verify(token.expose(), NOW + at).await.is_ok();
    assert!(accepted(Duration::seconds(-30)).await);
    assert!(!accepted(Duration::seconds(-31)).await);
    assert!(accepted(TTL).await);
    assert!(accepted(TTL + Duration::seconds(29)).await);
    assert!(!accepted(TTL + Duration::seconds(30)).await);
}

#[tokio::test]
async fn what_a_hand_signs_as_the_service_would_is_accepted() {
    // Or else every refusal of the other tests would prove nothing.
    let service = Forger::new().await;
    assert!(service.verify(&service.with_claims(&claims())).await.is_ok());
    assert_eq!(claims()["iss"], ISSUER);
    assert_eq!(claims()["aud"], AUDIENCE);
    let mut later = claims();
    later["nbf"] = json!(NOW.unix_timestamp());
    later["unknown"] = json!({"any": [1]});
    assert!(service.verify(&service.with_claims(&later)).await.is_ok());
}
