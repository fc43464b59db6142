//! No statement of a request reads a whole table.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_application::mail::message::{MailKind, QueuedMail};
use countersign_application::policy::Policy;
use countersign_application::ports::audit_log::{AuditFilter, AuditLog};
use countersign_application::ports::credential_repository::CredentialRepository;
use countersign_application::ports::erasures::Erasures;
use countersign_application::ports::housekeeping::{Housekeeping, Purge};
use countersign_application::ports::invitation_repository::InvitationRepository;
use countersign_application::ports::listings::Listings;
use countersign_application::ports::membership_repository::MembershipRepository;
use countersign_application::ports::one_time_token_repository::OneTimeTokenRepository;
use countersign_application::ports::outbox::{Lease, Outbox, Setback};
use countersign_application::ports::roster_repository::RosterRepository;
use countersign_application::ports::session_repository::{Rotation, SessionRepository};
use countersign_application::ports::sign_in_networks::SignInNetworks;
use countersign_application::ports::team_repository::TeamRepository;
use countersign_application::ports::user_repository::UserRepository;
use countersign_application::testing::{
    NOW, email, invitation, membership, one_time_token, origin, session, team, user, user_id,
};
use countersign_domain::audit::{AuditEvent, AuditKind};
use countersign_domain::ids::{AuditEventId, MailId};
use countersign_domain::invitation::InvitationState;
use countersign_domain::network::Network;
use countersign_domain::one_time_token::Purpose;
use countersign_domain::page::{Cursor, PageRequest};
use countersign_domain::password::PasswordHash;
use countersign_domain::secret::TokenDigest;
use countersign_domain::team::role::Role;
use countersign_domain::user::User;
use countersign_infrastructure::persistence::Store;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, Statement};
use time::Duration;
use uuid::Uuid;

use crate::persistence::fresh::sqlite;

/// Notes every statement.
pub(crate) struct Recorder<C = DatabaseConnection> {
    inner: C,
    statements: Arc<Mutex<Vec<Statement>>>,
}

impl<C> Recorder<C> {
    pub(crate) fn new(inner: C, statements: Arc<Mutex<Vec<Statement>>>) -> Self {
        Self { inner, statements }
    }

    fn note(&self, statement: &Statement) {
        self.statements.lock().unwrap().push(statement.clone());
    }
}

#[async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Recorder<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.note(&statement);
        self.inner.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.inner.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.note(&statement);
        self.inner.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.note(&statement);
        self.inner.query_all_raw(statement).await
    }
}

