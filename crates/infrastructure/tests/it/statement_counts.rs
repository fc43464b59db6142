//! What the main calls cost: the whole application over a real database.

use std::future::Future;
use std::sync::Arc;

use countersign_application::Application;
use countersign_application::account::change_password::ChangePasswordCommand;
use countersign_application::account::show_account::AccountView;
use countersign_application::account::update_profile::UpdateProfileCommand;
use countersign_application::actor::Actor;
use countersign_application::auth::login::LogInCommand;
use countersign_application::auth::logout::{LogOutCommand, LogoutScope};
use countersign_application::auth::refresh::RefreshCommand;
use countersign_application::auth::register::RegisterCommand;
use countersign_application::auth::request_email_verification::RequestEmailVerificationCommand;
use countersign_application::auth::request_password_reset::RequestPasswordResetCommand;
use countersign_application::auth::tokens::Tokens;
use countersign_application::keys::ensure_key::EnsureKeyCommand;
use countersign_application::ports::secret_generator::SecretGenerator;
use countersign_application::teams::accept_invitation::AcceptInvitationCommand;
use countersign_application::teams::change_role::ChangeRoleCommand;
use countersign_application::teams::create_team::CreateTeamCommand;
use countersign_application::teams::invite_member::InviteMemberCommand;
use countersign_application::teams::list_members::ListMembersCommand;
use countersign_application::teams::list_my_teams::ListMyTeamsCommand;
use countersign_application::teams::show_team::ShowTeamCommand;
use countersign_application::testing::{Mocks, email, name, new_password, origin, presented};
use countersign_domain::name::TeamName;
use countersign_domain::page::PageRequest;
use countersign_domain::secret::one_time_secret;
use countersign_domain::signing_key::SigningAlgorithm;
use countersign_domain::team::Team;
use countersign_domain::team::role::Role;
use countersign_infrastructure::cache::MemorySnapshotCache;
use countersign_infrastructure::persistence::StatementCounter;
use countersign_infrastructure::security::tokens::{JwtAccessTokens, KeyRing, SealedKeyFactory};
use countersign_infrastructure::security::{BcryptHasher, BcryptSettings, SecretKey, SecretKeyRing, SecretKeySealer};
use countersign_infrastructure::system::SystemSecretGenerator;

use crate::persistence::fresh::{Fresh, on_each};

const PASSWORD: &str = "seven green bottles";

/// The application on one database, and what its calls send there.
struct Service {
    application: Application,
    counter: StatementCounter,
    secrets: Arc<dyn SecretGenerator>,
}

impl Service {
    async fn on(fresh: &Fresh) -> Self {
        let store = Arc::new(fresh.store());
        let mut wired = Mocks::default().into_dependencies();
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
        wired.signing_keys = store;
        wired.signing_key_factory = Arc::new(SealedKeyFactory::new(keys));
        wired.account_cache = Arc::new(MemorySnapshotCache::new(100));
        wired.session_cache = Arc::new(MemorySnapshotCache::new(100));
        wired.membership_cache = Arc::new(MemorySnapshotCache::new(100));
        wired.team_cache = Arc::new(MemorySnapshotCache::new(100));
        wired.team_list_cache = Arc::new(MemorySnapshotCache::new(100));
        let application = Application::new(&wired);
        let algorithm = SigningAlgorithm::Es256;
        application.keys.ensure_key.execute(&origin(), EnsureKeyCommand { algorithm }).await.unwrap();
        ring.refresh().await.unwrap();
        Self { application, counter: fresh.database().statements().clone(), secrets: wired.secrets }
    }

    /// What came of a call, after asserting its statements and commits.
    fn costs<T>(&self, what: &str, cost: (u64, u64), call: impl Future<Output = T>) -> impl Future<Output = T> {
        let (counter, what) = (self.counter.clone(), what.to_owned());
        async move {
            let before = (counter.statements(), counter.commits());
            let outcome = call.await;
            let spent = (counter.statements() - before.0, counter.commits() - before.1);
            assert_eq!(spent, cost, "statements and commits of {what}");
            outcome
        }
    }

    async fn register(&self, address: &str) {
        let command = RegisterCommand {
            email: email(address),
            password: new_password(PASSWORD),
            first_name: name("First"),
            last_name: name("Last"),
            invitation_token: None,
        };
        self.application.auth.register.execute(&origin(), command).await.unwrap();
    }

