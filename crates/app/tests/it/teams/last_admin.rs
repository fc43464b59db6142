//! A team with members has an admin at every moment.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::support::{Account, Call, PASSWORD, Rows, TestServer, Tokens, assert_problem, at_once};

const WITHOUT_ADMIN: &str = "SELECT COUNT(*) FROM teams t WHERE NOT EXISTS (SELECT 1 FROM user_teams m JOIN users u \
     ON u.id = m.user_id WHERE m.team_id = t.id AND m.role = 'admin' AND m.status = 'active' AND u.is_active)";

fn leave(server: &TestServer, team: &str, who: &(Account, Tokens)) -> Call {
    remove(server, team, who, who)
}

fn remove(server: &TestServer, team: &str, by: &(Account, Tokens), whom: &(Account, Tokens)) -> Call {
    server.delete(&format!("/teams/{team}/members/{}", whom.0.id)).bearer(&by.1.access)
}

fn demote(server: &TestServer, team: &str, by: &(Account, Tokens), whom: &(Account, Tokens)) -> Call {
    let call = server.patch(&format!("/teams/{team}/members/{}", whom.0.id)).bearer(&by.1.access);
    call.json(&json!({"role": "member"}))
}

fn delete_account(server: &TestServer, who: &(Account, Tokens)) -> Call {
    server.post("/auth/delete-account").bearer(&who.1.access).json(&json!({"current_password": who.0.password}))
}

#[tokio::test]
async fn the_last_admin_neither_leaves_nor_steps_down_while_others_depend_on_it() {
    let server = TestServer::start().await;
    let owner = server.signed_in("owner@example.org").await;
    let team = server.team(&owner.1, "Teamname").await;
    let member = server.member(&owner.1, &team, "member@example.org", "member").await;
    for call in [leave(&server, &team, &owner), demote(&server, &team, &owner, &owner), delete_account(&server, &owner)]
    {
        assert_problem(&call.send().await, 409, "last_admin");
    }
    assert_eq!(server.my_teams(&owner.1).await[0]["role"], "admin", "refused, and nothing has changed");
    server.get("/auth/me").bearer(&owner.1.access).send().await.expect(200);
    leave(&server, &team, &member).send().await.expect(204);
    assert!(server.my_teams(&member.1).await.is_empty());
    assert_problem(&leave(&server, &team, &owner).send().await, 409, "last_admin");
    delete_account(&server, &owner).send().await.expect(204);
    assert_eq!(server.rows().await.count("teams").await, 0, "the team that nobody else was in");
}

#[tokio::test]
async fn admins_who_cannot_act_do_not_count() {
    let server = TestServer::start().await;
    let owner = server.signed_in("owner@example.org").await;
    let team = server.team(&owner.1, "Teamname").await;
    let awaiting = server.register("awaiting@example.org").await;
    server.invite(&owner.1, &team, "awaiting@example.org", "admin").send().await.expect(200);
    let inactive = server.member(&owner.1, &team, "inactive@example.org", "admin").await;
    server.create_superuser("root@example.org", PASSWORD);
    let root = Tokens::of(&server.sign_in("root@example.org", PASSWORD).send().await.expect(200));
    let path = format!("/admin/users/{}", inactive.0.id);
    server.patch(&path).bearer(&root.access).json(&json!({"is_active": false})).send().await.expect(200);
    for call in [leave(&server, &team, &owner), demote(&server, &team, &owner, &owner), delete_account(&server, &owner)]
    {
        assert_problem(&call.send().await, 409, "last_admin");
    }
    server.patch(&path).bearer(&root.access).json(&json!({"is_active": true})).send().await.expect(200);
    leave(&server, &team, &owner).send().await.expect(204);
    assert_ne!(awaiting.id, inactive.0.id);
    assert_eq!(server.rows().await.one::<i64>(WITHOUT_ADMIN).await, 0);
}

/// Looks at the database without pause until it is told to stop; how often some team had no admin.
async fn watch(rows: Rows, stop: Arc<AtomicBool>) -> (u64, i64) {
    let (mut looks, mut orphans) = (0, 0);
    while !stop.load(Ordering::Relaxed) {
        orphans += rows.one::<i64>(WITHOUT_ADMIN).await;
        looks += 1;
        tokio::task::yield_now().await;
    }
    (looks, orphans)
}

/// Two admins of one team and what they do at one moment.
type Race = fn(&TestServer, &str, &(Account, Tokens), &(Account, Tokens)) -> [Call; 2];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_admins_who_go_at_one_moment_one_stays() {
    let races: [(&str, Race); 8] = [
        ("both leave", |s, t, a, b| [leave(s, t, a), leave(s, t, b)]),
        ("both step down", |s, t, a, b| [demote(s, t, a, a), demote(s, t, b, b)]),
        ("each demotes the other", |s, t, a, b| [demote(s, t, a, b), demote(s, t, b, a)]),
        ("each removes the other", |s, t, a, b| [remove(s, t, a, b), remove(s, t, b, a)]),
        ("both delete their accounts", |s, _, a, b| [delete_account(s, a), delete_account(s, b)]),
        ("one deletes its account, one leaves", |s, t, a, b| [delete_account(s, a), leave(s, t, b)]),
        ("one leaves, one steps down", |s, t, a, b| [leave(s, t, a), demote(s, t, b, b)]),
        ("one demotes the other, who deletes its account", |s, t, a, b| [demote(s, t, a, b), delete_account(s, b)]),
    ];
    let server = TestServer::start().await;
    let stop = Arc::new(AtomicBool::new(false));
    let watcher = tokio::spawn(watch(server.rows().await, Arc::clone(&stop)));
    let rows = server.rows().await;
    for round in 0..10 {
        let names =
            (0..races.len()).flat_map(|race| ["one", "two", "member"].map(|who| format!("{who}{race}.{round}")));
        let accounts = server.many_signed_in(names.map(|name| format!("{name}@example.org"))).await;
        for ((what, race), trio) in races.iter().zip(accounts.chunks(3)) {
            let [one, two, member] = trio else { unreachable!("three a race") };
            let team = server.team(&one.1, what).await;
            for (invited, role) in [(two, "admin"), (member, "member")] {
                server.invite(&one.1, &team, &invited.0.email, role).send().await.expect(200);
            }
            let answers = at_once(race(&server, &team, one, two)).await;
            let done = answers.iter().filter(|answer| answer.status < 300).count();
            assert!(done >= 1, "{what}: {answers:?}");
            for refused in answers.iter().filter(|answer| answer.status >= 300) {
                let code = refused.json()["code"].as_str().unwrap().to_owned();
                let expected =
                    ["last_admin", "team_admin_required", "team_not_found", "member_not_found", "invalid_token"];
                assert!(expected.contains(&code.as_str()), "{what}: {refused:?}");
            }
            assert_eq!(rows.one::<i64>(WITHOUT_ADMIN).await, 0, "{what}: {answers:?}");
        }
    }
    stop.store(true, Ordering::Relaxed);
    let (looks, orphans) = watcher.await.unwrap();
    assert!(looks > 100, "the watcher was asleep: {looks}");
    assert_eq!(orphans, 0);
}
