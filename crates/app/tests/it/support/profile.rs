//! On what the servers of the tests run: the embedded default, or what production runs on.

use crate::support::environment::told;
use crate::support::fresh_database::FreshDatabase;
use crate::support::fresh_keyspace::FreshKeyspace;
use crate::support::fresh_postbox::FreshPostbox;

/// 32 octets. One for all: what it seals lives in a database that ends with its test.
pub(crate) const SECRET_KEY: &str = "Z4Ofbsq7Jsj8oh+8+y5Qm1OTzZKrybRAz/AGNxIjBjA=";

/// `TEST_PROFILE`: nothing for the embedded default, `production` for PostgreSQL (the server of `TEST_DATABASE_URL`),
/// Redis and SMTP (those of `TEST_REDIS_URL` and `TEST_SMTP_URL`, if there are such).
#[derive(Debug)]
pub(crate) enum Profile {
    Embedded,
    Production { database_server: String },
}

impl Profile {
    /// The one that this run is told.
    pub(crate) fn of_this_run() -> Self {
        match told("TEST_PROFILE").as_deref() {
            None | Some("embedded") => Self::Embedded,
            Some("production") => Self::Production { database_server: database_server() },
            Some(other) => panic!("TEST_PROFILE is embedded or production, not {other}"),
        }
    }

    /// What a server and its nodes share, until the last of them is gone.
    pub(crate) async fn backing(&self) -> Backing {
        match self {
            Self::Embedded => Backing::default(),
            Self::Production { database_server } => Backing::on(FreshDatabase::migrated(database_server).await),
        }
    }

    /// The same for several nodes, if this profile has what they could share.
    pub(crate) async fn shared_backing(&self, schema: Schema) -> Option<Backing> {
        let Self::Production { database_server } = self else { return None };
        let database = match schema {
            Schema::Migrated => FreshDatabase::migrated(database_server).await,
            Schema::Absent => FreshDatabase::empty(database_server).await,
        };
        Some(Backing::on(database))
    }
}

/// What a database has at first.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Schema {
    Migrated,
    Absent,
}

/// The PostgreSQL server that tests may make databases on.
pub(crate) fn database_server() -> String {
    told("TEST_DATABASE_URL").unwrap_or_else(|| panic!("TEST_DATABASE_URL names no PostgreSQL server"))
}

/// The servers behind a test's server; none on the embedded default.
#[derive(Debug, Default)]
pub(crate) struct Backing {
    pub(crate) database: Option<FreshDatabase>,
    keyspace: Option<FreshKeyspace>,
    pub(crate) postbox: Option<FreshPostbox>,
}

impl Backing {
    fn on(database: FreshDatabase) -> Self {
        let keyspace = told("TEST_REDIS_URL").map(|server| FreshKeyspace::next(&server));
        Self { database: Some(database), keyspace, postbox: FreshPostbox::next() }
    }

    /// What a node has to be set to use them, unless its test sets it otherwise. Every further server of the profile has
    /// its variable here.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = Vec::new();
        if let Some(database) = &self.database {
            variables.push(("DATABASE_URL", database.url()));
            variables.push(("COUNTERSIGN__SECRET_KEY", SECRET_KEY.to_owned()));
        }
        if let Some(keyspace) = &self.keyspace {
            variables.push(("REDIS_URL", keyspace.url()));
            // A shared machine stalls for longer than the service would wait.
            variables.push(("COUNTERSIGN__REDIS__TIMEOUT", "2s".to_owned()));
        }
        if let Some(postbox) = &self.postbox {
            variables.push(("SMTP_URL", postbox.url()));
        }
        variables
    }
}
