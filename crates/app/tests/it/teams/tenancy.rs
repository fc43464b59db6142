//! Nobody reaches into a team that is not theirs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, TestServer, Timing, Tokens, assert_problem};

const NOWHERE: &str = "01890000-0000-7000-8000-000000000000";

/// Method, path and whether it is closed, of every call in the served OpenAPI document.
async fn calls(server: &TestServer) -> Vec<(Method, String, bool)> {
    let document = server.get("/openapi.json").send().await.expect(200).json();
    let mut calls = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let closed =
                operation["security"].as_array().is_some_and(|ways| ways.iter().all(|way| way.get("bearer").is_some()));
            calls.push((method, path.clone(), closed));
        }
    }
    assert!(calls.len() > 35, "{calls:?}");
    calls
}

/// The same answer but for the id of the request.
fn anonymous(answer: &Answer) -> (u16, Value) {
    let mut body = answer.json();
    body["request_id"] = Value::Null;
    (answer.status, body)
}

#[tokio::test]
async fn without_a_token_only_the_open_calls_answer() {
    let server = TestServer::start().await;
    let mut open = Vec::new();
    for (method, path, closed) in calls(&server).await {
        if !closed {
            open.push(format!("{method} {path}"));
            continue;
        }
        let path = path.replace("{team_id}", NOWHERE).replace("{user_id}", NOWHERE).replace("{id}", NOWHERE);
        let none = server.call(method.clone(), &path).json(&json!({})).send().await;
        assert_problem(&none, 401, "authentication_required");
        let bad = server.call(method, &path).bearer("a.b.c").json(&json!({})).send().await;
        assert_problem(&bad, 401, "invalid_token");
    }
    let expected = [
        "GET /.well-known/jwks.json",
        "POST /auth/confirm-email-change",
        "POST /auth/disown-account",
        "POST /auth/login",
        "POST /auth/logout",
        "POST /auth/password-reset",
        "POST /auth/password-reset-request",
        "POST /auth/refresh",
        "POST /auth/register",
        "POST /auth/verify-email",
        "POST /auth/verify-email-request",
        "GET /health/live",
        "GET /health/ready",
        "POST /teams/accept-invitation",
    ];
    assert_eq!(open, expected, "a new call is closed unless it is meant to be open");
}

/// Two teams of two owners; the first has a member, and an invitation under way.
struct Neighbours {
    server: TestServer,
    owner: Tokens,
    team: String,
    member: (String, Tokens),
    invitation: String,
    stranger: Tokens,
    strangers_team: String,
}

async fn neighbours() -> Neighbours {
    let server = TestServer::start().await;
    let (_, owner) = server.signed_in("owner@example.org").await;
    let body = json!({"name": "Hidden lake", "description": "Nobody knows"});
    let team = server.post("/teams").bearer(&owner.access).json(&body).send().await.expect(201).text_at("/id");
    let (account, member) = server.member(&owner, &team, "member@example.org", "member").await;
    server.invite(&owner, &team, "invited@example.org", "member").send().await.expect(200);
    let list = server.get(&format!("/teams/{team}/invitations")).bearer(&owner.access).send().await.expect(200);
    let (_, stranger) = server.signed_in("stranger@example.org").await;
    let strangers_team = server.team(&stranger, "Strangers").await;
    Neighbours {
        invitation: list.text_at("/items/0/id"),
        member: (account.id, member),
        server,
        owner,
        team,
        stranger,
        strangers_team,
    }
}

impl Neighbours {
    fn path(&self, pattern: &str, team: &str) -> String {
        pattern.replace("{team_id}", team).replace("{user_id}", &self.member.0).replace("{id}", &self.invitation)
    }
}

const TEAM_BODY: fn() -> Value = || json!({"email": "new@example.org", "role": "admin", "name": "Taken over"});

#[tokio::test]
async fn a_foreign_team_looks_like_none_in_every_call() {
    let n = neighbours().await;
    let team_calls: Vec<_> =
        calls(&n.server).await.into_iter().filter(|(_, path, _)| path.starts_with("/teams/{")).collect();
    assert_eq!(team_calls.len(), 10);
    for (method, pattern, _) in team_calls {
        let mut answers = Vec::new();
        for team in [n.team.as_str(), NOWHERE, "not-an-id"] {
            let call = n.server.call(method.clone(), &n.path(&pattern, team)).bearer(&n.stranger.access);
            let answer = call.json(&TEAM_BODY()).send().await;
            assert_problem(&answer, 404, "team_not_found");
            answers.push(answer);
        }
        assert_eq!(anonymous(&answers[0]), anonymous(&answers[1]), "{method} {pattern}");
    }
    let rows = n.server.rows().await;
    assert_eq!((rows.count("invitations").await, rows.count("user_teams").await), (1, 3));
    assert_eq!(rows.one::<String>("SELECT name FROM teams ORDER BY id").await, "Hidden lake");
    assert!(n.server.mailbox().to("new@example.org").is_empty());
}

