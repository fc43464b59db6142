//! Where the system is put together: adapters out of the settings, the ports out of the adapters, the application out
//! of the ports.

mod cache;
mod data_folder;
mod mail;
mod pages;
mod storage;
mod templates;

use std::sync::Arc;

use anyhow::Context as _;
use countersign_application::ports::clock::Clock;
use countersign_application::ports::dependency_probe::DependencyProbe;
use countersign_application::ports::mailbox::MailboxReader;
use countersign_application::ports::secret_generator::SecretGenerator;
use countersign_application::{Application, Dependencies};
use countersign_domain::secret::Secret;
use countersign_infrastructure::mail::MailboxHousekeeping;
use countersign_infrastructure::persistence::{Database, Replica};
use countersign_infrastructure::redis::RedisPool;
use countersign_infrastructure::security::tokens::{JwtAccessTokens, KeyRing, SealedKeyFactory};
use countersign_infrastructure::security::{
    BcryptHasher, BcryptSettings, KeyedPseudonymizer, SecretKeyRing, SecretKeySealer,
};
use countersign_infrastructure::system::{SystemClock, SystemSecretGenerator, UuidV7Generator};

use crate::lifecycle::Lifecycle;
use crate::settings::{PublicUrl, Settings};
use crate::wiring::cache::Shelf;

pub(crate) use crate::wiring::cache::redis;
pub(crate) use crate::wiring::data_folder::{ServingLock, warn_of_open};
pub(crate) use crate::wiring::mail::mail_server;
pub(crate) use crate::wiring::storage::{
    explain_keys, has_database, has_secret_key, name_database, name_replica, open_database, prepare_schema,
    reach_at_once, refuse_lost_key, refuse_lost_key_of, secret_keys,
};
pub(crate) use crate::wiring::templates::templates;

/// The wired system.
pub(crate) struct System {
    /// Every use case.
    pub application: Application,
    /// What the adapters of ports besides the application need.
    pub dependencies: Dependencies,
    /// The keys of access tokens, to be refreshed.
    pub key_ring: Arc<KeyRing>,
    /// Makes the service not ready when it is told to stop.
    pub lifecycle: Arc<Lifecycle>,
    /// Password hashing, for its gauges.
    pub password_hasher: Arc<BcryptHasher>,
    /// The database, for its gauges.
    pub database: Database,
    /// Its replica, where one is set, to be watched.
    pub replica: Option<Replica>,
    /// What was mailed, where that goes into a folder.
    pub mailbox: Option<Arc<dyn MailboxReader>>,
    /// What opens it in a browser.
    pub mailbox_key: Secret,
    /// Redis, where it is set.
    pub redis: Option<RedisPool>,
}

impl System {
    /// For commands, which may come before the first start: no listener, so links start with the public URL or the
    /// address that is set.
    pub(crate) async fn open(settings: &Settings) -> anyhow::Result<Self> {
        let database = open_migrated(settings).await?;
        refuse_lost_key(settings, &database).await?;
        Self::of_command(settings, database)
    }

    /// The same with a secret key that is made where there is none: what the former one sealed is given up.
    pub(crate) async fn open_anew(settings: &Settings) -> anyhow::Result<Self> {
        Self::of_command(settings, open_migrated(settings).await?)
    }

    fn of_command(settings: &Settings, database: Database) -> anyhow::Result<Self> {
        let public_url = settings.server.public_url_at(settings.server.listen);
        // The lists of superusers are no command's.
        Self::wire(settings, &public_url, database, None)
    }

