//! A service with something of everything in it.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::moving::lines::Lines;
use crate::support::{Account, Setup, TestServer, Tokens, said};

/// Who and what is there.
pub(super) struct Scene {
    pub(super) server: TestServer,
    pub(super) owner: Account,
    pub(super) tokens: Tokens,
    pub(super) team: String,
    folder: tempfile::TempDir,
}

impl Scene {
    /// On the profile of this run.
    pub(super) async fn start() -> Self {
        Self::start_with(Setup::default()).await
    }

    /// Accounts verified and not, signed in and out, a team with an admin, a member and an invitation, and tokens that
    /// are open.
    pub(super) async fn start_with(setup: Setup) -> Self {
        let server = setup.start().await;
        let (owner, tokens) = server.signed_in("owner@example.org").await;
        let (member, elsewhere) = server.signed_in("member@example.org").await;
        server.register("unverified@example.org").await;
        server.create_superuser("root@example.org", "a long enough phrase");
        let team = server.team(&tokens, "Teamname").await;
        for (email, role) in [(&*member.email, "member"), ("invited@example.org", "admin")] {
            let invitation = json!({"email": email, "role": role});
            server
                .post(&format!("/teams/{team}/invite"))
                .bearer(&tokens.access)
                .json(&invitation)
                .send()
                .await
                .expect(200);
        }
        let change = json!({"current_password": member.password, "new_email": "moved@example.org"});
        server.post("/auth/change-email").bearer(&elsewhere.access).json(&change).send().await.expect(202);
        server.refreshed(&elsewhere).await;
        Self { server, owner, tokens, team, folder: tempfile::tempdir().unwrap() }
    }

    /// A file of a name, in a folder that goes with the scene.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Exports what the server has.
    pub(super) fn export(&self, name: &str, options: &[&str]) -> Lines {
        Lines::of(&self.exported(name, options))
    }

    /// The same; the file.
    pub(super) fn exported(&self, name: &str, options: &[&str]) -> PathBuf {
        let file = self.file(name);
        assert_exported(&self.server, &file, options);
        file
    }
}

/// Exports what this server has, into this file.
pub(super) fn assert_exported(server: &TestServer, file: &Path, options: &[&str]) {
    let arguments = [&["export", file.to_str().unwrap()], options].concat();
    let (code, _, errors) = said(&server.run(&arguments, ""));
    assert_eq!(code, Some(0), "{errors}");
}