    async fn login(&self, address: &str) -> Tokens {
        let command = LogInCommand { email: email(address), password: presented(PASSWORD) };
        self.application.auth.login.execute(&origin(), command).await.unwrap()
    }

    async fn actor(&self, tokens: &Tokens) -> Actor {
        self.application.auth.authenticate.execute(tokens.access_token.expose()).await.unwrap()
    }

    /// `GET /auth/me`.
    async fn me(&self, tokens: &Tokens) -> AccountView {
        let actor = self.actor(tokens).await;
        self.application.account.show_account.execute(&actor).await.unwrap()
    }

    async fn team(&self, actor: &Actor) -> Team {
        let command = CreateTeamCommand { name: TeamName::parse("Engines").unwrap(), description: None };
        self.application.teams.create_team.execute(actor, &origin(), command).await.unwrap()
    }

    async fn invite(&self, actor: &Actor, team: &Team, address: &str) {
        let command = InviteMemberCommand { team_id: team.id, email: email(address), role: Role::Member };
        self.application.teams.invite_member.execute(actor, &origin(), command).await.unwrap();
    }
}

#[tokio::test]
async fn a_warm_look_at_oneself_asks_the_database_nothing() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Box::pin(Service::on(&fresh)).await;
            service.register("a@example.org").await;
            let tokens = service.login("a@example.org").await;
            let actor = service.actor(&tokens).await;
            let team = service.team(&actor).await;
            let cold = service.me(&tokens).await;
            assert_eq!(cold.teams.len(), 1);
            for _ in 0..3 {
                let warm = service.costs("GET /auth/me", (0, 0), service.me(&tokens)).await;
                assert_eq!(warm, cold);
            }
            let show =
                || service.application.teams.show_team.execute(&actor, &ORIGIN, ShowTeamCommand { team_id: team.id });
            show().await.unwrap();
            let shown = service.costs("GET /teams/{id}", (0, 0), show()).await.unwrap();
            assert_eq!(shown, team);
        })
    })
    .await;
}

const ORIGIN: countersign_domain::audit::Origin =
    countersign_domain::audit::Origin { ip: None, user_agent: None, request_id: None };

#[tokio::test]
async fn a_write_is_seen_by_the_next_read() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Box::pin(Service::on(&fresh)).await;
            service.register("a@example.org").await;
            service.register("b@example.org").await;
            let (first, second) = (service.login("a@example.org").await, service.login("b@example.org").await);
            let (a, b) = (service.actor(&first).await, service.actor(&second).await);
            assert_eq!(service.me(&first).await.teams.len() + service.me(&second).await.teams.len(), 0);

            let command = UpdateProfileCommand { first_name: Some(name("Other")), last_name: None };
            service.application.account.update_profile.execute(&a, &origin(), command).await.unwrap();
            assert_eq!(service.me(&first).await.user.first_name, name("Other"));

            let team = service.team(&a).await;
            assert_eq!(service.me(&first).await.teams.len(), 1);
            service.invite(&a, &team, "b@example.org").await;
            assert_eq!(service.me(&second).await.teams.len(), 1);
            assert_eq!(service.me(&second).await.teams[0].membership.role, Role::Member);
            let command = ChangeRoleCommand { team_id: team.id, user_id: b.id(), role: Role::Admin };
            service.application.teams.change_role.execute(&a, &origin(), command).await.unwrap();
            assert_eq!(service.me(&second).await.teams[0].membership.role, Role::Admin);

            let command = LogOutCommand { scope: LogoutScope::Local };
            service.application.auth.logout.execute(&a, &origin(), command).await.unwrap();
            let authenticate = &service.application.auth.authenticate;
            assert!(authenticate.execute(first.access_token.expose()).await.is_err());
            assert!(authenticate.execute(second.access_token.expose()).await.is_ok());
        })
    })
    .await;
}

