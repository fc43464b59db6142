//! The export gives everything that the register of personal data says it gives.

use std::collections::BTreeSet;

use countersign_infrastructure::persistence::personal_data::{Export, STORED_COLUMNS};
use serde_json::{Value, json};

use crate::support::{Account, PASSWORD, Rows, Setup, TestServer, Tokens};

/// Rows of a table that are about the account.
fn about(rows: &Rows, table: &str, account: &Account) -> String {
    let user = rows.id(&account.id);
    match table {
        "audit_events" => format!("actor_id = {user} OR user_id = {user}"),
        "invitations" => format!("email = '{}'", account.email),
        "mails" => {
            let waits = "kind = 'confirm_new_address'";
            format!("NOT decoy AND (user_id = {user} AND NOT {waits} OR recipient = '{}')", account.email)
        }
        "users" => format!("id = {user}"),
        "one_time_tokens" | "sessions" | "sign_in_networks" | "user_teams" => format!("user_id = {user}"),
        other => panic!("which rows of {other} are about an account?"),
    }
}

/// A stored value and a value of the export in one form: ids without dashes, booleans as numbers.
fn plain(text: &str) -> String {
    match text {
        "true" => "1".to_owned(),
        "false" => "0".to_owned(),
        // PostgreSQL writes no zeros at the end.
        time if time.ends_with("+00:00") => {
            let (second, fraction) = time.trim_end_matches("+00:00").split_once('.').unwrap_or((time, ""));
            plain(&format!("{second}.{fraction:0<3}Z"))
        }
        text => text.replace('-', "").to_lowercase(),
    }
}

async fn stored(rows: &Rows, table: &str, column: &str, account: &Account) -> BTreeSet<String> {
    let about = about(rows, table, account);
    let text = rows.text(column);
    let values: Vec<String> =
        rows.column(&format!("SELECT {text} FROM {table} WHERE {column} IS NOT NULL AND ({about})")).await;
    values.iter().map(|value| plain(value)).collect()
}

/// The values at a path such as `sessions[].ip`.
fn exported(export: &Value, path: &str) -> BTreeSet<String> {
    let value = |value: &Value| value.as_str().map_or_else(|| plain(&value.to_string()), plain);
    match path.split_once("[].") {
        Some((list, field)) => export[list].as_array().unwrap().iter().map(|item| value(&item[field])).collect(),
        None => [value(export.pointer(&format!("/{}", path.replace('.', "/"))).unwrap_or(&Value::Null))].into(),
    }
}

/// Lets something stand in every column that is exported.
async fn fill(server: &TestServer) -> (Account, Tokens) {
    let (account, tokens) = server.signed_in("owner@example.org").await;
    let (_, another) = server.signed_in("another@example.org").await;
    let joined = server.team(&another, "Joined").await;
    server.invite(&another, &joined, &account.email, "member").send().await.expect(200);
    server.team(&tokens, "Own").await;
    let ended = server.sign_in(&account.email, &account.password).header("user-agent", "first").send().await;
    server.post("/auth/logout").bearer(&Tokens::of(&ended).access).send().await.expect(204);
    server.sign_in(&account.email, &account.password).header("user-agent", "second").send().await.expect(200);
    let change = json!({"current_password": account.password, "new_email": "next@example.org"});
    server.post("/auth/change-email").bearer(&tokens.access).json(&change).send().await.expect(202);
    server.mailbox().wait_for("next@example.org", 1).await;
    (account, tokens)
}

#[tokio::test]
async fn every_value_that_the_register_calls_exported_is_in_the_export() {
    let server = TestServer::start().await;
    let (account, tokens) = fill(&server).await;
    let rows = server.rows().await;
    // Invitations are read by address; the invited account was added at once, so one is planted.
    rows.execute(&format!(
        "INSERT INTO invitations (id, team_id, email, role, digest, state, created_at, expires_at)
         SELECT {}, id, '{}', 'admin', {}, 'pending', created_at, created_at
         FROM teams WHERE name = 'Joined'",
        rows.id("00000000-0000-7000-8000-000000000001"),
        account.email,
        rows.random_digest()
    ))
    .await;
    let mut columns = vec![];
    for column in STORED_COLUMNS {
        let Some(Export::At(path)) = column.personal.map(|personal| personal.export) else { continue };
        columns.push((column, path, stored(&rows, column.table, column.name, &account).await));
    }
    let export = server.get("/auth/me/export").bearer(&tokens.access).send().await.expect(200).json();
    for (column, path, stored) in columns {
        let (table, name) = (column.table, column.name);
        assert!(!stored.is_empty(), "{table}.{name} is not part of this test");
        let exported = exported(&export, path);
        let missing: Vec<_> = stored.difference(&exported).collect();
        assert!(missing.is_empty(), "{table}.{name}: {missing:?} is not at {path}: {exported:?}");
    }
    assert_eq!(export["one_time_tokens"][0]["new_email"], "next@example.org");
    assert_eq!(export["invitations"][0]["role"], "admin");
}