#[tokio::test]
async fn a_foreign_team_takes_as_long_as_none() {
    let n = neighbours().await;
    let show = |team: &str| n.server.get(&format!("/teams/{team}")).bearer(&n.stranger.access);
    Timing::assert_alike(|_| show(&n.team), |_| show(NOWHERE)).await;
    let invite = |team: &str| n.server.invite(&n.stranger, team, "new@example.org", "admin");
    Timing::assert_alike(|_| invite(&n.team), |_| invite(NOWHERE)).await;
}

#[tokio::test]
async fn no_read_call_shows_anything_of_another_team() {
    let n = neighbours().await;
    let secrets = ["owner@example.org", "member@example.org", "invited@example.org", "Hidden lake", "Nobody knows"];
    let mut seen_by_owner = String::new();
    for (method, pattern, closed) in calls(&n.server).await {
        if method != Method::GET || !closed {
            continue;
        }
        for team in [&n.team, &n.strangers_team] {
            for query in ["", "?q=&user_id=", "?limit=200"] {
                let path = format!("{}{query}", n.path(&pattern, team));
                let answer = n.server.get(&path).bearer(&n.stranger.access).send().await;
                assert!(answer.status < 500, "{path} {answer:?}");
                for secret in secrets {
                    assert!(!answer.text.contains(secret), "{path} shows {secret}: {}", answer.text);
                }
                assert!(team != &n.team || !answer.text.contains(&n.team), "{path}: {}", answer.text);
            }
        }
        seen_by_owner += &n.server.get(&n.path(&pattern, &n.team)).bearer(&n.owner.access).send().await.text;
    }
    for secret in secrets {
        assert!(seen_by_owner.contains(secret), "{secret} would have been found");
    }
}

#[tokio::test]
async fn a_plain_member_sees_the_team_and_changes_nothing() {
    let n = neighbours().await;
    let (_, member) = &n.member;
    for (method, pattern, _) in calls(&n.server).await {
        if !pattern.starts_with("/teams/{") || (method == Method::DELETE && pattern.ends_with("{user_id}")) {
            continue;
        }
        let call = n.server.call(method.clone(), &n.path(&pattern, &n.team)).bearer(&member.access);
        let answer = call.json(&TEAM_BODY()).send().await;
        if method == Method::GET && !pattern.ends_with("/invitations") {
            answer.expect(200);
        } else {
            assert_problem(&answer, 403, "team_admin_required");
        }
    }
    let owner = n.owner.claims()["sub"].as_str().unwrap().to_owned();
    let removal = n.server.delete(&format!("/teams/{}/members/{owner}", n.team)).bearer(&member.access).send().await;
    assert_problem(&removal, 403, "team_admin_required");
}

#[tokio::test]
async fn ids_in_body_and_query_choose_nothing() {
    let n = neighbours().await;
    let (mine, theirs) = (&n.strangers_team, &n.team);
    let query = format!("?team_id={theirs}&id={theirs}&user_id={}", n.member.0);
    let with = |mut body: Value| {
        for name in ["id", "team_id", "team", "teamId"] {
            body[name] = json!(theirs);
        }
        body
    };
    let call = n.server.patch(&format!("/teams/{mine}{query}")).bearer(&n.stranger.access);
    let renamed = call.json(&with(json!({"name": "Renamed"}))).send().await.expect(200);
    assert_eq!((renamed.text_at("/id"), renamed.text_at("/name")), (mine.clone(), "Renamed".to_owned()));
    let body = with(json!({"email": "guest@example.org", "role": "member", "invited_by": n.member.0}));
    n.server
        .post(&format!("/teams/{mine}/invite{query}"))
        .bearer(&n.stranger.access)
        .json(&body)
        .send()
        .await
        .expect(200);
    let rows = n.server.rows().await;
    let teams = "SELECT COUNT(*) FROM invitations i JOIN teams t ON t.id = i.team_id WHERE t.name = ";
    assert_eq!(rows.one::<i64>(&format!("{teams}'Hidden lake'")).await, 1);
    assert_eq!(rows.one::<i64>(&format!("{teams}'Renamed'")).await, 1);

    // Rows of the other team, by way of one's own; and what is no id at all.
    let foreign = [
        (Method::PATCH, format!("/teams/{mine}/members/{}", n.member.0), "member_not_found"),
        (Method::DELETE, format!("/teams/{mine}/members/{}", n.member.0), "member_not_found"),
        (Method::POST, format!("/teams/{mine}/invitations/{}/resend", n.invitation), "invitation_not_found"),
        (Method::DELETE, format!("/teams/{mine}/invitations/{}", n.invitation), "invitation_not_found"),
        (Method::POST, format!("/teams/{mine}/invitations/not-an-id/resend"), "invitation_not_found"),
        (Method::DELETE, format!("/teams/{mine}/invitations/not-an-id"), "invitation_not_found"),
    ];
    for (method, path, code) in foreign {
        let call = n.server.call(method, &format!("{path}{query}")).bearer(&n.stranger.access);
        assert_problem(&call.json(&with(json!({"role": "admin"}))).send().await, 404, code);
    }
    let members = n.server.get(&format!("/teams/{theirs}/members")).bearer(&n.owner.access).send().await.expect(200);
    assert_eq!(members.json()["items"].as_array().unwrap().len(), 2);
    assert_eq!(n.server.my_teams(&n.member.1).await[0]["role"], "member");
    let list = n.server.get(&format!("/teams/{theirs}/invitations")).bearer(&n.owner.access).send().await.expect(200);
    assert_eq!(list.text_at("/items/0/state"), "pending");
}

