//! What is kept no longer than is set.

use std::time::{Duration, Instant};

use serde_json::json;
use time::PrimitiveDateTime;
use time::macros::format_description;

use crate::support::{PASSWORD, Rows, Setup, TestServer};

/// Periods that no two things share, so that none passes for another.
fn setup() -> Setup {
    Setup::default()
        .with_local_mailbox()
        .set("RETENTION__AUDIT", "2d")
        .set("RETENTION__INVITATIONS", "3d")
        .set("RETENTION__MAILS", "4d")
        .set("RETENTION__SIGN_IN_NETWORKS", "5d")
        .set("RETENTION__UNVERIFIED_ACCOUNTS", "6d")
        .set("RETENTION__MAILBOX", "7d")
}

/// Moves a time of the row that the condition chooses to so many hours ago.
async fn age(rows: &Rows, table: &str, column: &str, condition: &str, hours: u32) {
    let then = rows.moment(&format!("-{hours} hours"));
    let aged = rows.execute(&format!("UPDATE {table} SET {column} = {then} WHERE {condition}")).await;
    assert_eq!(aged, 1, "{table} {condition}");
}

/// Lets the mails to this address have been put into the mailbox so many hours earlier, which their names tell.
fn age_files(server: &TestServer, address: &str, hours: u32) {
    let format = format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:3]Z");
    for entry in std::fs::read_dir(server.data_dir().join("mailbox")).unwrap() {
        let file = entry.unwrap().path();
        if std::fs::read_to_string(&file).unwrap().contains(&format!("To: {address}")) {
            let (at, id) = file.file_name().unwrap().to_str().unwrap().split_once('-').unwrap();
            let then = PrimitiveDateTime::parse(at, &format).unwrap() - Duration::from_hours(1) * hours;
            let name = format!("{}-{id}", then.format(&format).unwrap());
            std::fs::rename(&file, file.with_file_name(name)).unwrap();
        }
    }
}

#[tokio::test]
async fn what_is_older_than_its_retention_goes_and_what_is_younger_stays() {
    let mut server = setup().start().await;
    let (one, tokens) = server.signed_in("one@example.org").await;
    let (other, _) = server.signed_in("other@example.org").await;
    let team = server.team(&tokens, "Teamname").await;
    for guest in ["old-guest@example.org", "young-guest@example.org"] {
        server.invited(&tokens, &team, guest, "member").await;
    }
    for unused in ["old-account@example.org", "young-account@example.org"] {
        server.register(unused).await;
        server.mailbox().wait_for(unused, 1).await;
    }
    server.terminate().await;
    let rows = server.rows().await;
    let by_user = |id: &str| format!("user_id = (SELECT id FROM users WHERE email = '{id}@example.org')");
    for (whose, and) in [("one", 1), ("other", -1)] {
        let login = format!("kind = 'login_succeeded' AND {}", by_user(whose));
        age(&rows, "audit_events", "at", &login, hours(2, and)).await;
        let mail = format!("kind = 'verify_address' AND {}", by_user(whose));
        age(&rows, "mails", "created_at", &mail, hours(4, and)).await;
        age(&rows, "sign_in_networks", "last_seen_at", &by_user(whose), hours(5, and)).await;
    }
    for (age_of, and) in [("old", 1), ("young", -1)] {
        let guest = format!("email = '{age_of}-guest@example.org'");
        age(&rows, "invitations", "expires_at", &guest, hours(3, and)).await;
        let account = format!("email = '{age_of}-account@example.org'");
        age(&rows, "users", "created_at", &account, hours(6, and)).await;
        age_files(&server, &format!("{age_of}-account@example.org"), hours(7, and));
    }

    let server = server.restart().await;
    let start = Instant::now();
    // Accounts are looked after last.
    while rows.one::<i64>("SELECT COUNT(*) FROM users WHERE email LIKE 'old-account%'").await > 0 {
        assert!(start.elapsed() < Duration::from_secs(20), "no housekeeping:\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for (address, files) in [("old-account@example.org", 0), ("young-account@example.org", 1)] {
        assert_eq!(server.mailbox().to(address).len(), files, "{address}");
    }
    let left = async |sql: &str| rows.column::<String>(sql).await;
    let of_accounts = "JOIN users ON users.id = user_id WHERE users.email IN ('one@example.org', 'other@example.org')";
    for (table, and) in [
        ("audit_events", "AND kind = 'login_succeeded'"),
        ("mails", "AND kind = 'verify_address'"),
        ("sign_in_networks", ""),
    ] {
        let kept = left(&format!("SELECT users.email FROM {table} {of_accounts} {and}")).await;
        assert_eq!(kept, [other.email.as_str()], "{table} without {}", one.email);
    }
    assert_eq!(left("SELECT email FROM invitations").await, ["young-guest@example.org"]);
    let accounts = left("SELECT email FROM users ORDER BY email").await;
    assert_eq!(accounts, [one.email.as_str(), other.email.as_str(), "young-account@example.org"]);
    assert_eq!(left("SELECT kind FROM audit_events WHERE kind = 'account_purged'").await.len(), 1);
}

/// An hour after, or before, the end of so many days.
fn hours(days: u32, after: i32) -> u32 {
    (days * 24).saturating_add_signed(after)
}

/// How often the text is in the database of the data folder and in its log.
fn in_files(server: &TestServer, text: &str) -> usize {
    let count = |name: &str| {
        let bytes = std::fs::read(server.data_dir().join(name)).unwrap_or_default();
        bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
    };
    count("countersign.db") + count("countersign.db-wal")
}

#[tokio::test]
async fn nothing_of_a_deleted_account_is_left_in_the_files_of_the_embedded_database() {
    let server = Setup::default().embedded().start().await;
    let (account, tokens) = server.signed_in("vanished@example.org").await;
    let signing_in = server.sign_in(&account.email, PASSWORD).header("user-agent", "vanished-program");
    signing_in.send().await.expect(200);
    server.register("kept@example.org").await;
    let deletion = json!({"current_password": PASSWORD});
    assert!(in_files(&server, "vanished") > 0, "what is there is found");
    server.post("/auth/delete-account").bearer(&tokens.access).json(&deletion).send().await.expect(204);
    // The log has it until it is emptied. Killed, or the end would move the log into the database.
    let mut server = server;
    server.kill();
    let server = server.restart().await;
    let start = Instant::now();
    while in_files(&server, "vanished") > 0 {
        assert!(start.elapsed() < Duration::from_secs(20), "the log is not emptied:\n{}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(in_files(&server, "kept@example.org") > 0);
}
