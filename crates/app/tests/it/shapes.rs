//! What an answer has in it, by name. That it has nothing else than the OpenAPI document says is held of every answer.

use serde_json::{Value, json};

use crate::support::TestServer;

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn an_account_sees_itself_and_its_first_50_teams() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("owner@example.org").await;
    let me = async || server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
    let mut expected: Vec<String> = Vec::new();
    for n in 0..50 {
        expected.push(server.team(&tokens, &format!("Team {n}")).await);
    }
    let full = me().await;
    let fields = [
        "created_at",
        "email",
        "email_verified",
        "first_name",
        "id",
        "is_active",
        "is_superuser",
        "last_name",
        "teams",
        "teams_truncated",
        "updated_at",
    ];
    assert_eq!(keys(&full), fields);
    assert_eq!((&full["id"], &full["email"]), (&json!(account.id), &json!("owner@example.org")));
    let team_fields = ["created_at", "description", "id", "joined_at", "name", "role", "status", "updated_at"];
    assert_eq!(keys(&full["teams"][0]), team_fields);
    assert_eq!((full["teams"].as_array().unwrap().len(), &full["teams_truncated"]), (50, &json!(false)));

    server.team(&tokens, "One more").await;
    let cut = me().await;
    assert_eq!((cut["teams"].as_array().unwrap().len(), &cut["teams_truncated"]), (50, &json!(true)));
    let shown: Vec<_> = cut["teams"].as_array().unwrap().iter().map(|team| team["id"].as_str().unwrap()).collect();
    assert_eq!(shown, expected, "the first, by when they were joined");
    assert_eq!(server.my_teams(&tokens).await.len(), 51);
}

#[tokio::test]
async fn a_member_has_seven_fields_wherever_it_is_shown() {
    let server = TestServer::start().await;
    let (_, owner) = server.signed_in("owner@example.org").await;
    let team = server.team(&owner, "Teamname").await;
    let (account, _) = server.member(&owner, &team, "member@example.org", "member").await;
    let list = server.get(&format!("/teams/{team}/members")).bearer(&owner.access).send().await.expect(200).json();
    assert_eq!(keys(&list), ["items", "next_cursor"]);
    let listed = list["items"].as_array().unwrap().iter().find(|item| item["user_id"] == account.id).unwrap();
    let path = format!("/teams/{team}/members/{}", account.id);
    let changed =
        server.patch(&path).bearer(&owner.access).json(&json!({"role": "admin"})).send().await.expect(200).json();
    for (shown, role) in [(listed, "member"), (&changed, "admin")] {
        let expected = json!({
            "user_id": account.id, "email": "member@example.org", "first_name": "Firstname", "last_name": "Lastname",
            "role": role, "status": "active", "joined_at": shown["joined_at"],
        });
        assert_eq!(*shown, expected);
        assert!(shown["joined_at"].as_str().unwrap().ends_with('Z'), "{shown}");
    }
}