/// Every statement of a request or of the workers, but those on the few signing keys, of which all are read.
pub(crate) async fn call_everything(store: &Store<Recorder>) {
    let (user, one) = (user(1), user_id(1));
    let page = PageRequest::first(50);
    let digest = TokenDigest::of(b"x");
    UserRepository::find_by_id(store, one).await.unwrap();
    UserRepository::find_by_email(store, &user.email).await.unwrap();
    UserRepository::update(store, &user).await.unwrap_err();
    UserRepository::remove(store, one).await.unwrap();
    Listings::users(store, None, &page).await.unwrap();
    Listings::users(store, Some("a".to_owned()), &page).await.unwrap();
    UserRepository::lock(store, one).await.unwrap();
    store.list_unused(NOW, NOW, &page).await.unwrap();
    let beyond = page.starting(Cursor::after_time(NOW, Uuid::from_u128(1)));
    store.list_unused(NOW, NOW, &beyond).await.unwrap();
    CredentialRepository::find_by_email(store, &user.email).await.unwrap();
    store.find_by_user(one).await.unwrap();
    CredentialRepository::lock(store, one).await.unwrap();
    CredentialRepository::replace(store, one, &PasswordHash::new("a")).await.unwrap();
    store.upgrade(one, &PasswordHash::new("a"), &PasswordHash::new("b")).await.unwrap();
    SessionRepository::find_by_id(store, session(1).id).await.unwrap();
    store.find_by_family(&digest).await.unwrap();
    SessionRepository::lock(store, one, session(1).id).await.unwrap();
    store.list_live_by_user(one, NOW).await.unwrap();
    SessionRepository::list_by_user(store, one).await.unwrap();
    OneTimeTokenRepository::list_by_user(store, one).await.unwrap();
    let rotation = Rotation {
        session_id: session(1).id,
        presented: digest,
        successor: digest,
        sealed_successor: vec![],
        at: NOW,
        idle_expires_at: NOW,
        ip: None,
        user_agent: None,
    };
    store.rotate(&rotation).await.unwrap();
    store.end(one, session(1).id, NOW).await.unwrap();
    store.end_by_user(one, Some(session(1).id), 1, NOW).await.unwrap();
    store.end_oldest(one, 1, NOW).await.unwrap();
    store.knows(&user.email, Network::logged([192, 0, 2, 7].into())).await.unwrap();
    SignInNetworks::list_by_user(store, one).await.unwrap();
    store.forget(one).await.unwrap();
    OneTimeTokenRepository::find(store, &digest, Purpose::PasswordReset, NOW).await.unwrap();
    store.consume(&digest, Purpose::PasswordReset, NOW).await.unwrap();
    store.remove_by_user(one, &[Purpose::PasswordReset, Purpose::EmailChange]).await.unwrap();
    store.remove_requested_by(one, &[session(1).id, session(2).id]).await.unwrap();
    store.remove_requested_by_others(one, session(1).id).await.unwrap();
    TeamRepository::find_by_id(store, team(1).id).await.unwrap();
    TeamRepository::lock(store, team(1).id).await.unwrap();
    store.lock_with_membership(team(1).id, one).await.unwrap();
    TeamRepository::update(store, &team(1)).await.unwrap();
    TeamRepository::remove(store, team(1).id).await.unwrap();
    Listings::teams(store, None, &page).await.unwrap();
    Listings::teams(store, Some("a".to_owned()), &page).await.unwrap();
    Listings::administered(store, &[team(1).id, team(2).id]).await.unwrap();
    Listings::admins(store, team(1).id, 50).await.unwrap();
    Listings::pending_invitations(store, team(1).id, NOW).await.unwrap();
    TeamRepository::find_many(store, &[team(1).id, team(2).id]).await.unwrap();
    UserRepository::find_many(store, &[user_id(1), user_id(2)]).await.unwrap();
    store.count_created_by(one).await.unwrap();
    MembershipRepository::find(store, one, team(1).id).await.unwrap();
    MembershipRepository::list_by_user(store, one, &page).await.unwrap();
    MembershipRepository::list_by_user(store, one, &beyond).await.unwrap();
    store.list_active_by_user(one, 50).await.unwrap();
    MembershipRepository::list_by_team(store, team(1).id, &page).await.unwrap();
    MembershipRepository::update(store, &membership(1, Role::Admin)).await.unwrap();
    MembershipRepository::remove(store, one, team(1).id).await.unwrap();
    store.activate_awaiting(one).await.unwrap();
    store.remove_awaiting(one).await.unwrap();
    store.lock_teams_of(one).await.unwrap();
    store.has_admin_besides(team(1).id, one).await.unwrap();
    store.has_member_besides(team(1).id, one).await.unwrap();
    store.longest_standing_besides(team(1).id, one).await.unwrap();
    store.teams_only_of(one).await.unwrap();
    store.teams_depending_on(one).await.unwrap();
    let invited = invitation("a@example.com", Role::Member);
    InvitationRepository::find_by_id(store, team(1).id, invited.id).await.unwrap();
    InvitationRepository::find_by_digest(store, &digest).await.unwrap();
    store.lock_pending(team(1).id, &user.email).await.unwrap();
    store.renew(&invited).await.unwrap();
    store.settle(invited.id, InvitationState::Revoked, None).await.unwrap();
    InvitationRepository::list_by_team(store, team(1).id, &page).await.unwrap();
    store.list_by_email(&user.email).await.unwrap();
    store.remove_by_email(&user.email).await.unwrap();
    outbox(store).await;
    audit_log(store).await;
    Erasures::note(store, one, NOW).await.unwrap();
    store.list_noted(NOW, 10).await.unwrap();
    store.erase(one, 1, NOW).await.unwrap();
    Erasures::note(store, one, NOW).await.unwrap();
    let policy = Policy::default();
    let purge = Purge {
        now: NOW,
        access_ttl: policy.access_ttl,
        reuse_window: policy.session.reuse_window,
        retention: policy.retention,
    };
    store.purge(&purge).await.unwrap();
}

