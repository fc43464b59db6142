//! The whole application over a real database, with the statements of its calls counted.

use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use countersign_application::Application;
use countersign_application::account::show_account::AccountView;
use countersign_application::actor::Actor;
use countersign_application::admin::create_superuser::CreateSuperuserCommand;
use countersign_application::auth::login::LogInCommand;
use countersign_application::auth::register::RegisterCommand;
use countersign_application::auth::tokens::Tokens;
use countersign_application::auth::verify_email::{Proof, VerifyEmailCommand};
use countersign_application::keys::ensure_key::EnsureKeyCommand;
use countersign_application::policy::Policy;
use countersign_application::ports::secret_generator::SecretGenerator;
use countersign_application::ports::user_repository::UserRepository;
use countersign_application::teams::create_team::CreateTeamCommand;
use countersign_application::teams::invite_member::InviteMemberCommand;
use countersign_application::testing::{Mocks, email, name, new_password, origin, presented};
use countersign_domain::audit::Origin;
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::name::TeamName;
use countersign_domain::secret::{Secret, one_time_secret};
use countersign_domain::signing_key::{SigningAlgorithm, SigningKey};
use countersign_domain::team::Team;
use countersign_domain::team::role::Role;
use countersign_infrastructure::cache::MemorySnapshotCache;
use countersign_infrastructure::persistence::StatementCounter;
use countersign_infrastructure::security::tokens::{JwtAccessTokens, KeyRing, SealedKeyFactory};
use countersign_infrastructure::security::{BcryptHasher, BcryptSettings, SecretKey, SecretKeyRing, SecretKeySealer};
use countersign_infrastructure::system::SystemSecretGenerator;

use crate::persistence::fresh::Fresh;

pub(crate) const PASSWORD: &str = "seven green bottles";

pub(crate) const ORIGIN: Origin = Origin { ip: None, user_agent: None, request_id: None };

/// The application on one database, and what its calls send there.
pub(crate) struct Service {
    pub(crate) application: Application,
    ring: Arc<KeyRing>,
    keys: Vec<SigningKey>,
    counter: StatementCounter,
    secrets: Arc<dyn SecretGenerator>,
    users: Arc<dyn UserRepository>,
    /// Calls that cost something else than they should, told together at the end.
    deviations: Mutex<Vec<String>>,
}

impl Drop for Service {
    fn drop(&mut self) {
        let deviations = self.deviations.get_mut().unwrap();
        assert!(deviations.is_empty() || std::thread::panicking(), "statements and commits: {deviations:#?}");
    }
}

impl Service {
    pub(crate) async fn on(fresh: &Fresh) -> Self {
        Box::pin(Self::with(fresh, Policy::default())).await
    }

    pub(crate) async fn with(fresh: &Fresh, policy: Policy) -> Self {
        let store = Arc::new(fresh.store());
        let mut wired = Mocks::default().into_dependencies();
        wired.policy = policy;
        let keys = Arc::new(SecretKeyRing::new(SecretKey::generate(&SystemSecretGenerator), None));
        let ring = Arc::new(KeyRing::new(store.clone(), Arc::clone(&keys), wired.policy.longest_token()));
        wired.sealer = Arc::new(SecretKeySealer::new(Arc::clone(&keys)));
        wired.password_hasher = Arc::new(BcryptHasher::start(BcryptSettings::with_cost(4)).unwrap());
        wired.access_tokens =
            Arc::new(JwtAccessTokens::new(Arc::clone(&ring), "https://id.example.org", "countersign"));
        wired.units_of_work = Arc::new(fresh.database().units_of_work());
        wired.users = store.clone();
        wired.credentials = store.clone();
        wired.sessions = store.clone();
        wired.networks = store.clone();
        wired.one_time_tokens = store.clone();
        wired.teams = store.clone();
        wired.memberships = store.clone();
        wired.invitations = store.clone();
        wired.outbox = store.clone();
        wired.erasures = store.clone();
        wired.audit = store.clone();
        wired.listings = Arc::new(fresh.database().listings());
        wired.signing_keys = store;
        wired.signing_key_factory = Arc::new(SealedKeyFactory::new(keys));
        wired.account_cache = Arc::new(MemorySnapshotCache::new(100));
        wired.session_cache = Arc::new(MemorySnapshotCache::new(100));
        wired.membership_cache = Arc::new(MemorySnapshotCache::new(100));
        wired.team_cache = Arc::new(MemorySnapshotCache::new(100));
        wired.team_list_cache = Arc::new(MemorySnapshotCache::new(100));
        let application = Application::new(&wired);
        let algorithm = SigningAlgorithm::Es256;
        let keys = application.keys.ensure_key.execute(&origin(), EnsureKeyCommand { algorithm }).await.unwrap();
        let counter = fresh.database().statements().clone();
        Self {
            application,
            ring,
            keys,
            counter,
            secrets: wired.secrets,
            users: wired.users,
            deviations: Mutex::default(),
        }
    }

