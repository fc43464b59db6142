//! What only the embedded default has: nothing to set, and a folder with everything in it.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::Setup;

#[tokio::test]
async fn it_starts_with_nothing_set_but_its_ports() {
    let ports =
        Setup::bare().embedded().set("SERVER__LISTEN", "127.0.0.1:0").set("SERVER__METRICS_LISTEN", "127.0.0.1:0");
    let mut server = ports.start().await;
    server.get("/health/live").send().await.expect(200);
    assert_eq!(server.terminate().await.code(), Some(0));
    assert!(!server.log().contains("WARN") && !server.log().contains("ERROR"), "{}", server.log());
}

#[tokio::test]
async fn the_data_folder_is_for_its_owner_alone() {
    let server = Setup::default().embedded().start().await;
    server.register("owner@example.org").await;
    server.mailbox().wait_for("owner@example.org", 1).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&server.data_dir()), 0o700);
    assert_eq!(mode(&server.data_dir().join("secret.key")), 0o600);
    assert_eq!(mode(&server.data_dir().join("countersign.db")), 0o600);
    assert_eq!(mode(&server.data_dir().join("mailbox")), 0o700);
    // And whatever else is in there.
    for entry in std::fs::read_dir(server.data_dir()).unwrap().map(Result::unwrap) {
        assert_eq!(mode(&entry.path()) & 0o077, 0, "{}", entry.path().display());
    }
}
