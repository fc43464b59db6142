//! Tables of other systems: their accounts sign in with the passwords they had, where those can be verified.

use std::path::Path;

use crate::moving::target::{Target, tally};
use crate::support::{Account, PASSWORD, TestServer, said};

mod better_auth;
mod documented;

/// Where a sample is.
pub(super) fn sample(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/moving/samples").join(name).display().to_string()
}

/// Runs the import; how it ended and what it said.
pub(super) fn import(there: &Target, system: &str, file: &str, options: &[&str]) -> (Option<i32>, String) {
    let (code, output, errors) = there.run(&[&["import", "--from", system, &sample(file)], options].concat());
    (code, output + &errors)
}

pub(super) fn account(email: &str) -> Account {
    Account { id: String::new(), email: email.to_owned(), password: PASSWORD.to_owned() }
}

async fn is_let_in(server: &TestServer, email: &str) -> bool {
    server.sign_in(email, PASSWORD).send().await.status == 200
}

async fn hash_of(there: &Target, email: &str) -> String {
    there.rows().await.one(&format!("SELECT password_hash FROM users WHERE email = '{email}'")).await
}

#[tokio::test]
async fn accounts_of_fastapi_users_sign_in_as_before_and_are_hashed_anew_then() {
    let there = Target::of_this_run().await;
    let (code, said) = import(&there, "fastapi-users", "fastapi_users.csv", &[]);
    assert_eq!((code, tally(&said, "accounts")), (Some(1), [6, 5, 0, 1]), "{said}");
    // Addresses are compared in one form.
    assert!(said.contains("fastapi_users.csv:5: email: another account has this address"), "{said}");
    assert!(said.contains("1 of the imported accounts have no password"), "{said}");
    assert!(said.contains("2 accounts were superusers there and are none here"), "{said}");
    assert!(said.contains("1 of the imported accounts have an address that nobody has proven"), "{said}");
    let server = there.serve().await;
    assert!(hash_of(&there, "passlib@example.org").await.starts_with("$2b$05$"));
    let me = server.login(&account("passlib@example.org")).await;
    let me = server.get("/auth/me").bearer(&me.access).send().await.expect(200);
    assert_eq!(me.text_at("/id"), "0b0d5a9e-9f6c-7b7e-8a3e-000000000001");
    assert_eq!((me.text_at("/first_name"), me.text_at("/last_name")), ("Passlib".to_owned(), "-".to_owned()));
    assert!(hash_of(&there, "passlib@example.org").await.starts_with("$2b$04$"), "it was hashed anew");
    server.login(&account("passlib@example.org")).await;
    for email in ["pwdlib@example.org", "left@example.org"] {
        assert!(!is_let_in(&server, email).await, "{email}");
    }
    let superusers = "SELECT COUNT(*) FROM users WHERE is_superuser";
    assert_eq!(there.rows().await.one::<i64>(superusers).await, 0);
    // Once more: what has changed since is left as it is.
    let (_, said) = import(&there, "fastapi-users", "fastapi_users.csv", &[]);
    assert_eq!(tally(&said, "accounts"), [6, 0, 5, 1]);
    assert!(hash_of(&there, "passlib@example.org").await.starts_with("$2b$04$"));
}

#[tokio::test]
async fn superusers_stay_such_if_that_is_wanted_and_their_address_is_proven() {
    let there = Target::of_this_run().await;
    let (_, said) = import(&there, "fastapi-users", "fastapi_users.csv", &["--superusers"]);
    assert!(!said.contains("--superusers takes that over"), "{said}");
    assert!(said.contains("1 of the imported accounts are superusers"), "{said}");
    let server = there.serve().await;
    let emails: Vec<String> = there.rows().await.column("SELECT email FROM users WHERE is_superuser").await;
    assert_eq!(emails, ["chief@example.org"]);
    let tokens = server.login(&account("chief@example.org")).await;
    let events = server.get("/admin/audit?event=superuser_granted").bearer(&tokens.access).send().await.expect(200);
    assert_eq!(events.text_at("/items/0/user_id"), "0b0d5a9e-9f6c-7b7e-8a3e-000000000003");
}

#[tokio::test]
async fn json_lines_are_read_as_well_and_ids_that_are_no_uuids_become_such() {
    let there = Target::of_this_run().await;
    for already in [0, 2] {
        let (code, said) = import(&there, "fastapi-users", "fastapi_users.jsonl", &[]);
        assert_eq!((code, tally(&said, "accounts")), (Some(1), [3, 2 - already, already, 1]), "{said}");
        assert!(said.contains("fastapi_users.jsonl:4: it is no JSON object"), "{said}");
    }
    let server = there.serve().await;
    assert!(is_let_in(&server, "first@example.org").await && is_let_in(&server, "second@example.org").await);
    let names: Vec<String> = there.rows().await.column("SELECT first_name FROM users ORDER BY email").await;
    assert_eq!(names, ["Given", "second"]);
}