    /// What came of a call, of which the statements and commits are noted unless they are these.
    pub(crate) async fn costs<T>(&self, what: &str, cost: (u64, u64), call: impl Future<Output = T>) -> T {
        // As if read a moment ago, however long the test has taken: reading them is no cost of the call.
        self.ring.hold(self.keys.clone(), Instant::now()).await;
        let before = (self.counter.statements(), self.counter.commits());
        let outcome = call.await;
        let spent = (self.counter.statements() - before.0, self.counter.commits() - before.1);
        if spent != cost {
            self.deviations.lock().unwrap().push(format!("{what} costs {spent:?}, not {cost:?}"));
        }
        outcome
    }

    /// The one-time token of the call before. Secrets are counted up here.
    pub(crate) fn mailed_token(&self) -> Secret {
        one_time_secret(self.secrets.octets().map(|octet| octet - 1))
    }

    pub(crate) async fn register(&self, address: &str) {
        let command = RegisterCommand {
            email: email(address),
            password: new_password(PASSWORD),
            first_name: name("First"),
            last_name: name("Last"),
            invitation_token: None,
        };
        self.application.auth.register.execute(&origin(), command).await.unwrap();
    }

    /// Verifies the account that was registered just before.
    pub(crate) async fn verify(&self) {
        let (token, proof) = (self.mailed_token(), Some(Proof::Password(presented(PASSWORD))));
        self.application.auth.verify_email.execute(&ORIGIN, VerifyEmailCommand { token, proof }).await.unwrap();
    }

    pub(crate) async fn login(&self, address: &str) -> Tokens {
        let command = LogInCommand { email: email(address), password: presented(PASSWORD) };
        self.application.auth.login.execute(&origin(), command).await.unwrap()
    }

    pub(crate) async fn actor(&self, tokens: &Tokens) -> Actor {
        self.application.auth.authenticate.execute(tokens.access_token.expose()).await.unwrap()
    }

    pub(crate) async fn signed_in(&self, address: &str) -> Actor {
        self.register(address).await;
        self.actor(&self.login(address).await).await
    }

    pub(crate) async fn superuser(&self, address: &str) -> Actor {
        let command = CreateSuperuserCommand {
            email: email(address),
            password: new_password(PASSWORD),
            first_name: name("First"),
            last_name: name("Last"),
        };
        self.application.admin.create_superuser.execute(&ORIGIN, command).await.unwrap();
        self.actor(&self.login(address).await).await
    }

    pub(crate) async fn id_of(&self, address: &str) -> UserId {
        self.users.find_by_email(&email(address)).await.unwrap().unwrap().id
    }

    /// `GET /auth/me`.
    pub(crate) async fn me(&self, tokens: &Tokens) -> AccountView {
        let actor = self.actor(tokens).await;
        self.application.account.show_account.execute(&actor).await.unwrap()
    }

    pub(crate) async fn team(&self, actor: &Actor) -> Team {
        let command = CreateTeamCommand { name: TeamName::parse("Engines").unwrap(), description: None };
        self.application.teams.create_team.execute(actor, &origin(), command).await.unwrap()
    }

    pub(crate) async fn invite(&self, actor: &Actor, team_id: TeamId, address: &str) {
        let command = InviteMemberCommand { team_id, email: email(address), role: Role::Member };
        self.application.teams.invite_member.execute(actor, &origin(), command).await.unwrap();
    }
}
