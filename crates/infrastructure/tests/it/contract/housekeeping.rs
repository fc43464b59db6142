//! Deleting what is no longer needed.

use countersign_application::mail::message::{MailKind, QueuedMail};
use countersign_application::policy::{Policy, Retention};
use countersign_application::ports::audit_log::AuditLog;
use countersign_application::ports::housekeeping::{Housekeeping, Purge};
use countersign_application::ports::invitation_repository::InvitationRepository;
use countersign_application::ports::one_time_token_repository::OneTimeTokenRepository;
use countersign_application::ports::outbox::{Lease, Outbox};
use countersign_application::ports::session_repository::SessionRepository;
use countersign_application::ports::sign_in_networks::SignInNetworks;
use countersign_application::ports::user_repository::UserRepository;
use countersign_application::testing::{NOW, email, invitation, origin, session, user, user_id};
use countersign_domain::audit::{AuditEvent, AuditKind};
use countersign_domain::ids::{AuditEventId, MailId, OneTimeTokenId};
use countersign_domain::network::Network;
use countersign_domain::one_time_token::{OneTimeToken, Purpose};
use countersign_domain::password::PasswordHash;
use countersign_domain::secret::TokenDigest;
use countersign_domain::session::Rotated;
use countersign_domain::team::role::Role;
use countersign_domain::user::User;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::persistence::fresh::{Fresh, on_each};

fn purge_at(now: OffsetDateTime) -> Purge {
    let policy = Policy::default();
    Purge { now, access_ttl: policy.access_ttl, reuse_window: policy.session.reuse_window, retention: policy.retention }
}

/// One row of each table that the purge looks after, alive at `NOW`; and two sent mails, one of them a decoy left over.
async fn populate(fresh: &Fresh) {
    let store = fresh.store();
    fresh.user(1).await;
    fresh.team(1).await;
    let mut rotated = session(1);
    rotated.previous = Some(Rotated { digest: TokenDigest::of(b"former"), at: NOW, sealed_successor: Some(vec![1]) });
    SessionRepository::insert(&store, &rotated).await.unwrap();
    let token = OneTimeToken {
        id: OneTimeTokenId::new(Uuid::from_u128(1)),
        user_id: None,
        purpose: Purpose::PasswordReset,
        digest: TokenDigest::of(b"decoy"),
        new_email: None,
        requested_by: None,
        created_at: NOW,
        expires_at: NOW + Duration::hours(1),
    };
    OneTimeTokenRepository::replace(&store, &token).await.unwrap();
    InvitationRepository::insert(&store, &invitation("a@example.com", Role::Member)).await.unwrap();
    let mail =
        |n| QueuedMail::new(MailId::new(Uuid::from_u128(n)), MailKind::AddressTaken, email("a@example.com"), NOW);
    store.enqueue(&mail(1)).await.unwrap();
    let lease = Lease { id: Uuid::from_u128(1), until: NOW + Duration::minutes(1) };
    store.lease(&lease, NOW, 1).await.unwrap();
    assert!(store.mark_sent(MailId::new(Uuid::from_u128(1)), &lease, NOW).await.unwrap());
    store.enqueue(&mail(2).as_decoy()).await.unwrap();
    store.enqueue(&mail(3).with_token(vec![1], NOW + Duration::minutes(2))).await.unwrap();
    let id = AuditEventId::new(Uuid::from_u128(1));
    store.append(&AuditEvent::new(id, AuditKind::LoginFailed, &origin(), NOW)).await.unwrap();
    store.remember(user_id(1), Network::logged([192, 0, 2, 7].into()), NOW).await.unwrap();
}

#[tokio::test]
async fn nothing_that_is_alive_is_purged() {
    on_each(|fresh| async move {
        populate(&fresh).await;
        let store = fresh.store();
        let housekeeping: &dyn Housekeeping = &store;
        assert_eq!(housekeeping.purge(&purge_at(NOW)).await.unwrap().removed, []);
        let session = SessionRepository::find_by_id(&store, session(1).id).await.unwrap().unwrap();
        assert!(session.previous.unwrap().sealed_successor.is_some());
    })
    .await;
}

#[tokio::test]
async fn sealed_tokens_and_successors_are_erased_when_their_time_is_over() {
    on_each(|fresh| async move {
        populate(&fresh).await;
        let store = fresh.store();
        store.purge(&purge_at(NOW + Duration::minutes(2))).await.unwrap();
        let session = SessionRepository::find_by_id(&store, session(1).id).await.unwrap().unwrap();
        assert_eq!(session.previous.unwrap().sealed_successor, None);
        let sealed = "SELECT CAST(COUNT(*) AS TEXT) FROM mails WHERE sealed_token IS NOT NULL";
        assert_eq!(fresh.text(sealed).await.as_deref(), Some("0"));
    })
    .await;
}

#[tokio::test]
async fn everything_goes_when_its_time_is_over_but_what_waits_to_be_sent() {
    on_each(|fresh| async move {
        populate(&fresh).await;
        let store = fresh.store();
        let report = store.purge(&purge_at(NOW + Duration::days(4_000))).await.unwrap();
        let expected = [
            ("sessions", 1),
            ("one_time_tokens", 1),
            ("invitations", 1),
            ("mails", 2),
            ("audit_events", 1),
            ("sign_in_networks", 1),
        ];
        assert_eq!(report.removed, expected);
        assert_eq!(store.backlog().await.unwrap().queued, 1);
        assert_eq!(store.purge(&purge_at(NOW + Duration::days(4_000))).await.unwrap().removed, []);
    })
    .await;
}