/// Cuts out ids and times, and names alike what is alike.
fn strip(value: &mut Value, own: &Value, asked_for: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| strip(item, own, asked_for)),
        Value::Object(fields) => {
            for (name, value) in fields {
                let aside = ["id", "team_id", "request_id", "requested_by", "email", "recipient"];
                if aside.contains(&name.as_str()) || name.ends_with("_at") || name == "at" {
                    *value = json!(!value.is_null());
                }
                strip(value, own, asked_for);
            }
        }
        same if same == own => *same = json!("own"),
        same if *same == asked_for => *same = json!("asked for"),
        _ => {}
    }
}

/// An export without what no two accounts have in common.
async fn comparable(server: &TestServer, tokens: &Tokens, asked_for: &str) -> Value {
    let mut export = server.get("/auth/me/export").bearer(&tokens.access).send().await.expect(200).json();
    let own = export["user"]["id"].take();
    strip(&mut export, &own, asked_for);
    export
}

#[tokio::test]
async fn an_export_does_not_tell_whether_an_address_has_an_account() {
    let server = Setup::default().set("TEAMS__ADD_EXISTING", "false").start().await;
    let (known, _) = server.signed_in("known@example.org").await;
    let mut exports = vec![];
    for (asking, asked_for) in [("first@example.org", known.email.as_str()), ("second@example.org", "free@example.org")]
    {
        let (account, tokens) = server.signed_in(asking).await;
        let team = server.team(&tokens, "Teamname").await;
        server.invite(&tokens, &team, asked_for, "member").send().await.expect(200);
        let change = json!({"current_password": account.password, "new_email": asked_for});
        server.post("/auth/change-email").bearer(&tokens.access).json(&change).send().await.expect(202);
        // One more mail, so that the worker has passed the others: what is not sent at all is gone by then.
        server.post("/auth/password-reset-request").json(&json!({"email": asking})).send().await.expect(202);
        server.mailbox().about(asking, "password").await;
        exports.push(comparable(&server, &tokens, asked_for).await);
    }
    assert_eq!(exports[0]["one_time_tokens"].as_array().unwrap().len(), 2);
    assert_eq!(exports[0], exports[1]);
}

#[tokio::test]
async fn whoever_claimed_an_address_learns_nothing_of_its_owner_also_after_moving_to_another() {
    let server = Setup::default().set("TEAMS__ADD_EXISTING", "false").start().await;
    let squatter = server.register("squat@example.org").await;
    let tokens = server.login(&squatter).await;
    let (inviter, another) = server.signed_in("inviter@example.org").await;
    let team = server.team(&another, "Teamname").await;
    server.invite(&another, &team, &squatter.email, "member").send().await.expect(200);
    let reset = server.post("/auth/password-reset-request").header("user-agent", "reader");
    reset.json(&json!({"email": squatter.email})).send().await.expect(202);
    let export = async || server.get("/auth/me/export").bearer(&tokens.access).send().await.expect(200);
    let gives_nothing_away = |export: &str| {
        for of_others in [team.as_str(), &inviter.id, "member_invited", "reader"] {
            assert!(!export.contains(of_others), "{of_others}: {export}");
        }
        assert!(export.contains("password_reset_requested"), "{export}");
    };
    gives_nothing_away(&export().await.text);
    let change = json!({"current_password": PASSWORD, "new_email": "own@example.org"});
    server.post("/auth/change-email").bearer(&tokens.access).json(&change).send().await.expect(202);
    let token = server.mailbox().about("own@example.org", "new e-mail address").await.token();
    server.post("/auth/confirm-email-change").json(&json!({"token": token})).send().await.expect(200);
    let export = export().await;
    assert_eq!(export.json()["user"]["email_verified"], true);
    gives_nothing_away(&export.text);
}
