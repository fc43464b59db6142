//! What a server of a test's own is started with.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::support::confidences::Confidences;
use crate::support::lasting_address::lasting_address;
use crate::support::place::Place;
use crate::support::process;
use crate::support::profile::{Profile, Schema};
use crate::support::test_server::TestServer;

/// What a test's server is started with: development, the cheapest bcrypt, every limit off, unless set otherwise. It
/// runs on the profile of this run.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    variables: BTreeMap<String, String>,
    is_embedded: bool,
    has_local_mailbox: bool,
    /// How its process is made.
    pub(in crate::support) binary: fn(&Path) -> Command,
}

impl Default for Setup {
    fn default() -> Self {
        [
            ("DEV", "true"),
            ("SERVER__LISTEN", "127.0.0.1:0"),
            ("SERVER__METRICS_LISTEN", "127.0.0.1:0"),
            ("SERVER__WORKERS", "2"),
            ("SERVER__SHUTDOWN_DELAY", "0s"),
            // Disks of shared machines stall for longer than the service would wait.
            ("DATABASE__ACQUIRE_TIMEOUT", "20s"),
            ("PASSWORD__BCRYPT_COST", "4"),
            ("PASSWORD__HASHING_THREADS", "2"),
            ("LIMITS__LOGIN_PER_MINUTE_PER_IP", "0"),
            ("LIMITS__LOGIN_PER_HOUR_PER_ACCOUNT", "0"),
            ("LIMITS__REGISTER_PER_HOUR_PER_IP", "0"),
            ("LIMITS__RESET_PER_HOUR_PER_IP", "0"),
            ("LIMITS__RESET_PER_HOUR_PER_ADDRESS", "0"),
            ("LIMITS__TOKEN_FAILURES_PER_MINUTE_PER_IP", "0"),
            ("LIMITS__INVITE_PER_HOUR_PER_TEAM", "0"),
            ("LIMITS__INVITE_PER_DAY_PER_USER", "0"),
            ("LIMITS__INVITE_PER_DAY_PER_UNVERIFIED_USER", "0"),
            ("LIMITS__INVITE_PER_DAY_PER_ADDRESS", "0"),
            ("LIMITS__TEAM_PER_HOUR_PER_USER", "0"),
            ("LIMITS__EXPORT_PER_DAY_PER_USER", "0"),
            ("LIMITS__PROOFS_PER_HOUR_PER_USER", "0"),
            ("LIMITS__CHANGES_PER_HOUR_PER_USER", "0"),
            ("LIMITS__FLOOD_PER_SECOND_PER_IP", "0"),
            ("LOG__FORMAT", "json"),
            ("LOG__LEVEL", "debug,sqlx=info,sea_orm=info,hyper=info,mio=info,h2=info"),
        ]
        .into_iter()
        .fold(Self::bare(), |setup, (key, value)| setup.set(key, value))
    }
}

impl Setup {
    /// Nothing set: the defaults of the service itself, limits and port 8080 included.
    pub(crate) fn bare() -> Self {
        Self { variables: BTreeMap::new(), is_embedded: false, has_local_mailbox: false, binary: process::command }
    }

    /// Sets `SECTION__KEY`, as in the environment but without its prefix.
    pub(crate) fn set(self, key: &str, value: &str) -> Self {
        self.variable(&format!("COUNTERSIGN__{key}"), value)
    }

    /// Sets a variable by its whole name, such as `DATABASE_URL`.
    pub(crate) fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// On the embedded default, whatever the profile of this run: for tests of what only SQLite has, in a module `sqlite`.
    pub(crate) fn embedded(mut self) -> Self {
        self.is_embedded = true;
        self
    }

    /// With the local mailbox, also where the profile of this run has a mail server: for tests of that mailbox.
    pub(crate) fn with_local_mailbox(mut self) -> Self {
        self.has_local_mailbox = true;
        self
    }

    /// A process whose files may no longer grow goes on, and meets an error at the next write.
    pub(crate) fn may_reach_file_limit(mut self) -> Self {
        self.binary = process::deaf_to_file_limit;
        self
    }