#[tokio::test]
async fn accounts_of_supabase_are_read_with_the_names_in_their_metadata() {
    let there = Target::of_this_run().await;
    let (code, said) = import(&there, "supabase", "supabase.csv", &[]);
    assert_eq!((code, tally(&said, "accounts")), (Some(1), [5, 4, 0, 1]), "{said}");
    assert!(said.contains("supabase.csv:6: email: an e-mail address is required"), "{said}");
    assert!(said.contains("1 rows were left out"), "{said}");
    let server = there.serve().await;
    let rows = there.rows().await;
    let one = async |column: &str, email: &str| {
        let column = rows.text(column);
        rows.one::<String>(&format!("SELECT {column} FROM users WHERE email = '{email}'")).await
    };
    // Their other tables refer to it, whatever its version is.
    let id = one("id", "confirmed@example.org").await.to_lowercase().replace('-', "");
    assert_eq!(id, "5a5e0000000040008000000000000001");
    assert_eq!(one("first_name", "confirmed@example.org").await, "Given");
    assert_eq!(one("last_name", "confirmed@example.org").await, "Of Family");
    assert!(one("created_at", "confirmed@example.org").await.starts_with("2025-03-04T05:06:00.5"));
    // An unverified account as old as that would be gone with the next housekeeping.
    assert!(!one("created_at", "unconfirmed@example.org").await.starts_with("2020"));
    assert_eq!(one("last_name", "oauth@example.org").await, "Family");
    assert!(is_let_in(&server, "confirmed@example.org").await && is_let_in(&server, "unconfirmed@example.org").await);
    assert!(!is_let_in(&server, "banned@example.org").await && !is_let_in(&server, "oauth@example.org").await);
}

#[tokio::test]
async fn the_operator_may_vouch_for_all_addresses() {
    let there = Target::of_this_run().await;
    import(&there, "supabase", "supabase.csv", &["--addresses-are-verified"]);
    assert_eq!(there.rows().await.count("users WHERE NOT email_verified").await, 0);
    assert_eq!(there.rows().await.count("users").await, 4);
}

#[tokio::test]
async fn columns_of_ours_are_read_from_whatever_wrote_them() {
    let there = Target::of_this_run().await;
    let (teams, members, invitations) =
        (sample("csv/teams.jsonl"), sample("csv/members.csv"), sample("csv/invitations.csv"));
    let others = ["--teams", &teams, "--members", &members, "--invitations", &invitations];
    let (code, said) = import(&there, "csv", "csv/users.csv", &others);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!(tally(&said, "accounts"), [3, 2, 0, 1], "{said}");
    assert_eq!((tally(&said, "teams"), tally(&said, "memberships")), ([1, 1, 0, 0], [5, 2, 0, 3]), "{said}");
    for told in [
        "users.csv:4: it has another number of values",
        "members.csv:4: another line is about the same",
        "members.csv:5: user_id: there is no such user",
        "members.csv:6: role of a membership cannot be",
        // $2x$ marks hashes of an implementation with a fault.
        "1 of the imported accounts have no password",
    ] {
        assert!(said.contains(told), "{told} is not in:\n{said}");
    }
    let server = there.serve().await;
    let tokens = server.login(&account("one@example.org")).await;
    let teams = server.my_teams(&tokens).await;
    assert_eq!(teams.len(), 1);
    assert_eq!(there.rows().await.count("invitations").await, 1);
}

#[tokio::test]
async fn what_cannot_be_of_that_system_is_refused_before_anything_is_stored() {
    let there = Target::sqlite();
    for (system, file, options, told) in [
        ("supabase", "fastapi_users.csv", vec![], "fastapi_users.csv:1: there is no column encrypted_password"),
        ("better-auth", "supabase.csv", vec![], "supabase.csv:1: there is no column name"),
        ("supabase", "supabase.csv", vec!["--teams"], "there are no teams to be read of this system"),
        ("countersign", "supabase.csv", vec![], "this is no line of an export"),
        ("countersign", "supabase.csv", vec!["--teams"], "--from says which other system"),
    ] {
        let file_of_teams = sample("better_auth/organizations.csv");
        let files: Vec<&str> = options.iter().flat_map(|option| [*option, file_of_teams.as_str()]).collect();
        let (code, said) = import(&there, system, file, &files);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(told), "{told} is not in {said}");
    }
}

#[tokio::test]
async fn tables_of_others_go_in_while_the_service_goes_on() {
    let server = TestServer::start().await;
    let (owner, _) = server.signed_in("owner@example.org").await;
    let (code, output, errors) = said(&server.run(&["import", "--from", "supabase", &sample("supabase.csv")], ""));
    assert_eq!(code, Some(1), "{errors}");
    assert_eq!(tally(&output, "accounts"), [5, 4, 0, 1]);
    server.login(&account("confirmed@example.org")).await;
    server.login(&owner).await;
}