async fn audit_log(store: &Store<Recorder>) {
    let any = AuditFilter::default();
    for filter in [
        any,
        AuditFilter { kind: Some(AuditKind::LoginFailed), ..any },
        AuditFilter { user_id: Some(user_id(1)), ..any },
        AuditFilter { team_id: Some(team(1).id), ..any },
        AuditFilter { since: Some(NOW), ..any },
        AuditFilter { until: Some(NOW), ..any },
        AuditFilter { team_id: Some(team(1).id), since: Some(NOW), until: Some(NOW), ..any },
        AuditFilter { kind: Some(AuditKind::LoginFailed), user_id: Some(user_id(1)), ..any },
        AuditFilter { kind: Some(AuditKind::LoginFailed), team_id: Some(team(1).id), ..any },
        AuditFilter { user_id: Some(user_id(1)), team_id: Some(team(1).id), ..any },
    ] {
        for page in [PageRequest::first(50), PageRequest::first(50).starting(Cursor::after(Uuid::from_u128(1)))] {
            AuditLog::list(store, &filter, &page).await.unwrap();
            Listings::audit_events(store, &filter, &page).await.unwrap();
        }
    }
}

/// What must find an account and a session of it.
pub(crate) async fn with_an_account(store: &Store<Recorder>) {
    UserRepository::insert(store, &user(1), &PasswordHash::new("hash")).await.unwrap();
    let unverified = User { email_verified: false, ..user(2) };
    UserRepository::insert(store, &unverified, &PasswordHash::new("hash")).await.unwrap();
    let unused = store.list_unused(NOW + Duration::DAY, NOW, &PageRequest::first(50)).await.unwrap();
    assert_eq!(unused.items, [user_id(2)]);
    SessionRepository::insert(store, &session(1)).await.unwrap();
    TeamRepository::insert(store, &team(1)).await.unwrap();
    MembershipRepository::insert(store, &membership(1, Role::Admin)).await.unwrap();
    store.remember(user_id(1), Network::logged([192, 0, 2, 7].into()), NOW).await.unwrap();
    OneTimeTokenRepository::replace(store, &one_time_token(Purpose::PasswordReset, "secret")).await.unwrap();
    InvitationRepository::insert(store, &invitation("a@example.com", Role::Member)).await.unwrap();
    AuditLog::append(
        store,
        &AuditEvent::new(AuditEventId::new(Uuid::from_u128(1)), AuditKind::LoginFailed, &origin(), NOW),
    )
    .await
    .unwrap();
}

async fn outbox(store: &Store<Recorder>) {
    let id = MailId::new(Uuid::from_u128(1));
    let mail = QueuedMail::new(id, MailKind::AddressTaken, email("a@example.com"), NOW);
    store.enqueue(&mail).await.unwrap();
    let mail = QueuedMail { id: MailId::new(Uuid::from_u128(2)), ..mail };
    Outbox::replace(store, &mail).await.unwrap();
    let lease = Lease { id: Uuid::from_u128(1), until: NOW + Duration::minutes(1) };
    store.lease(&lease, NOW, 50).await.unwrap();
    store.withdraw(invitation("a@example.com", Role::Member).id).await.unwrap();
    store.mark_sent(id, &lease, NOW).await.unwrap();
    for setback in
        [Setback::Retry { at: NOW, reason: "gone".to_owned() }, Setback::Dead { reason: "refused".to_owned() }]
    {
        store.mark_failed(id, &lease, &setback).await.unwrap();
    }
    store.list_by_recipient(user_id(1), Some(user(1).email)).await.unwrap();
    store.cancel_tokens(user_id(1), &user(1).email).await.unwrap();
    store.remove_of_account(user_id(1)).await.unwrap();
    store.remove_by_recipient(user_id(1), &user(1).email).await.unwrap();
    store.backlog().await.unwrap();
}

