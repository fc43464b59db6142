//! What is said about personal data is so.

use std::net::IpAddr;

use countersign_application::account::removal::{AccountRemoval, RemovalCause};
use countersign_application::mail::message::{MailKind, QueuedMail};
use countersign_application::ports::audit_log::AuditLog as _;
use countersign_application::ports::erasures::{Erasures as _, WATCH};
use countersign_application::ports::outbox::Lease;
use countersign_application::testing::{
    Mocks, NOW, email, invitation, membership, name, one_time_token, session, team, user, user_id,
};
use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::ids::{AuditEventId, InvitationId, MailId, OneTimeTokenId, SessionId};
use countersign_domain::invitation::Invitation;
use countersign_domain::network::Network;
use countersign_domain::one_time_token::{OneTimeToken, Purpose};
use countersign_domain::password::PasswordHash;
use countersign_domain::secret::TokenDigest;
use countersign_domain::session::{Rotated, Session};
use countersign_domain::team::role::Role;
use countersign_domain::user::User;
use countersign_infrastructure::persistence::personal_data::{Erasure, PersonalData, STORED_COLUMNS};
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, Statement};
use time::Duration;
use uuid::Uuid;

use crate::persistence::fresh::{Fresh, on_each};

/// Stands in every value that is the person's; of octets, in place of a digest too.
const MARK: &str = "markmarkmarkmarkmarkmarkmarkmark";
const ADDRESS: &str = "mark.person@example.com";
const FORMER: &str = "mark.former@example.com";
const NEW: &str = "mark.new@example.com";
const IP: &str = "203.0.113.77";
const PROGRAM: &str = "mark-agent";

fn signs(backend: DbBackend) -> Vec<String> {
    let id = user_id(1).as_uuid();
    let octets = |text: &str| text.bytes().map(|octet| format!("{octet:02x}")).collect::<String>();
    let network = Network::logged(IP.parse().unwrap()).to_string();
    let texts = ["mark", IP, network.as_str()];
    let mut signs: Vec<String> = texts.iter().flat_map(|text| [(*text).to_owned(), octets(text)]).collect();
    signs.push(octets(MARK));
    signs.push(if backend == DbBackend::Sqlite { id.simple().to_string() } else { id.to_string() });
    signs
}

fn person() -> User {
    User { email: email(ADDRESS), first_name: name("Markfirst"), last_name: name("Marklast"), ..user(1) }
}

fn digest() -> TokenDigest {
    TokenDigest::from_stored(MARK.as_bytes()).unwrap()
}

