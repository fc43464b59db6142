//! What only the embedded default has: nothing to set, and a folder with everything in it.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Setup, said};

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

#[tokio::test]
async fn what_others_may_use_of_the_data_folder_is_warned_of_and_a_secret_key_that_everybody_may_read_is_refused() {
    let mut server = Setup::default().embedded().start().await;
    server.terminate().await;
    assert!(!server.log().contains("others than its owner"), "{}", server.log());
    let open = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(&server.data_dir(), 0o777);
    open(&server.data_dir().join("secret.key"), 0o640);
    let mut server = server.restart().await;
    server.terminate().await;
    for next in ["run `chmod 700 ./data`", "run `chmod 600 ./data/secret.key`"] {
        let warnings = server.log().lines().filter(|line| line.contains("WARN") && line.contains(next)).count();
        assert_eq!(warnings, 1, "{next}: {}", server.log());
    }
    open(&server.data_dir().join("secret.key"), 0o644);
    for arguments in [&["serve"][..], &["keys", "list"]] {
        let (code, _, errors) = said(&server.run(arguments, ""));
        assert_eq!(code, Some(1));
        assert!(errors.contains("run `chmod 600 ./data/secret.key`"), "{errors}");
    }
}
