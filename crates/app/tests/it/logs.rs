//! What is told in the log, and what never is (ASVS 16.2.5, 16.4.1).

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Setup, TestServer, Tokens};

/// Everything that was sent or given and is nobody's business.
#[derive(Default)]
struct Secrets(Vec<String>);

impl Secrets {
    fn add(&mut self, secret: &str) {
        assert!(secret.len() >= 8, "too short to be looked for: {secret}");
        self.0.push(secret.to_owned());
    }

    fn add_tokens(&mut self, tokens: &Tokens) {
        self.add(&tokens.access);
        self.add(&tokens.refresh);
        // The signature alone would do for whoever knows the rest.
        self.add(tokens.access.rsplit('.').next().unwrap());
    }
}

const NAMES: [&str; 2] = ["Firstmarker", "Lastmarker"];

async fn register(server: &TestServer, secrets: &mut Secrets, email: &str, password: &str) -> String {
    secrets.add(email);
    secrets.add(password);
    let body = json!({"email": email, "password": password, "first_name": NAMES[0], "last_name": NAMES[1]});
    server.post("/auth/register").json(&body).send().await.expect(201).text_at("/id")
}

async fn verify(server: &TestServer, secrets: &mut Secrets, email: &str, password: &str) -> Tokens {
    let token = server.mailbox().wait_for(email, 1).await[0].token();
    secrets.add(&token);
    let body = json!({"token": token, "password": password});
    server.post("/auth/verify-email").json(&body).send().await.expect(200);
    let tokens = Tokens::of(&server.sign_in(email, password).send().await.expect(200));
    secrets.add_tokens(&tokens);
    tokens
}

/// Calls everything there is, well and badly.
async fn traffic(server: &TestServer) -> Secrets {
    let mut secrets = Secrets::default();
    for name in NAMES {
        secrets.add(name);
    }
    let (owner, password) = ("owner.marker@example.org", "marker of the owner");
    register(server, &mut secrets, owner, password).await;
    let tokens = verify(server, &mut secrets, owner, password).await;
    server.create_superuser("root.marker@example.org", "marker of the superuser");
    secrets.add("root.marker@example.org");
    secrets.add("marker of the superuser");
    let root =
        Tokens::of(&server.sign_in("root.marker@example.org", "marker of the superuser").send().await.expect(200));
    secrets.add_tokens(&root);

    every_operation(server, &mut secrets, &root).await;
    teams(server, &mut secrets, &tokens).await;
    passwords(server, &mut secrets, owner, password).await;
    abuse(server, &mut secrets).await;
    secrets
}

async fn teams(server: &TestServer, secrets: &mut Secrets, admin: &Tokens) {
    let team = server.team(admin, "Teammarker").await;
    secrets.add("Teammarker");
    let invited = "invited.marker@example.org";
    secrets.add(invited);
    let body = json!({"email": invited, "role": "member"});
    server.post(&format!("/teams/{team}/invite")).bearer(&admin.access).json(&body).send().await.expect(200);
    let token = server.mailbox().wait_for(invited, 1).await[0].token();
    secrets.add(&token);
    server.get(&format!("/accept-invitation?token={token}")).send().await.expect(200);
    let wrong = json!({"invitation_token": format!("{token}x")});
    server.post("/teams/accept-invitation").json(&wrong).send().await.expect(400);
    let body = json!({
        "email": invited, "password": "marker of the invited", "first_name": NAMES[0], "last_name": NAMES[1],
        "invitation_token": token,
    });
    secrets.add("marker of the invited");
    server.post("/auth/register").json(&body).send().await.expect(201);
    let tokens = Tokens::of(&server.sign_in(invited, "marker of the invited").send().await.expect(200));
    secrets.add_tokens(&tokens);
    server.patch(&format!("/teams/{team}")).bearer(&tokens.access).json(&json!({"name": "x"})).send().await.expect(403);
    let gone = json!({"current_password": "marker of the invited"});
    server.post("/auth/delete-account").bearer(&tokens.access).json(&gone).send().await.expect(204);
    server.delete(&format!("/teams/{team}")).bearer(&admin.access).send().await.expect(204);
}

