//! What superusers do in the console is in the trail, as what they do by the API is.

use serde_json::Value;

use crate::admin::server;
use crate::support::{Hand, PASSWORD};

#[tokio::test]
async fn whatever_is_done_in_the_console_is_in_the_trail_with_whoever_did_it() {
    let (server, root) = server().await;
    let (account, tokens) = server.signed_in("person@example.org").await;
    let team = server.team(&tokens, "Teamname").await;
    let (heir, _) = server.member(&tokens, &team, "heir@example.org", "member").await;
    let mut hand = Hand::of(&server, "root@example.org", PASSWORD).await;
    let of_person = |rest: &str| format!("/console/users/{}{rest}", account.id);
    let of_heir = |rest: &str| format!("/console/users/{}{rest}", heir.id);
    let team_page = format!("/console/teams/{team}");
    assert!(hand.open(&of_person("")).await.text.contains("Teamname"));
    assert!(hand.open(&team_page).await.text.contains("heir@example.org"));
    hand.send(&of_person(""), &of_person("/sessions"), &[]).await.expect(303);
    for change in ["appoint", "dismiss"] {
        let path = of_person(&format!("/change/{change}"));
        hand.send(&path, &path, &[]).await.expect(303);
    }
    // Nobody takes the team over.
    for user in [&of_heir, &of_person] as [&dyn Fn(&str) -> String; 2] {
        hand.send(&user("/change/deactivate"), &user("/change/deactivate"), &[]).await.expect(303);
    }
    hand.send(&of_heir(""), &of_heir("/change/activate"), &[]).await.expect(303);
    hand.send(&team_page, &format!("{team_page}/admin"), &[("member", &heir.id)]).await.expect(303);
    hand.send(&of_person("/delete"), &of_person("/delete"), &[]).await.expect(303);

    let actor = root.claims()["sub"].as_str().unwrap().to_owned();
    let trail = server.get(&format!("/admin/audit?user_id={actor}&limit=200")).bearer(&root.access).send().await;
    let events = trail.expect(200).json()["items"].as_array().unwrap().clone();
    let by_root = |event: &&Value| event["actor_id"] == actor.as_str();
    let kinds: Vec<_> = events.iter().filter(by_root).map(|event| event["event"].as_str().unwrap()).collect();
    for (kind, times) in [
        ("sessions_ended", 1),
        ("superuser_granted", 1),
        ("superuser_revoked", 1),
        ("user_deactivated", 2),
        ("team_frozen", 1),
        ("user_activated", 1),
        ("admin_appointed", 1),
        ("account_deleted", 1),
    ] {
        assert_eq!(kinds.iter().filter(|it| **it == kind).count(), times, "{kind}: {kinds:?}");
    }
    let looked = |what: &str, key: &str, id: &str| {
        events.iter().any(|event| event["detail"] == what && event[key] == id && event["event"] == "admin_viewed")
    };
    assert!(looked("team", "team_id", &team) && looked("members", "team_id", &team), "{events:?}");
    assert!(looked("user_teams", "user_id", &heir.id), "{events:?}");
}