/// Every place where something about the person can be, among the data of others.
async fn fill(fresh: &Fresh) {
    for other in [2, 3] {
        fresh.user(other).await;
    }
    let uow = fresh.begin().await;
    let origin = Origin {
        ip: Some(IP.parse::<IpAddr>().unwrap()),
        user_agent: Some(PROGRAM.to_owned()),
        request_id: Some("request".to_owned()),
    };
    uow.users().insert(&person(), &PasswordHash::new(MARK)).await.unwrap();
    let previous = Rotated { digest: digest(), at: NOW, sealed_successor: Some(MARK.into()) };
    let session = Session {
        family: digest(),
        current: digest(),
        previous: Some(previous),
        ip: origin.ip,
        user_agent: Some(PROGRAM.to_owned()),
        sign_in_ip: origin.ip,
        sign_in_user_agent: Some(PROGRAM.to_owned()),
        ended_at: Some(NOW),
        ..session(1)
    };
    uow.sessions().insert(&session).await.unwrap();
    uow.networks().remember(user_id(1), Network::logged(origin.ip.unwrap()), NOW).await.unwrap();
    for (n, purpose) in
        [Purpose::PasswordReset, Purpose::EmailVerification, Purpose::EmailChange].into_iter().enumerate()
    {
        let id = OneTimeTokenId::new(Uuid::from_u128(0x5100 + n as u128));
        let changes = purpose == Purpose::EmailChange;
        let token = OneTimeToken {
            id,
            digest: if changes { digest() } else { TokenDigest::of(&[u8::try_from(n).unwrap()]) },
            new_email: changes.then(|| email(NEW)),
            requested_by: changes.then_some(SessionId::new(session.id.as_uuid())),
            ..one_time_token(purpose, "x")
        };
        uow.one_time_tokens().replace(&token).await.unwrap();
    }
    // The person's own team, and one that another member administers too.
    let shared =
        countersign_domain::team::Team { id: countersign_domain::ids::TeamId::new(Uuid::from_u128(0x3900)), ..team(2) };
    for team in [&team(1), &shared] {
        uow.teams().insert(team).await.unwrap();
        let of =
            |n| countersign_domain::team::membership::Membership { team_id: team.id, ..membership(n, Role::Admin) };
        uow.memberships().insert(&of(1)).await.unwrap();
        if team.id == shared.id {
            uow.memberships().insert(&of(2)).await.unwrap();
        }
    }
    let invite = |n: u8, address: &str, by: Option<u64>, accepted: Option<u64>, digest| Invitation {
        id: InvitationId::new(Uuid::from_u128(0x4100 + u128::from(n))),
        team_id: shared.id,
        digest,
        invited_by: by.map(user_id),
        accepted_by: accepted.map(user_id),
        ..invitation(address, Role::Member)
    };
    let to_person = invite(1, ADDRESS, Some(2), Some(1), digest());
    let by_person = invite(2, "somebody.else@example.com", Some(1), None, TokenDigest::of(b"2"));
    uow.invitations().insert(&to_person).await.unwrap();
    uow.invitations().insert(&by_person).await.unwrap();
    let letter = |inviter: &str| MailKind::Invitation {
        team_name: "Engines".to_owned(),
        inviter_name: inviter.to_owned(),
        role: Role::Member,
    };
    let mail = |n: u8, kind, recipient: &str| {
        QueuedMail::new(MailId::new(Uuid::from_u128(0x6100 + u128::from(n))), kind, email(recipient), NOW)
    };
    for mail in [
        QueuedMail {
            recipient_name: Some("Markfirst".to_owned()),
            user_id: Some(user_id(1)),
            sealed_token: Some(MARK.into()),
            token_expires_at: Some(NOW),
            ..mail(1, MailKind::VerifyAddress, ADDRESS)
        },
        QueuedMail { user_id: Some(user_id(1)), ..mail(2, MailKind::AddressChanged, FORMER) },
        QueuedMail { invitation_id: Some(to_person.id), ..mail(3, letter("Firstname Surname"), ADDRESS) },
        QueuedMail {
            invitation_id: Some(by_person.id),
            ..mail(4, letter("Markfirst Marklast"), "somebody.else@example.com")
        },
    ] {
        uow.outbox().enqueue(&mail).await.unwrap();
    }
    for (n, kind) in
        [AuditKind::LoginFailed, AuditKind::RoleChanged, AuditKind::AccountExported].into_iter().enumerate()
    {
        let event = AuditEvent::new(AuditEventId::new(Uuid::from_u128(0x7100 + n as u128)), kind, &origin, NOW);
        let event = if n == 1 { event.by(user_id(1)).about(user_id(2)) } else { event.about(user_id(1)) };
        uow.audit().append(&event).await.unwrap();
    }
    // As if it had been asked to go before.
    uow.erasures().note(user_id(1), NOW).await.unwrap();
    uow.commit().await.unwrap();
}

/// The mail of [`fill`] that names the person to somebody else is on its way out.
async fn send_mails(fresh: &Fresh) {
    let store = fresh.store();
    let outbox: &dyn countersign_application::ports::outbox::Outbox = &store;
    let lease = Lease { id: Uuid::from_u128(0x8100), until: NOW + Duration::minutes(5) };
    for leased in outbox.lease(&lease, NOW, 10).await.unwrap() {
        if leased.mail.recipient == email("somebody.else@example.com") {
            assert!(outbox.mark_sent(leased.mail.id, &lease, NOW).await.unwrap());
        }
    }
}