    /// Puts everything together; nothing is asked of the database yet.
    pub(crate) fn wire(
        settings: &Settings,
        public_url: &PublicUrl,
        database: Database,
        replica: Option<Replica>,
    ) -> anyhow::Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let secrets: Arc<dyn SecretGenerator> = Arc::new(SystemSecretGenerator);
        let secret_keys = Arc::new(storage::secret_keys(&settings.storage, &*secrets)?);
        let store = Arc::new(database.store());
        let key_ring = Arc::new(KeyRing::new(store.clone(), Arc::clone(&secret_keys), settings.policy.longest_token()));
        let lifecycle = Arc::new(Lifecycle::default());
        let shelf = Shelf::of(&settings.storage)?;
        let redis = shelf.redis().cloned();
        let mut probes: Vec<Arc<dyn DependencyProbe>> =
            vec![Arc::clone(&lifecycle) as _, Arc::new(database.probe(Arc::clone(&clock)))];
        probes.extend(replica.iter().map(|replica| Arc::new(replica.probe()) as _));
        probes.extend(redis.iter().map(|redis| Arc::new(redis.probe()) as _));
        let password_hasher = Arc::new(password_hasher(settings)?);
        let mail = mail::wire(settings, public_url, &clock)?;
        let mailbox_key = mail::mailbox_key(&secret_keys)?;
        let mailbox = mail.mailbox.clone().map(|mailbox| mailbox as Arc<dyn MailboxReader>);
        let dependencies = Dependencies {
            policy: settings.policy.clone(),
            ids: Arc::new(UuidV7Generator),
            sealer: Arc::new(SecretKeySealer::new(Arc::clone(&secret_keys))),
            pseudonymizer: Arc::new(pseudonymizer(settings, &secret_keys, &clock)),
            password_hasher: password_hasher.clone(),
            access_tokens: Arc::new(access_tokens(settings, public_url, &key_ring)),
            rate_limiter: shelf.rate_limiter(),
            units_of_work: Arc::new(database.units_of_work()),
            users: store.clone(),
            credentials: store.clone(),
            sessions: store.clone(),
            networks: store.clone(),
            one_time_tokens: store.clone(),
            teams: store.clone(),
            memberships: store.clone(),
            roster: store.clone(),
            invitations: store.clone(),
            outbox: store.clone(),
            erasures: store.clone(),
            remains: Arc::new(database.clone()),
            audit: store.clone(),
            listings: match &replica {
                Some(replica) => Arc::new(replica.listings()),
                None => Arc::new(database.listings()),
            },
            signing_keys: store.clone(),
            signing_key_factory: Arc::new(SealedKeyFactory::new(secret_keys)),
            housekeeping: match mail.mailbox {
                Some(mailbox) => Arc::new(MailboxHousekeeping::new(store, mailbox)),
                None => store,
            },
            account_cache: shelf.cache("account", &secrets),
            session_cache: shelf.cache("session", &secrets),
            membership_cache: shelf.cache("membership", &secrets),
            team_cache: shelf.cache("team", &secrets),
            team_list_cache: shelf.cache("team_list", &secrets),
            mail_renderer: mail.renderer,
            mailer: mail.mailer,
            probes,
            secrets,
            clock,
        };
        let application = Application::new(&dependencies);
        Ok(Self {
            application,
            dependencies,
            key_ring,
            lifecycle,
            password_hasher,
            database,
            replica,
            mailbox,
            mailbox_key,
            redis,
        })
    }

    /// Lets go of the database.
    pub(crate) async fn close(&self) {
        let replica = async {
            match &self.replica {
                Some(replica) => replica.close().await,
                None => Ok(()),
            }
        };
        let (database, replica) = tokio::join!(self.database.close(), replica);
        if let Err(error) = database {
            tracing::warn!(error = &error as &dyn std::error::Error, "the database was not closed properly");
        }
        if let Err(error) = replica {
            tracing::warn!(error = &error as &dyn std::error::Error, "the replica was not closed properly");
        }
    }
}

fn pseudonymizer(settings: &Settings, keys: &Arc<SecretKeyRing>, clock: &Arc<dyn Clock>) -> KeyedPseudonymizer {
    KeyedPseudonymizer::new(Arc::clone(keys), Arc::clone(clock), settings.log.retention)
}

fn password_hasher(settings: &Settings) -> anyhow::Result<BcryptHasher> {
    let mut bcrypt = BcryptSettings::with_cost(settings.hashing.bcrypt_cost);
    bcrypt.queue = settings.hashing.queue;
    if settings.hashing.threads > 0 {
        bcrypt.threads = settings.hashing.threads;
    }
    BcryptHasher::start(bcrypt).context("cannot start password hashing")
}

fn access_tokens(settings: &Settings, public_url: &PublicUrl, key_ring: &Arc<KeyRing>) -> JwtAccessTokens {
    let issuer = settings.tokens.issuer.clone().unwrap_or_else(|| public_url.to_string());
    JwtAccessTokens::new(Arc::clone(key_ring), issuer, settings.tokens.audience.clone())
}

async fn open_migrated(settings: &Settings) -> anyhow::Result<Database> {
    let database = name_database(&settings.storage).await?;
    prepare_schema(&settings.storage, &database).await?;
    Ok(database)
}
