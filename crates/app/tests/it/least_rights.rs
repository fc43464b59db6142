//! A role of PostgreSQL that may read and write rows and nothing else, as docs/operations.md makes one (ASVS 13.2.2). On the
//! production profile only.

use std::time::Duration;

use serde_json::json;

use crate::support::{PASSWORD, PostgresServer, Rows, Setup, TestServer, Tokens, said};

/// What the document has the owner say once.
fn grants() -> Vec<String> {
    let document = include_str!("../../../../docs/operations.md");
    let (_, section) = document.split_once("**Least rights.**").unwrap();
    let (_, sql) = section.split_once("```sql\n").unwrap();
    let (sql, _) = sql.split_once("```").unwrap();
    sql.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.replace("PASSWORD '…'", "").replace("FOR ROLE countersign ", ""))
        .collect()
}

/// Calls that touch every table.
async fn use_it(server: &TestServer) {
    let (owner, tokens) = server.signed_in("owner@example.org").await;
    let team = server.team(&tokens, "Teamname").await;
    let (guest, of_guest) = server.member(&tokens, &team, "guest@example.org", "member").await;
    let invitation = server.invited(&tokens, &team, "newcomer@example.org", "member").await;
    let (_, of_newcomer) = server.signed_in("newcomer@example.org").await;
    server.accept(&invitation, Some(&of_newcomer)).send().await.expect(200);
    server.post("/auth/refresh").json(&json!({"refresh_token": of_guest.refresh})).send().await.expect(200);
    server.post("/auth/password-reset-request").json(&json!({"email": guest.email})).send().await.expect(202);
    server.get("/auth/me/export").bearer(&tokens.access).send().await.expect(200);
    server.create_superuser("root@example.org", PASSWORD);
    let root = Tokens::of(&server.sign_in("root@example.org", PASSWORD).send().await.expect(200));
    for list in ["/admin/users?q=guest", "/admin/teams?q=team", "/admin/audit"] {
        server.get(list).bearer(&root.access).send().await.expect(200);
    }
    server.delete(&format!("/admin/users/{}", guest.id)).bearer(&root.access).send().await.expect(204);
    assert_eq!(said(&server.run(&["keys", "rotate", "--now"], "")).0, Some(0));
    server.login(&owner).await;
}

#[tokio::test]
async fn rows_are_all_that_the_service_needs_to_write() {
    let Some(postgres) = PostgresServer::start() else { return };
    // Databases of this server are made with what its first one has.
    let template = format!("postgres://postgres@127.0.0.1:{}/template1", postgres.port());
    let first = Rows::of_postgres(&postgres.url()).await;
    let in_template = Rows::of_postgres(&template).await;
    for statement in grants() {
        let rows = if statement.contains("DEFAULT PRIVILEGES") { &in_template } else { &first };
        rows.execute(&statement).await;
    }
    // Nobody may be connected to what is copied.
    drop((first, in_template));
    let url = postgres.url().replace("postgres@", "countersign_service@");
    let setup = Setup::default().set("DATABASE__MIGRATE_ON_START", "false");
    let mut server = setup.start_by_way_of(&postgres.url(), &url).await;
    use_it(&server).await;
    // Housekeeping, which begins with the start.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let (code, output, _) = said(&server.run(&["doctor"], ""));
    assert_eq!(code, Some(0), "{output}");
    assert!(!server.log().contains("permission denied"), "{}", server.log());
    assert!(server.terminate().await.success());
    let (code, _, errors) = said(&server.run(&["migrate", "down", "--yes"], ""));
    assert!(code == Some(1) && errors.contains("permission denied"), "{errors}");
}
