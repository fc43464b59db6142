//! Another service that verifies access tokens by the crate `countersign-verifier`, against the real one.

use std::time::Duration;

use countersign_verifier::{HttpIssuer, TeamRole, Verifier, VerifyError};
use serde_json::json;

use crate::support::{Setup, TestServer, Tokens, claims_of};

fn verifier_of(server: &TestServer, tokens: &Tokens) -> Verifier {
    let issuer = HttpIssuer::new(&format!("http://{}", server.address())).unwrap();
    let name = claims_of(&tokens.access)["iss"].as_str().unwrap().to_owned();
    Verifier::new(issuer, name, "countersign")
}

#[tokio::test]
async fn it_says_who_calls_and_with_which_role() {
    for algorithm in ["ES256", "EdDSA", "RS256"] {
        let server = Setup::default().set("TOKENS__ALGORITHM", algorithm).start().await;
        let (account, tokens) = server.signed_in("resource@example.org").await;
        let team = server.team(&tokens, "Verified").await;
        let body = json!({"refresh_token": tokens.refresh});
        let tokens = Tokens::of(&server.post("/auth/refresh").json(&body).send().await.expect(200));
        let claims = verifier_of(&server, &tokens).verify(&tokens.access).await.unwrap();
        assert_eq!((claims.user_id.to_string(), claims.email.as_str()), (account.id, "resource@example.org"));
        assert_eq!(claims.role_in(team.parse().unwrap()), Some(TeamRole::Admin), "{algorithm}");
        assert_eq!(claims.expires_at - claims.issued_at, 900);
    }
}

#[tokio::test]
async fn a_logout_counts_where_the_service_is_asked() {
    let server = TestServer::start().await;
    let (_, tokens) = server.signed_in("left@example.org").await;
    let believing = verifier_of(&server, &tokens);
    let asking = verifier_of(&server, &tokens).with_revocation_check(Duration::ZERO);
    for verifier in [&believing, &asking] {
        verifier.verify(&tokens.access).await.unwrap();
    }
    let body = json!({"refresh_token": tokens.refresh});
    server.post("/auth/logout").bearer(&tokens.access).json(&body).send().await.expect(204);
    believing.verify(&tokens.access).await.unwrap();
    assert!(matches!(asking.verify(&tokens.access).await, Err(VerifyError::Revoked)));
}

#[tokio::test]
async fn a_key_that_is_rotated_at_once_is_found_and_an_outage_is_told() {
    let mut server = TestServer::start().await;
    let (account, tokens) = server.signed_in("rotated@example.org").await;
    // Has no keys yet, so it need not wait before it asks for those that are new.
    let verifier = verifier_of(&server, &tokens);
    assert!(server.run(&["keys", "rotate", "--now"], "").status.success());
    let renewed = loop {
        let renewed = server.login(&account).await;
        if crate::support::header_of(&renewed.access)["kid"] != crate::support::header_of(&tokens.access)["kid"] {
            break renewed;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    verifier.verify(&renewed.access).await.unwrap();
    assert!(matches!(verifier.verify(&tokens.access).await, Err(VerifyError::Invalid)), "that key is compromised");
    let late = verifier_of(&server, &renewed);
    server.kill();
    verifier.verify(&renewed.access).await.unwrap();
    let verdict = late.verify(&renewed.access).await;
    assert!(matches!(verdict, Err(VerifyError::Unavailable(_))), "{verdict:?}");
}