#[tokio::test]
async fn lists_are_bounded_and_bad_pages_are_refused() {
    let n = neighbours().await;
    for list in
        [format!("/teams/{}/members", n.team), format!("/teams/{}/invitations", n.team), "/auth/teams".to_owned()]
    {
        for bad in [
            "limit=-1",
            "limit=0",
            "limit=201",
            "limit=1000000000",
            "limit=NaN",
            "limit=1.5",
            "limit=",
            "limit=1&limit=2",
            "cursor=x",
            "cursor=%27%20OR%201%3D1--",
            "cursor=AAAA",
            // The year -5000.
            "cursor=AAAAAAAAAAAAAAAAAAAAAP____________84FnI4CAA",
        ] {
            let answer = n.server.get(&format!("{list}?{bad}")).bearer(&n.owner.access).send().await;
            assert_problem(&answer, 422, "validation_failed");
        }
        let plain = n.server.get(&list).bearer(&n.owner.access).send().await.expect(200);
        let odd = "sort=password_hash&order=desc&offset=99999999&filter=%27%20OR%201%3D1--&is_superuser=true&limit=200";
        let same = n.server.get(&format!("{list}?{odd}")).bearer(&n.owner.access).send().await.expect(200);
        assert_eq!(plain.json(), same.json());
    }
}

/// Every address of a list of the team, sorted, in pages of one.
async fn one_by_one(n: &Neighbours, list: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/teams/{}/{list}?limit=1{cursor}", n.team);
        let page = n.server.get(&path).bearer(&n.owner.access).send().await.expect(200);
        assert_eq!(page.json()["items"].as_array().map(Vec::len), Some(1), "{}", page.text);
        seen.push(page.text_at("/items/0/email"));
        let next = page.json()["next_cursor"].clone();
        let Some(next) = next.as_str() else { break };
        cursor = format!("&cursor={next}");
        assert!(seen.len() <= 3, "the pages do not end");
    }
    seen.sort();
    seen
}

#[tokio::test]
async fn pages_show_every_member_and_every_invitation_once() {
    let n = neighbours().await;
    n.server.member(&n.owner, &n.team, "third@example.org", "member").await;
    assert_eq!(one_by_one(&n, "members").await, ["member@example.org", "owner@example.org", "third@example.org"]);
    for email in ["another@example.org", "new@example.org"] {
        n.server.invite(&n.owner, &n.team, email, "member").send().await.expect(200);
    }
    let invited = ["another@example.org", "invited@example.org", "new@example.org"];
    assert_eq!(one_by_one(&n, "invitations").await, invited);
}

#[tokio::test]
async fn ones_teams_go_on_at_the_link_each_once_by_when_it_was_joined() {
    let server = TestServer::start().await;
    let (_, host) = server.signed_in("host@example.org").await;
    let older = server.team(&host, "Older").await;
    let (reader, tokens) = server.signed_in("reader@example.org").await;
    let mut joined = Vec::new();
    for n in 1..=4 {
        joined.push(server.team(&tokens, &format!("Team {n}")).await);
    }
    server.invite(&host, &older, &reader.email, "member").send().await.expect(200);
    joined.push(older);
    let (mut parts, mut next) = (Vec::new(), Some("/auth/teams?limit=2".to_owned()));
    while let Some(path) = next {
        let part = server.get(&path).bearer(&tokens.access).send().await.expect(200);
        let ids: Vec<_> =
            part.json().as_array().unwrap().iter().map(|team| team["id"].as_str().unwrap().to_owned()).collect();
        parts.push(ids);
        assert!(parts.len() <= 3, "the parts do not end");
        let link = part.header("link").strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\""));
        assert_eq!(link.is_none(), part.header("link").is_empty(), "{part:?}");
        next = link.map(str::to_owned);
    }
    assert_eq!(parts, [&joined[..2], &joined[2..4], &joined[4..]]);
}