async fn passwords(server: &TestServer, secrets: &mut Secrets, email: &str, password: &str) {
    server.sign_in(email, "marker of a wrong one").send().await.expect(401);
    secrets.add("marker of a wrong one");
    let tokens = Tokens::of(&server.sign_in(email, password).send().await.expect(200));
    secrets.add_tokens(&tokens);
    let refresh = json!({"refresh_token": tokens.refresh});
    secrets.add_tokens(&Tokens::of(&server.post("/auth/refresh").json(&refresh).send().await.expect(200)));
    server
        .post("/auth/refresh")
        .json(&json!({"refresh_token": format!("{}x", tokens.refresh)}))
        .send()
        .await
        .expect(401);
    let moved = "moved.marker@example.org";
    secrets.add(moved);
    let change = json!({"current_password": password, "new_email": moved});
    server.post("/auth/change-email").bearer(&tokens.access).json(&change).send().await.expect(202);
    let token = server.mailbox().wait_for(moved, 1).await[0].token();
    secrets.add(&token);
    server.post("/auth/confirm-email-change").json(&json!({"token": token})).send().await.expect(200);
    server.post("/auth/password-reset-request").json(&json!({"email": moved})).send().await.expect(202);
    let token = server.mailbox().wait_for(moved, 2).await.pop().unwrap().token();
    secrets.add(&token);
    server.get(&format!("/reset-password?token={token}")).send().await.expect(200);
    secrets.add("marker of a new password");
    let reset = json!({"token": token, "new_password": "marker of a new password"});
    server.post("/auth/password-reset").json(&reset).send().await.expect(200);
    server.post("/auth/password-reset").json(&reset).send().await.expect(400);
}

/// Each operation of the document once, with markers in path, query and body.
async fn every_operation(server: &TestServer, secrets: &mut Secrets, root: &Tokens) {
    let document = server.get("/openapi.json").send().await.expect(200).json();
    let body = json!({
        "email": "body.marker@example.org", "new_email": "body2.marker@example.org", "password": "marker in a body",
        "current_password": "marker in a body", "new_password": "marker in a body 2", "first_name": NAMES[0],
        "last_name": NAMES[1], "name": "Namemarker", "description": "Descriptionmarker", "token": "Tokenmarker",
        "refresh_token": "Refreshmarker", "invitation_token": "Invitationmarker", "role": "Rolemarker",
    });
    for value in body.as_object().unwrap().values() {
        secrets.add(value.as_str().unwrap());
    }
    for query in ["search.marker@example.org", "Querymarker"] {
        secrets.add(query);
    }
    for (path, operations) in document["paths"].as_object().unwrap() {
        let path =
            path.replace("{team_id}", "Pathmarker").replace("{user_id}", "Pathmarker").replace("{id}", "Pathmarker");
        for method in operations.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let path = format!("{path}?q=search.marker@example.org&token=Querymarker");
            let call = server.call(method.clone(), &path).json(&body);
            let answer = if path.starts_with("/auth/logout") { call } else { call.bearer(&root.access) }.send().await;
            assert!(answer.status < 500, "{method} {path}: {answer:?}");
        }
    }
    secrets.add("Pathmarker");
}

