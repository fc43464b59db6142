//! Importing once, twice, for a try, and into a database that has others' records.

use serde_json::{Value, json};

use crate::moving::lines::{Lines, sealed};
use crate::moving::scene::Scene;
use crate::moving::target::{Target, tally};

#[tokio::test]
async fn the_same_import_again_changes_nothing() {
    let scene = Scene::start().await;
    let out = scene.exported("out", &["--with-secrets"]);
    let there = Target::of_this_run().await;
    let report = there.import(&out, &[]);
    assert_eq!(tally(&report, "accounts"), [4, 4, 0, 0]);
    let (_, first) = there.export("first");
    let report = there.import(&out, &[]);
    for line in report.lines().skip(1).filter(|line| line.starts_with(' ')) {
        let plural = line.trim_start().splitn(5, char::is_whitespace).last().unwrap();
        let [read, imported, present, refused] = tally(&report, plural.trim_start().rsplit("  ").next().unwrap());
        assert_eq!((imported, present, refused), (0, read, 0), "{line}");
    }
    let (_, second) = there.export("second");
    assert_eq!(first.kinds(), second.kinds());
}

#[tokio::test]
async fn a_dry_run_stores_nothing_and_reports_the_same() {
    let scene = Scene::start().await;
    let out = scene.exported("out", &["--with-secrets"]);
    let there = Target::of_this_run().await;
    // On PostgreSQL a database is there before it has a schema, which a dry run does not make.
    let (code, dry, errors) = there.run(&["import", "--dry-run", out.to_str().unwrap()]);
    if code == Some(0) {
        assert!(!there.exists(), "nothing is made");
    } else {
        assert!(errors.contains("countersign migrate up"), "{errors}");
    }
    assert_eq!(there.run(&["migrate", "up"]).0, Some(0));
    let again = there.import(&out, &["--dry-run"]);
    assert!(code != Some(0) || dry == again);
    assert_eq!(there.rows().await.count("users").await, 0);
    let report = there.import(&out, &[]);
    assert_eq!(again.strip_suffix("This was a dry run: nothing was stored.\n").unwrap(), report);
}

#[tokio::test]
async fn a_dry_run_keeps_no_service_on_sqlite_from_writing() {
    let scene = Scene::start_with(crate::support::Setup::default().embedded()).await;
    let out = scene.exported("out", &[]);
    let (code, _, errors) =
        crate::support::said(&scene.server.run(&["import", "--dry-run", out.to_str().unwrap()], ""));
    assert_eq!(code, Some(1));
    assert!(errors.contains("stop it first"), "{errors}");
}

/// Lines that break rules, one each, and what is said of them.
fn broken(lines: &Lines) -> Vec<(Value, &'static str)> {
    let user = |change: Value| changed(lines.of_kind("user")[0], "id", &change);
    let team = |change: Value| changed(lines.of_kind("team")[0], "id", &change);
    let membership = lines.of_kind("membership")[0];
    let invitation = |change: Value| changed(lines.of_kind("invitation")[0], "id", &change);
    let elsewhere = "01890000-0000-7000-8000-00000000ffff";
    vec![
        (user(json!({"email": "no address"})), "email: this is not an e-mail address"),
        (user(json!({"email": "OWNER@Example.org"})), "email: another account has this address"),
        (user(json!({"email": "a@example.org", "first_name": " "})), "first_name: a value is required"),
        (user(json!({"email": "b@example.org", "last_name": "x".repeat(101)})), "last_name: at most 100 characters"),
        (user(json!({"email": "c@example.org", "epoch": -1})), "epoch of a user cannot be"),
        (team(json!({"name": ""})), "name: a value is required"),
        (team(json!({"created_by": elsewhere})), "created_by: there is no such user"),
        (changed(membership, "", &json!({"user_id": elsewhere})), "user_id: there is no such user"),
        (changed(membership, "", &json!({"team_id": elsewhere})), "team_id: there is no such team"),
        (changed(membership, "", &json!({"team_id": elsewhere, "role": "owner"})), "role of a membership cannot be"),
        (invitation(json!({"email": "d@example.org", "role": "root"})), "role of a invitation cannot be"),
        (invitation(json!({"role": "admin"})), "another invitation of this address into the team is pending"),
    ]
}

/// The line with these members, and another id.
fn changed(line: &Value, id: &str, change: &Value) -> Value {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let mut line = line.clone();
    if !id.is_empty() {
        line[id] = format!("01890000-0000-7000-8000-{:012}", NEXT.fetch_add(1, Ordering::Relaxed)).into();
    }
    line.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    line
}