/// Periods that no two things share, so that none passes for another.
fn purge_by_own_periods_at(now: OffsetDateTime) -> Purge {
    let retention = Retention {
        audit: Duration::days(11),
        unverified_accounts: Duration::days(12),
        invitations: Duration::days(6),
        mails: Duration::days(17),
        sign_in_networks: Duration::days(19),
        mailbox: Duration::days(29),
    };
    Purge { now, access_ttl: Duration::minutes(7), reuse_window: Duration::seconds(30), retention }
}

#[tokio::test]
async fn each_thing_stays_to_the_end_of_its_own_period_and_no_longer() {
    on_each(|fresh| async move {
        populate(&fresh).await;
        let store = fresh.store();
        let mut short = session(2);
        (short.user_id, short.expires_at) = (user_id(1), NOW + Duration::days(2));
        SessionRepository::insert(&store, &short).await.unwrap();
        let after = |period: Duration| NOW + period;
        let invitation_ttl = Duration::days(7);
        let ends = [
            (after(Duration::hours(1)), vec![("one_time_tokens", 1), ("mails", 1)]),
            (after(Duration::days(2) + Duration::minutes(7)), vec![("sessions", 1)]),
            (after(Duration::days(11)), vec![("audit_events", 1)]),
            (after(invitation_ttl + Duration::days(6)), vec![("invitations", 1)]),
            (after(Duration::days(17)), vec![("mails", 1)]),
            (after(Duration::days(19)), vec![("sign_in_networks", 1)]),
            (after(Duration::days(30) + Duration::minutes(7)), vec![("sessions", 1)]),
        ];
        for (end, expected) in ends {
            let before = store.purge(&purge_by_own_periods_at(end - Duration::milliseconds(1))).await.unwrap();
            assert_eq!(before.removed, [], "just before {end}");
            let after = store.purge(&purge_by_own_periods_at(end + Duration::milliseconds(1))).await.unwrap();
            assert_eq!(after.removed, expected, "just after {end}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_ended_session_is_kept_as_long_as_its_access_tokens_may_live() {
    on_each(|fresh| async move {
        let store = fresh.store();
        fresh.user(1).await;
        let session = fresh.session(1).await;
        store.end(user_id(1), session.id, NOW).await.unwrap();
        let access_ttl = Policy::default().access_ttl;
        assert_eq!(store.purge(&purge_at(NOW + access_ttl)).await.unwrap().removed, []);
        let later = NOW + access_ttl + Duration::milliseconds(1);
        assert_eq!(store.purge(&purge_at(later)).await.unwrap().removed, [("sessions", 1)]);
    })
    .await;
}

#[tokio::test]
async fn sign_ins_of_an_unverified_account_are_kept_while_they_say_that_it_is_in_use() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let unverified = User { email_verified: false, ..user(1) };
        UserRepository::insert(&store, &unverified, &PasswordHash::new("hash")).await.unwrap();
        fresh.user(2).await;
        let network = Network::logged([192, 0, 2, 7].into());
        for n in [1, 2] {
            store.remember(user_id(n), network, NOW).await.unwrap();
        }
        let mut purge = purge_at(NOW + Duration::days(2));
        purge.retention.sign_in_networks = Duration::DAY;
        assert_eq!(store.purge(&purge).await.unwrap().removed, [("sign_in_networks", 1)]);
        assert_eq!(SignInNetworks::list_by_user(&store, user_id(1)).await.unwrap().len(), 1);
        purge.now = NOW + Duration::days(31);
        assert_eq!(store.purge(&purge).await.unwrap().removed, [("sign_in_networks", 1)]);
    })
    .await;
}

#[tokio::test]
async fn more_than_a_batch_of_sealed_tokens_is_erased_in_one_run() {
    on_each(|fresh| async move {
        let uow = fresh.begin().await;
        for n in 0..1_500 {
            let id = MailId::new(Uuid::from_u128(n));
            let mail = QueuedMail::new(id, MailKind::AddressTaken, email("a@example.com"), NOW);
            uow.outbox().enqueue(&mail.with_token(vec![1], NOW + Duration::minutes(2))).await.unwrap();
        }
        uow.commit().await.unwrap();
        fresh.store().purge(&purge_at(NOW + Duration::minutes(2))).await.unwrap();
        let sealed = "SELECT CAST(COUNT(*) AS TEXT) FROM mails WHERE sealed_token IS NOT NULL";
        assert_eq!(fresh.text(sealed).await.as_deref(), Some("0"));
    })
    .await;
}

#[tokio::test]
async fn more_than_a_batch_is_purged_in_several_statements() {
    on_each(|fresh| async move {
        let uow = fresh.begin().await;
        for n in 0..1_500 {
            let id = AuditEventId::new(Uuid::from_u128(n));
            uow.audit().append(&AuditEvent::new(id, AuditKind::LoginFailed, &origin(), NOW)).await.unwrap();
        }
        uow.commit().await.unwrap();
        let report = fresh.store().purge(&purge_at(NOW + Duration::days(4_000))).await.unwrap();
        assert_eq!(report.removed, [("audit_events", 1_500)]);
    })
    .await;
}