/// What is meant for whoever reads the log.
async fn abuse(server: &TestServer, secrets: &mut Secrets) {
    secrets.add("Forgedmarker");
    let escapes = "Forgedmarker \t \u{2028} {\"level\":\"ERROR\"}";
    for _ in 0..2 {
        server.get("/Forgedmarker%0d%0a%7b%22level%22%3a%22ERROR%22%7d").send().await.expect(404);
        let call = server.sign_in("Forgedmarker\r\n{\"level\":\"ERROR\"}@example.org", "Forgedmarker of it");
        let call = call.header("x-request-id", "Forgedmarker\" x").header("x-forwarded-for", "Forgedmarker");
        let call = call.header("user-agent", escapes);
        assert!(call.send().await.status < 500);
    }
    let long = "Forgedmarker".repeat(8_000);
    for line in [format!("User-Agent: {}", &long[..60_000]), format!("X-Forwarded-For: {}", &long[..60_000])] {
        let head = "POST /auth/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n";
        let body = json!({"email": "body.marker@example.org", "password": "marker in a body"}).to_string();
        let request = format!("{head}{line}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        assert_eq!(server.exchange(request).await.statuses(), [401]);
    }
    for path in ["/\u{1b}[31m", "/%1b%5b31m", "/Forgedmarker\u{2028}"] {
        server.exchange(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
    }
}

#[track_caller]
fn assert_silent(told: &str, secrets: &Secrets) {
    let found: Vec<_> = secrets.0.iter().filter(|secret| told.contains(secret.as_str())).collect();
    let line = found.first().and_then(|secret| told.lines().find(|line| line.contains(secret.as_str())));
    assert!(found.is_empty(), "{found:?} in {line:?}");
    for sign in ["$2b$", "127.0.0.1\"", "Bearer ey"] {
        let line = told.lines().find(|line| line.contains(sign) && !line.contains("\"listening\""));
        assert_eq!(line, None, "{sign}");
    }
}

#[tokio::test]
async fn neither_address_nor_name_nor_password_nor_token_is_ever_told() {
    let mut server = Setup::default().set("LOG__LEVEL", "trace,mio=info,h2=info").start().await;
    let secrets = traffic(&server).await;
    assert!(secrets.0.len() > 40);
    server.terminate().await;
    let log = server.log();
    assert!(log.lines().count() > 100, "too little was logged for this test to say anything");
    assert_silent(&log, &secrets);
    assert_silent(&server.output(), &secrets);
    for (number, line) in log.lines().enumerate() {
        let object: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("line {number}: {error}: {line}"));
        assert!(object.is_object(), "{line}");
        assert!(line.len() < 8 * 1024, "line {number} has {} octets", line.len());
        assert!(!line.chars().any(|c| c.is_control() || c == '\u{2028}'), "line {number}: {line:?}");
        assert_ne!(object["level"], "ERROR", "{line}");
    }
}

#[tokio::test]
async fn a_line_of_the_pretty_log_stays_a_line() {
    let mut server = Setup::default().set("LOG__FORMAT", "pretty").start().await;
    let mut secrets = Secrets::default();
    abuse(&server, &mut secrets).await;
    server.terminate().await;
    assert_silent(&server.log(), &secrets);
    for line in server.log().lines() {
        assert!(!line.contains('\u{1b}') && !line.trim_start().starts_with('{'), "{line:?}");
    }
}

#[tokio::test]
async fn an_operator_can_follow_what_happened() {
    let mut server = TestServer::start().await;
    let (account, _) = server.signed_in("followed@example.org").await;
    let refused = server.sign_in(&account.email, "another password").header("x-request-id", "trace-1").send().await;
    assert_eq!((refused.status, refused.header("x-request-id")), (401, "trace-1"));
    server.terminate().await;
    let log = server.log();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("trace-1")).collect();
    let access = lines.iter().find(|line| line.contains("\"answered\"")).unwrap_or_else(|| panic!("{lines:?}"));
    for told in ["/auth/login", "401", "127.0.0.0/24", "POST"] {
        assert!(access.contains(told), "{told}: {access}");
    }
    assert!(lines.iter().any(|line| line.contains("login_failed")), "the refusal is not among {lines:?}");
    assert!(!log.contains(&account.id), "an account is told by its pseudonym, not by its id");
}

