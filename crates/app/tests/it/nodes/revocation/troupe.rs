//! Accounts that one act after another is done with.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Account, TestServer, Tokens};

const PATIENCE: Duration = Duration::from_secs(30);

/// An admin, a member of its team, and the superuser of all troupes.
pub(crate) struct Troupe {
    name: String,
    made: usize,
    read: BTreeSet<PathBuf>,
    pub(crate) root: Tokens,
    pub(crate) owner: Tokens,
    pub(crate) member: Account,
    pub(crate) team: String,
}

impl Troupe {
    /// With addresses that begin with this name.
    pub(crate) async fn new(name: &str, root: Tokens, node: &TestServer) -> Self {
        let address = |role: &str| format!("{name}-{role}@example.org");
        let (_, owner) = node.signed_in(&address("owner")).await;
        let team = node.team(&owner, "Teamname").await;
        let (member, _) = node.member(&owner, &team, &address("member"), "member").await;
        Self { name: name.to_owned(), made: 0, read: BTreeSet::new(), root, owner, member, team }
    }

    /// An address that nobody has.
    pub(crate) fn next_address(&mut self) -> String {
        self.made += 1;
        format!("{}-{}@example.org", self.name, self.made)
    }

    /// Takes note of another password; the one before.
    pub(crate) fn change_password(&mut self) -> String {
        self.made += 1;
        std::mem::replace(&mut self.member.password, format!("{} green bottles", self.made + 10_000))
    }

    /// The token of a reset that the member asks for.
    pub(crate) async fn mailed_reset(&mut self, node: &TestServer) -> String {
        let email = self.member.email.clone();
        // Those of before are of no use.
        self.unread(node, &email, "set a new password");
        node.post("/auth/password-reset-request").json(&json!({"email": email})).send().await.expect(202);
        self.mailed(node, &email, "set a new password").await
    }

    /// The token of the next mail to this address whose subject has these words in lower case.
    pub(crate) async fn mailed(&mut self, node: &TestServer, address: &str, words: &str) -> String {
        let start = Instant::now();
        loop {
            if let Some(token) = self.unread(node, address, words).pop() {
                return token;
            }
            assert!(start.elapsed() < PATIENCE, "no mail about {words:?} to {address}");
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    }

    fn unread(&mut self, node: &TestServer, address: &str, words: &str) -> Vec<String> {
        let mails = node.mailbox().unread(&mut self.read).into_iter();
        let mails = mails.filter(|mail| mail.to == address && mail.subject.to_lowercase().contains(words));
        mails.map(|mail| mail.token()).collect()
    }
}