async fn texts(raw: &DatabaseConnection, table: &str, column: &str) -> Vec<String> {
    let sql = match raw.get_database_backend() {
        DbBackend::Sqlite => format!(
            "SELECT CASE typeof({column}) WHEN 'blob' THEN hex({column}) ELSE CAST({column} AS TEXT) END FROM {table} WHERE {column} IS NOT NULL"
        ),
        _ => format!("SELECT CAST({column} AS TEXT) FROM {table} WHERE {column} IS NOT NULL"),
    };
    let rows = raw.query_all_raw(Statement::from_string(raw.get_database_backend(), sql)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index::<String>(0).unwrap().to_lowercase()).collect()
}

#[tokio::test]
async fn every_column_is_classified() {
    on_each(|fresh| async move {
        let classified: Vec<_> =
            STORED_COLUMNS.iter().map(|column| (column.table.to_owned(), column.name.to_owned())).collect();
        assert_eq!(fresh.database().columns().await.unwrap(), classified);
    })
    .await;
}

#[tokio::test]
async fn after_an_erasure_no_value_of_the_person_is_left() {
    on_each(|fresh| async move {
        fill(&fresh).await;
        send_mails(&fresh).await;
        let raw = fresh.raw().await;
        let signs = signs(raw.get_database_backend());
        let marked = |text: &String| signs.iter().any(|sign| text.contains(sign.as_str()));
        for column in STORED_COLUMNS {
            let Some(PersonalData { .. }) = column.personal else { continue };
            let values = texts(&raw, column.table, column.name).await;
            assert!(!values.is_empty(), "{}.{} is not part of this test", column.table, column.name);
        }

        let dependencies = Mocks::default().into_dependencies();
        let uow = fresh.begin().await;
        uow.users().lock(user_id(1)).await.unwrap();
        let origin = Origin { ip: Some(IP.parse().unwrap()), user_agent: Some(PROGRAM.to_owned()), request_id: None };
        let removal = AccountRemoval::new(&dependencies);
        removal.remove(&*uow, &person(), RemovalCause::Owner, &origin, NOW).await.unwrap();
        uow.commit().await.unwrap();
        assert!(fresh.store().erase(user_id(1), 1, NOW).await.unwrap());
        // A request of before that ends only now.
        let late = AuditEvent::new(AuditEventId::new(Uuid::from_u128(0x7200)), AuditKind::LoginFailed, &origin, NOW);
        fresh.store().append(&late.about(user_id(1))).await.unwrap();
        assert!(fresh.store().erase(user_id(1), 1, NOW + WATCH).await.unwrap());

        for column in STORED_COLUMNS {
            let kept = column.personal.is_some_and(|personal| personal.erasure == Erasure::RandomId);
            let left: Vec<_> = texts(&raw, column.table, column.name).await.into_iter().filter(&marked).collect();
            assert!(kept || left.is_empty(), "{}.{} still has {left:?}", column.table, column.name);
            let names = ["mark", IP];
            assert!(left.iter().all(|value| names.iter().all(|name| !value.contains(name))), "{left:?}");
        }
        let others = texts(&raw, "users", "email").await;
        assert_eq!(others.len(), 2, "others stay: {others:?}");
    })
    .await;
}

#[test]
fn the_privacy_notice_names_every_table_that_holds_something_about_people() {
    let notice = include_str!("../../../../../docs/privacy.md");
    for column in STORED_COLUMNS.iter().filter(|column| column.personal.is_some()) {
        assert!(notice.contains(&format!("`{}`", column.table)), "{} is not in the notice", column.table);
    }
}
