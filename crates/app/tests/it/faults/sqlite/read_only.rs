//! A database that may only be read: reads go on, and writes are an outage.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::faults::sqlite::disk::SmallDisk;
use crate::support::{Account, PASSWORD, Setup, TestServer, Tokens, assert_problem, said};

/// Who was there while the database could be written.
struct Scene {
    account: Account,
    tokens: Tokens,
    team: String,
}

impl Scene {
    async fn of(server: &TestServer) -> Self {
        let (account, tokens) = server.signed_in("reader@example.org").await;
        let team = server.team(&tokens, "Teamname").await;
        Self { account, tokens, team }
    }

    async fn assert_only_read(&self, server: &TestServer) {
        server.get("/health/live").send().await.expect(200);
        server.get("/.well-known/jwks.json").send().await.expect(200);
        let read = async |path: &str| server.get(path).bearer(&self.tokens.access).send().await.expect(200);
        assert_eq!(read("/auth/me").await.text_at("/id"), self.account.id);
        assert_eq!(read("/auth/teams").await.text_at("/0/id"), self.team);
        assert_eq!(read("/auth/sessions").await.json().as_array().map(Vec::len), Some(1));
        assert_eq!(read(&format!("/teams/{}/members", self.team)).await.text_at("/items/0/user_id"), self.account.id);
        let login = server.sign_in(&self.account.email, PASSWORD).send().await;
        assert_problem(&login, 503, "service_unavailable");
        assert_problem(&server.registration("new@example.org", PASSWORD).send().await, 503, "service_unavailable");
        let refresh = json!({"refresh_token": self.tokens.refresh});
        assert_problem(&server.post("/auth/refresh").json(&refresh).send().await, 503, "service_unavailable");
    }
}

/// The address of the server is another after a restart; its tokens are to be of the same issuer.
fn setup() -> Setup {
    Setup::default().embedded().set("TOKENS__ISSUER", "http://localhost")
}

#[tokio::test]
async fn a_database_that_is_opened_for_reading_is_read() {
    let mut server = setup().start().await;
    let scene = Scene::of(&server).await;
    server.terminate().await;
    let url = format!("sqlite://{}?mode=ro", server.data_dir().join("countersign.db").display());
    let server = server.restart_with(setup().variable("DATABASE_URL", &url)).await;
    scene.assert_only_read(&server).await;
    assert_eq!(server.rows().await.count("users").await, 1);
}

#[tokio::test]
async fn a_file_whose_permissions_allow_reading_alone_is_read() {
    let mut server = setup().start().await;
    let scene = Scene::of(&server).await;
    server.terminate().await;
    let file = server.data_dir().join("countersign.db");
    std::fs::set_permissions(&file, Permissions::from_mode(0o400)).unwrap();
    let server = server.restart_with(setup().bound_by_permissions()).await;
    scene.assert_only_read(&server).await;
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o400);
}

#[tokio::test]
async fn a_file_system_that_became_read_only_is_read_from_the_log_that_a_crash_left() {
    // For whoever may mount one.
    let Some(disk) = SmallDisk::mount() else { return };
    let url = format!("sqlite://{}", disk.path().join("countersign.db").display());
    let setup = setup().variable("DATABASE_URL", &url);
    let mut server = setup.clone().start().await;
    let scene = Scene::of(&server).await;
    server.kill();
    disk.remount("ro");
    let mut server = server.restart().await;
    scene.assert_only_read(&server).await;

    // Ended in order there is no log beside the file, nor could one be made: that has to be said.
    server.terminate().await;
    disk.remount("rw");
    let mut server = server.restart().await;
    server.terminate().await;
    disk.remount("ro");
    let (code, _, errors) = said(&server.run_with(&["serve"], &setup));
    assert_eq!(code, Some(1));
    assert!(errors.contains("cannot open the database; see that database.url"), "{errors}");
    let immutable = format!("{url}?immutable=1");
    let server = server.restart_with(setup.variable("DATABASE_URL", &immutable)).await;
    scene.assert_only_read(&server).await;
}