async fn scans(raw: &DatabaseConnection, statement: &Statement) -> Vec<String> {
    let mut explained = statement.clone();
    explained.sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
    let plan = raw.query_all_raw(explained).await.unwrap();
    let steps = plan.iter().map(|step| step.try_get::<String>("", "detail").unwrap());
    let walks = |step: &String| step.starts_with("SCAN ") && step != "SCAN CONSTANT ROW";
    let mut walks: Vec<_> = steps.filter(walks).collect();
    // What a bounded query within gave is read whole.
    if let Some(within) = walks.iter().position(|step| is_over_a_window(step, &statement.sql)) {
        walks.remove(within);
    }
    walks.into_iter().map(|step| format!("{step}: {}", statement.sql)).collect()
}

/// Whether the step reads what a query within the statement gave, which has a limit.
fn is_over_a_window(step: &str, sql: &str) -> bool {
    let Some((_, within)) = sql.split_once("FROM (SELECT") else { return false };
    !step.contains(" USING ") && within.split_once(") AS ").is_some_and(|(within, _)| within.contains("LIMIT"))
}

/// What superusers see is read along the key: all of it a page at a time, or whatever has a part of a text in it.
/// Narrowed otherwise, a page would be filled from the whole table.
fn is_page_of_all(scan: &str) -> bool {
    let along_key = scan.contains("ORDER BY") && scan.contains("LIMIT") && scan.contains(" INDEX ");
    along_key && (!scan.contains(" WHERE ") || scan.contains(" LIKE "))
}

#[tokio::test]
async fn no_statement_reads_a_whole_table() {
    let fresh = sqlite().await;
    let statements = Arc::<Mutex<Vec<Statement>>>::default();
    let store = Store::over(Recorder::new(fresh.raw().await, Arc::clone(&statements)));
    call_everything(&store).await;
    with_an_account(&store).await;
    let recorded = statements.lock().unwrap().clone();
    assert!(recorded.len() > 50);
    let raw = fresh.raw().await;
    let mut found = vec![];
    for statement in &recorded {
        found.extend(scans(&raw, statement).await);
    }
    found.retain(|scan| !is_page_of_all(scan));
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test]
async fn a_statement_without_an_index_is_noticed() {
    let fresh = sqlite().await;
    let raw = fresh.raw().await;
    let scan = Statement::from_string(DbBackend::Sqlite, "SELECT id FROM users WHERE password_hash = 'x'");
    assert_eq!(scans(&raw, &scan).await.len(), 1);
    let walk = "SELECT id FROM audit_events WHERE at < 'x' ORDER BY id DESC LIMIT 51";
    let walks = scans(&raw, &Statement::from_string(DbBackend::Sqlite, walk)).await;
    assert!(walks.len() == 1 && !is_page_of_all(&walks[0]), "{walks:?}");
}

/// A test of what every call reads is one of nothing for a call that is not in the list above.
#[test]
fn every_call_of_a_store_is_made_here() {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/persistence");
    let here = include_str!("plans.rs");
    let mut calls = 0;
    for file in std::fs::read_dir(source).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        for part in text.split("\nimpl<C: ConnectionTrait + Send + Sync> ").skip(1) {
            let Some((port, rest)) = part.split_once(" for Store<C> {\n") else { continue };
            // Of signing keys there are a few, read whole.
            if port == "SigningKeyRepository" {
                continue;
            }
            let (body, _) = rest.split_once("\n}").unwrap();
            for call in body.split("\n    async fn ").skip(1).map(|call| call.split('(').next().unwrap()) {
                let is_made = [format!(".{call}("), format!("{port}::{call}(")].iter().any(|made| here.contains(made));
                assert!(is_made, "{port}::{call}");
                calls += 1;
            }
        }
    }
    assert!(calls > 60, "{calls}");
}