    /// A process that the permissions of files hold for, though it be root's.
    pub(crate) fn bound_by_permissions(mut self) -> Self {
        self.binary = process::bound_by_permissions;
        self
    }

    /// Starts a server with it, on a folder of its own and what else its profile has.
    pub(crate) async fn start(self) -> TestServer {
        let is_on_its_own = self.is_embedded || self.variables.contains_key("DATABASE_URL");
        let profile = if is_on_its_own { Profile::Embedded } else { Profile::of_this_run() };
        let place = Place::new(profile.backing().await);
        TestServer::launch(self, Arc::new(place), Confidences::default()).await
    }

    /// Starts a server on a migrated database of its own on this PostgreSQL server.
    pub(crate) async fn start_on(self, database_server: &str) -> TestServer {
        let profile = Profile::Production { database_server: database_server.to_owned() };
        let place = Place::new(profile.backing().await);
        TestServer::launch(self, Arc::new(place), Confidences::default()).await
    }

    /// The same, which the server knows by another URL.
    pub(crate) async fn start_by_way_of(self, database_server: &str, url: &str) -> TestServer {
        let backing = Profile::Production { database_server: database_server.to_owned() }.backing().await;
        let url = backing.database.as_ref().map(|database| database.url_on(url)).unwrap();
        TestServer::launch(self.variable("DATABASE_URL", &url), Arc::new(Place::new(backing)), Confidences::default())
            .await
    }

    /// Starts so many nodes on one migrated database of this PostgreSQL server, which has this replica.
    pub(crate) async fn start_nodes_on(self, count: usize, primary: &str, replica: &str) -> Vec<TestServer> {
        let backing = Profile::Production { database_server: primary.to_owned() }.backing().await;
        let replicated = backing.database.as_ref().map(|database| database.url_on(replica)).unwrap();
        let setup = self.set("DATABASE__REPLICA_URL", &replicated);
        let place = Arc::new(Place::new(backing));
        Self::launch_each(vec![setup; count], &place).await
    }

    /// Starts so many nodes at one moment, on one database that is migrated already, or on one that is empty. None where
    /// the profile of this run has no database that nodes could share.
    pub(crate) async fn start_nodes(self, count: usize, schema: Schema) -> Option<Vec<TestServer>> {
        Self::start_each(vec![self; count], schema).await
    }

    /// The same, each by way of this URL of a pooler that stands before the server of the tests.
    pub(crate) async fn start_nodes_through(self, count: usize, schema: Schema, pooler: &str) -> Vec<TestServer> {
        let backing = Profile::of_this_run().shared_backing(schema).await.unwrap();
        let url = backing.database.as_ref().map(|database| database.url_on(pooler)).unwrap();
        let setup = self.variable("DATABASE_URL", &url);
        let place = Arc::new(Place::new(backing));
        Self::launch_each(vec![setup; count], &place).await
    }

    /// The same on a migrated database, with addresses that they keep after a restart.
    pub(crate) async fn start_lasting_nodes(self, count: usize) -> Option<Vec<TestServer>> {
        let each = (0..count).map(|_| self.clone().set("SERVER__LISTEN", &lasting_address()));
        Self::start_each(each.collect(), Schema::Migrated).await
    }

    async fn start_each(setups: Vec<Self>, schema: Schema) -> Option<Vec<TestServer>> {
        let backing = Profile::of_this_run().shared_backing(schema).await?;
        let place = Arc::new(Place::new(backing));
        Some(Self::launch_each(setups, &place).await)
    }

    async fn launch_each(setups: Vec<Self>, place: &Arc<Place>) -> Vec<TestServer> {
        let confidences = Confidences::default();
        let starting =
            setups.into_iter().map(|setup| TestServer::launch(setup, Arc::clone(place), confidences.clone()));
        starting.collect::<JoinSet<_>>().join_all().await
    }

    /// As variables of the environment, at this place.
    pub(in crate::support) fn at(&self, place: &Place) -> BTreeMap<String, String> {
        let backing = place.backing.variables().into_iter().map(|(name, value)| (name.to_owned(), value));
        let backing = backing.filter(|(name, _)| !(self.has_local_mailbox && name == "SMTP_URL"));
        backing.chain(self.variables.clone()).collect()
    }
}