#[tokio::test]
async fn an_account_has_one_pseudonym_in_every_line_about_it_and_no_other_has_it() {
    let mut server = TestServer::start().await;
    let mut accounts = Vec::new();
    for name in ["one", "other"] {
        let call = |call: crate::support::Call| call.header("user-agent", name).header("x-request-id", name);
        let (account, _) = server.signed_in(&format!("{name}@example.org")).await;
        let tokens = Tokens::of(&call(server.sign_in(&account.email, &account.password)).send().await.expect(200));
        let refresh = server.post("/auth/refresh").json(&json!({"refresh_token": tokens.refresh}));
        let tokens = Tokens::of(&call(refresh).send().await.expect(200));
        call(server.sign_in(&account.email, "a wrong guess")).send().await.expect(401);
        call(server.post("/teams").bearer(&tokens.access).json(&json!({"name": "Teamname"}))).send().await.expect(201);
        call(server.post("/auth/logout").bearer(&tokens.access)).send().await.expect(204);
        accounts.push(account.id);
    }
    server.terminate().await;
    let log = lines_of(&server.log(), "audit");
    let mut pseudonyms = Vec::new();
    for name in ["one", "other"] {
        let lines: Vec<_> = log.iter().filter(|line| line["request_id"] == name).collect();
        let events: Vec<_> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
        let expected = ["login_succeeded", "token_refreshed", "login_failed", "team_created", "session_ended"];
        assert_eq!(events, expected, "every attempt, both outcomes");
        let names = lines.iter().flat_map(|line| [&line["actor"], &line["user"]]).filter_map(Value::as_str);
        let names: std::collections::BTreeSet<_> = names.collect();
        assert_eq!(names.len(), 1, "{lines:?}");
        assert!(lines.iter().all(|line| line["network"] == "127.0.0.0/24"), "{lines:?}");
        pseudonyms.extend(names);
    }
    assert_ne!(pseudonyms[0], pseudonyms[1]);
    assert!(pseudonyms.iter().all(|name| name.len() == 16 && !accounts.iter().any(|id| id.contains(*name))));
}

#[tokio::test]
async fn pseudonyms_change_with_the_time_that_logs_are_kept_for() {
    let keeping = |logs| Setup::default().set("RETENTION__LOGS", logs);
    let mut server = keeping("3650d").start().await;
    let account = server.register("named@example.org").await;
    server.terminate().await;
    let mut names = Vec::new();
    // At no moment have the periods of these two lengths the same number.
    for logs in ["3650d", "3650d", "1d"] {
        server = server.restart_with(keeping(logs)).await;
        server.sign_in(&account.email, &account.password).header("x-request-id", "named").send().await.expect(200);
        server.terminate().await;
        let audit = lines_of(&server.log(), "audit");
        let login = audit.iter().find(|line| line["request_id"] == "named").unwrap();
        names.push(login["user"].as_str().unwrap().to_owned());
    }
    assert_eq!(names[0], names[1], "within a period it is one");
    assert_ne!(names[1], names[2]);
}

/// Lines of this service, all of which belong to the request that is under way.
fn lines_of(log: &str, target: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["target"].as_str().is_some_and(|of| of.starts_with(target))).collect()
}

fn told<'a>(lines: &'a [Value], message: &str) -> &'a Value {
    lines.iter().find(|line| line["message"] == message).unwrap_or_else(|| panic!("{message} is missing: {lines:?}"))
}

#[tokio::test]
async fn every_line_of_a_request_carries_its_id_whatever_layer_logs_it() {
    let setup = Setup::default()
        .set("DATABASE__ACQUIRE_TIMEOUT", "1s")
        .set("DATABASE__STATEMENT_TIMEOUT", "1s")
        .set("LIMITS__LOGIN_PER_MINUTE_PER_IP", "2");
    let mut server = setup.start().await;
    server.register("traced@example.org").await;
    let rows = server.rows().await;
    rows.execute("UPDATE users SET password_hash = 'of another time'").await;
    let sign_in = |id: &'static str| server.sign_in("traced@example.org", "wrong").header("x-request-id", id);
    sign_in("of-no-known-form").send().await.expect(401);
    let held = rows.hold().await;
    sign_in("held").send().await.expect(503);
    held.release().await;
    sign_in("limited").send().await.expect(429);
    server.terminate().await;
    let log = server.log();

    let of_stores = lines_of(&log, "countersign_infrastructure::security");
    let unknown = "a stored password hash is of no known form; nobody can sign in with it";
    assert_eq!(told(&of_stores, unknown)["request_id"], "of-no-known-form");
    assert_eq!(told(&lines_of(&log, "countersign_application::limits"), "limit reached")["request_id"], "limited");
    let of_web = lines_of(&log, "countersign_web");
    let out = told(&of_web, "a dependency is out");
    assert_eq!(out["request_id"], "held");
    assert!(out["causes"].as_str().is_some_and(|causes| causes.contains("database")), "{out}");
    assert!(of_web.iter().all(|line| line["request_id"].is_string()), "{of_web:?}");
    assert_eq!(lines_of(&log, "audit").iter().filter(|line| line["request_id"] == "of-no-known-form").count(), 1);
}