#[tokio::test]
async fn each_main_call_costs_what_it_should() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Box::pin(Service::on(&fresh)).await;
            let application = &service.application;
            service.costs("POST /auth/register", (6, 1), service.register("a@example.org")).await;
            service.costs("POST /auth/login", (8, 1), service.login("a@example.org")).await;
            let tokens = service.costs("POST /auth/login again", (8, 1), service.login("a@example.org")).await;
            service.costs("a first look at oneself", (3, 0), service.me(&tokens)).await;
            let command = RefreshCommand { refresh_token: tokens.refresh_token.clone() };
            // One less once the address is verified.
            let tokens = service
                .costs("POST /auth/refresh", (5, 1), application.auth.refresh.execute(&origin(), command))
                .await
                .unwrap();
            let actor = service.costs("a refreshed token", (0, 0), service.actor(&tokens)).await;
            let team = service.costs("POST /teams", (5, 1), service.team(&actor)).await;
            service.register("b@example.org").await;
            let command = ShowTeamCommand { team_id: team.id };
            application.teams.show_team.execute(&actor, &ORIGIN, command).await.unwrap();
            service.costs("inviting an account", (11, 1), service.invite(&actor, &team, "b@example.org")).await;
            service.costs("inviting an address", (10, 1), service.invite(&actor, &team, "c@example.org")).await;
            let page = || PageRequest::first(50);
            let members = application.teams.list_members.execute(
                &actor,
                &ORIGIN,
                ListMembersCommand { team_id: team.id, page: page() },
            );
            assert_eq!(service.costs("GET /teams/{id}/members", (1, 0), members).await.unwrap().items.len(), 2);
            let teams = application.teams.list_my_teams.execute(&actor, ListMyTeamsCommand { page: page() });
            assert_eq!(service.costs("GET /auth/teams", (1, 0), teams).await.unwrap().items.len(), 1);
            let sessions = application.account.list_sessions.execute(&actor);
            assert_eq!(service.costs("GET /auth/sessions", (1, 0), sessions).await.unwrap().len(), 2);
            let command = LogOutCommand { scope: LogoutScope::Local };
            let logout = application.auth.logout.execute(&actor, &ORIGIN, command);
            service.costs("POST /auth/logout", (3, 1), logout).await.unwrap();
            let jwks = application.keys.publish_keys.execute();
            assert_eq!(service.costs("GET /.well-known/jwks.json", (0, 0), jwks).await.unwrap().len(), 1);
        })
    })
    .await;
}

#[tokio::test]
async fn a_request_costs_the_same_for_a_known_and_an_unknown_address() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Box::pin(Service::on(&fresh)).await;
            service.register("known@example.org").await;
            for address in ["known@example.org", "unknown@example.org"] {
                let command = RequestPasswordResetCommand { email: email(address) };
                let reset = service.application.auth.request_password_reset.execute(&ORIGIN, command);
                service.costs(&format!("a reset for {address}"), (6, 1), reset).await.unwrap();
                let command = RequestEmailVerificationCommand { email: email(address) };
                let verification = service.application.auth.request_email_verification.execute(&ORIGIN, command);
                service.costs(&format!("a verification for {address}"), (6, 1), verification).await.unwrap();
            }
        })
    })
    .await;
}

#[tokio::test]
async fn accepting_and_changing_the_password_cost_what_they_should() {
    on_each(|fresh| {
        Box::pin(async move {
            let service = Box::pin(Service::on(&fresh)).await;
            service.register("a@example.org").await;
            let tokens = service.login("a@example.org").await;
            let actor = service.actor(&tokens).await;
            let team = service.team(&actor).await;
            service.register("b@example.org").await;
            let invited = service.actor(&service.login("b@example.org").await).await;
            service.invite(&actor, &team, "b@example.org").await;
            // Secrets are counted up here, so the one before the next is the invitation's.
            let token = one_time_secret(service.secrets.octets().map(|octet| octet - 1));
            let command = AcceptInvitationCommand { token, actor: Some(invited) };
            let accepted = service.application.teams.accept_invitation.execute(&ORIGIN, command);
            service.costs("POST /teams/accept-invitation", (11, 1), accepted).await.unwrap();
            let command = ChangePasswordCommand {
                current_password: presented(PASSWORD),
                new_password: new_password("eight green bottles"),
            };
            let change = service.application.account.change_password.execute(&actor, &ORIGIN, command);
            service.costs("POST /auth/change-password", (9, 1), change).await.unwrap();
        })
    })
    .await;
}