#[tokio::test]
async fn what_breaks_a_rule_is_refused_by_its_line_and_the_rest_is_stored() {
    let scene = Scene::start().await;
    let lines = scene.export("out", &[]);
    let broken = broken(&lines);
    let good = lines.all().len() - 2;
    let mut records: Vec<Value> = lines.all()[1..=good].to_vec();
    records.extend(broken.iter().map(|(line, _)| line.clone()));
    let text = sealed(lines.header(), &records);
    let file = scene.file("broken");
    std::fs::write(&file, &text).unwrap();
    let there = Target::of_this_run().await;
    let (code, output, errors) = there.run(&["import", file.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{output}{errors}");
    assert!(errors.contains(&format!("{} records were refused", broken.len())), "{errors}\n{output}");
    for (line, why) in &broken {
        let written = line.to_string();
        let number = text.lines().position(|line| line == written).unwrap() + 1;
        let told = format!("{}:{number}: ", file.display());
        assert!(output.lines().any(|line| line.starts_with(&told) && line.contains(why)), "{told}{why} in:\n{output}");
    }
    assert!(!output.contains("@example.org"), "addresses are nobody's business: {output}");
    let (_, stored) = there.export("stored");
    for kind in ["team", "membership", "audit_event"] {
        assert_eq!(stored.kinds()[kind], lines.kinds()[kind], "{kind}");
    }
    assert_eq!(stored.count("user"), 4);
}

#[tokio::test]
async fn what_differs_from_what_is_there_is_left_as_it_is() {
    let scene = Scene::start().await;
    let out = scene.exported("out", &["--with-secrets"]);
    let there = Target::of_this_run().await;
    there.import(&out, &[]);
    let rows = there.rows().await;
    rows.execute("UPDATE teams SET name = 'Another'").await;
    let (code, output, _) = there.run(&["import", out.to_str().unwrap()]);
    assert_eq!((code, tally(&output, "teams")), (Some(1), [1, 0, 0, 1]));
    assert!(output.contains("it is there already and differs; it was left as it is"), "{output}");
    assert_eq!(rows.one::<String>("SELECT name FROM teams").await, "Another");
}

#[tokio::test]
async fn what_ended_here_since_is_not_brought_back() {
    let scene = Scene::start().await;
    let (leaver, _) = scene.server.member(&scene.tokens, &scene.team, "leaver@example.org", "member").await;
    let (gone, _) = scene.server.member(&scene.tokens, &scene.team, "gone@example.org", "admin").await;
    let out = scene.exported("out", &["--with-secrets"]);
    let there = Target::of_this_run().await.with_key_of(&scene.server);
    there.import(&out, &[]);
    let server = there.serve().await;
    let owner = server.login(&scene.owner).await;
    let member = format!("/teams/{}/members/{}", scene.team, leaver.id);
    server.delete(&member).bearer(&owner.access).send().await.expect(204);
    let tokens = server.login(&gone).await;
    let password = json!({"current_password": gone.password});
    server.post("/auth/delete-account").bearer(&tokens.access).json(&password).send().await.expect(204);
    drop(server);
    let rows = there.rows().await;
    let all = "SELECT (SELECT COUNT(*) FROM users) * 1000 + (SELECT COUNT(*) FROM user_teams)";
    let before: i64 = rows.one(all).await;
    let mine = format!("FROM sessions WHERE user_id = {}", rows.id(&scene.owner.id));
    // What housekeeping leaves of somebody who signed out.
    rows.execute(&format!("DELETE {mine}")).await;
    let (code, report, _) = there.run(&["import", out.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{report}");
    assert_eq!(rows.one::<i64>(all).await, before, "{report}");
    assert_eq!(rows.one::<i64>(&format!("SELECT COUNT(*) {mine}")).await, 0, "{report}");
    for why in ["it was deleted here", "it ended here since", "the account was used here since the export was made"] {
        assert!(report.contains(why), "{why} is missing in:\n{report}");
    }
    assert_eq!(tally(&report, "memberships")[1], 0, "{report}");
}

#[tokio::test]
async fn a_team_without_an_admin_is_told() {
    let scene = Scene::start().await;
    let lines = scene.export("out", &[]);
    let records: Vec<Value> = lines.all()[1..lines.all().len() - 1]
        .iter()
        .filter(|line| line["record"] != "membership" || line["role"] != "admin")
        .cloned()
        .collect();
    let file = scene.file("headless");
    std::fs::write(&file, sealed(lines.header(), &records)).unwrap();
    let report = Target::of_this_run().await.import(&file, &[]);
    // Behind the header and four accounts.
    assert!(report.contains(&format!("{}:6: no active admin is in this team", file.display())), "{report}");
}
