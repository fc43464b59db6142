//! Mails that wait to be sent.

use countersign_application::mail::message::{MailKind, QueuedMail};
use countersign_application::ports::invitation_repository::InvitationRepository;
use countersign_application::ports::outbox::{Backlog, HeldMail, Lease, LeasedMail, Outbox, Setback};
use countersign_application::testing::{NOW, email, invitation, user, user_id};
use countersign_domain::ids::{InvitationId, MailId};
use countersign_domain::invitation::{Delivery, Invitation};
use countersign_domain::secret::TokenDigest;
use countersign_domain::team::role::Role;
use countersign_domain::user::User;
use sea_orm::{ConnectionTrait as _, TransactionTrait as _};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::persistence::fresh::{on_each, on_postgres};

/// For what takes milliseconds, on a machine that others use too.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

fn mail(n: u128, kind: MailKind) -> QueuedMail {
    QueuedMail::new(MailId::new(Uuid::from_u128(n)), kind, email("user1@example.com"), NOW)
}

fn lease(n: u128, from: OffsetDateTime) -> Lease {
    Lease { id: Uuid::from_u128(n), until: from + Duration::minutes(5) }
}

async fn leased(outbox: &dyn Outbox, n: u128, at: OffsetDateTime) -> Vec<MailId> {
    let leased = outbox.lease(&lease(n, at), at, 10).await.unwrap();
    leased.into_iter().map(|leased| leased.mail.id).collect()
}

#[tokio::test]
async fn every_kind_of_mail_reads_back() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        let user = fresh.user(1).await;
        let (team_name, inviter_name) = ("50% \"Looms\"".to_owned(), "Given".to_owned());
        let kinds = [
            MailKind::VerifyAddress,
            MailKind::ResetPassword,
            MailKind::PasswordChanged,
            MailKind::ConfirmNewAddress,
            MailKind::AddressChanged,
            MailKind::AddressTaken,
            MailKind::Invitation {
                team_name: team_name.clone(),
                inviter_name: inviter_name.clone(),
                role: Role::Admin,
            },
            MailKind::AddedToTeam { team_name, inviter_name, role: Role::Member },
            MailKind::SuspiciousActivity,
        ];
        let mut queued = vec![];
        for (n, kind) in (1..).zip(kinds) {
            let mail = mail(n, kind).to_account(&user).with_token(vec![0, 1, 255], NOW + Duration::hours(1));
            outbox.enqueue(&mail).await.unwrap();
            queued.push(LeasedMail { mail, attempts: 0 });
        }
        assert_eq!(outbox.lease(&lease(1, NOW), NOW, 50).await.unwrap(), queued);
    })
    .await;
}

#[tokio::test]
async fn a_leased_mail_is_nobody_elses_until_the_lease_ends() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        outbox.enqueue(&mail(1, MailKind::AddressTaken)).await.unwrap();
        assert_eq!(leased(outbox, 1, NOW - Duration::milliseconds(1)).await, [], "not due yet");
        let [id] = leased(outbox, 1, NOW).await[..] else { panic!("one") };
        assert_eq!(leased(outbox, 2, NOW + Duration::minutes(4)).await, []);
        let late = NOW + Duration::minutes(5);
        assert_eq!(leased(outbox, 2, late).await, [id]);
        let lost = lease(1, NOW);
        assert!(!outbox.mark_sent(id, &lost, late).await.unwrap());
        let setback = Setback::Dead { reason: "550".to_owned() };
        assert!(!outbox.mark_failed(id, &lost, &setback).await.unwrap());
        assert!(outbox.mark_sent(id, &lease(2, late), late).await.unwrap());
        assert!(!outbox.mark_sent(id, &lease(2, late), late).await.unwrap(), "sent once");
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_another_worker_holds_is_passed_over_and_not_waited_for() {
    on_postgres(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        for n in 1..=3 {
            outbox.enqueue(&mail(n, MailKind::AddressTaken)).await.unwrap();
        }
        let id = |n| MailId::new(Uuid::from_u128(n));
        let another = fresh.raw().await;
        let held = another.begin().await.unwrap();
        let first = format!("SELECT 1 FROM mails WHERE id = '{}' FOR UPDATE", id(1));
        held.execute_unprepared(&first).await.unwrap();
        // Whoever waited would do so until it is let go.
        let others = tokio::time::timeout(PATIENCE, leased(outbox, 1, NOW)).await.expect("no wait");
        assert_eq!(others, [id(2), id(3)]);
        held.rollback().await.unwrap();
        assert_eq!(leased(outbox, 2, NOW).await, [id(1)]);
    })
    .await;
}

#[tokio::test]
async fn the_longest_waiting_come_first_and_no_more_than_asked_for() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        for (n, waited) in [(1, 1), (2, 3), (3, 2)] {
            let mut mail = mail(n, MailKind::AddressTaken);
            mail.created_at = NOW - Duration::milliseconds(waited);
            outbox.enqueue(&mail).await.unwrap();
        }
        let first = outbox.lease(&lease(1, NOW), NOW, 2).await.unwrap();
        assert_eq!(first.iter().map(|l| l.mail.id.as_uuid().as_u128()).collect::<Vec<_>>(), [2, 3]);
        let rest = outbox.lease(&lease(2, NOW), NOW, 2).await.unwrap();
        assert_eq!(rest.iter().map(|l| l.mail.id.as_uuid().as_u128()).collect::<Vec<_>>(), [1]);
    })
    .await;
}

#[tokio::test]
async fn a_failed_attempt_is_counted_and_tried_again_when_told() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        let queued = mail(1, MailKind::AddressTaken).with_token(vec![1], NOW + Duration::hours(1));
        outbox.enqueue(&queued).await.unwrap();
        leased(outbox, 1, NOW).await;
        let retry = Setback::Retry { at: NOW + Duration::minutes(1), reason: "421".to_owned() };
        assert!(outbox.mark_failed(queued.id, &lease(1, NOW), &retry).await.unwrap());
        assert_eq!(leased(outbox, 2, NOW + Duration::seconds(59)).await, []);
        let at = NOW + Duration::minutes(1);
        let again = outbox.lease(&lease(3, at), at, 10).await.unwrap();
        assert_eq!(again, [LeasedMail { mail: queued.clone(), attempts: 1 }]);
        let dead = Setback::Dead { reason: "550".to_owned() };
        assert!(outbox.mark_failed(queued.id, &lease(3, at), &dead).await.unwrap());
        assert_eq!(leased(outbox, 4, at + Duration::days(1)).await, []);
        assert_eq!(outbox.backlog().await.unwrap(), Backlog { queued: 0, oldest: None, dead: 1 });
    })
    .await;
}

#[tokio::test]
async fn a_token_is_erased_once_its_mail_is_sent_or_given_up() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        for n in 1..=2 {
            let queued = mail(n, MailKind::ResetPassword).with_token(vec![1], NOW + Duration::hours(1));
            outbox.enqueue(&queued).await.unwrap();
        }
        leased(outbox, 1, NOW).await;
        let id = |n| MailId::new(Uuid::from_u128(n));
        outbox.mark_sent(id(1), &lease(1, NOW), NOW).await.unwrap();
        let dead = Setback::Dead { reason: "550".to_owned() };
        outbox.mark_failed(id(2), &lease(1, NOW), &dead).await.unwrap();
        let kept = "SELECT CAST(COUNT(*) AS TEXT) FROM mails WHERE sealed_token IS NOT NULL";
        assert_eq!(fresh.text(kept).await.as_deref(), Some("0"));
    })
    .await;
}

#[tokio::test]
async fn a_decoy_is_leased_like_any_mail_and_then_removed() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        outbox.enqueue(&mail(1, MailKind::ResetPassword).as_decoy()).await.unwrap();
        assert_eq!(outbox.backlog().await.unwrap(), Backlog::default());
        let [id] = leased(outbox, 1, NOW).await[..] else { panic!("one") };
        assert!(!outbox.mark_sent(id, &lease(2, NOW), NOW).await.unwrap());
        assert!(outbox.mark_sent(id, &lease(1, NOW), NOW).await.unwrap());
        assert_eq!(fresh.text("SELECT CAST(COUNT(*) AS TEXT) FROM mails").await.as_deref(), Some("0"));
    })
    .await;
}

#[tokio::test]
async fn a_new_mail_replaces_unsent_ones_of_the_same_kind_and_account() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        let [first, second] = [fresh.user(1).await, fresh.user(2).await];
        outbox.enqueue(&mail(1, MailKind::ResetPassword).to_account(&first)).await.unwrap();
        outbox.enqueue(&mail(2, MailKind::VerifyAddress).to_account(&first)).await.unwrap();
        outbox.enqueue(&mail(3, MailKind::ResetPassword).to_account(&second)).await.unwrap();
        outbox.enqueue(&mail(4, MailKind::ResetPassword).as_decoy()).await.unwrap();
        leased(outbox, 1, NOW).await;
        outbox.replace(&mail(5, MailKind::ResetPassword).to_account(&first)).await.unwrap();
        outbox.replace(&mail(6, MailKind::ResetPassword).as_decoy()).await.unwrap();
        let id = |n| MailId::new(Uuid::from_u128(n));
        assert!(!outbox.mark_sent(id(1), &lease(1, NOW), NOW).await.unwrap(), "its token is dead");
        let left: Vec<_> = leased(outbox, 2, NOW + Duration::minutes(6)).await;
        assert_eq!(left, [2, 3, 4, 5, 6].map(id));
    })
    .await;
}

#[tokio::test]
async fn a_notice_replaces_those_to_the_same_address_only() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        let user = fresh.user(1).await;
        let to = |n, address: &str| {
            let mut notice = mail(n, MailKind::AddressChanged).to_account(&user);
            notice.recipient = email(address);
            notice
        };
        for (n, address) in [(1, "first@example.com"), (2, "second@example.com"), (3, "second@example.com")] {
            outbox.replace(&to(n, address)).await.unwrap();
        }
        assert_eq!(leased(outbox, 1, NOW).await, [1, 3].map(|n| MailId::new(Uuid::from_u128(n))));
    })
    .await;
}

#[tokio::test]
async fn mails_of_an_invitation_are_replaced_by_invitation_and_not_by_account() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        let user = fresh.user(1).await;
        fresh.team(1).await;
        fresh.team(2).await;
        let of = |n: u64| {
            let mut invitation = invitation("user1@example.com", Role::Member);
            invitation.id = InvitationId::new(Uuid::from_u128(u128::from(n)));
            invitation.team_id = countersign_application::testing::team(n).id;
            invitation.digest = TokenDigest::of(&n.to_be_bytes());
            invitation
        };
        for n in [1, 2] {
            InvitationRepository::insert(&store, &of(n)).await.unwrap();
            let queued = mail(u128::from(n), MailKind::PasswordChanged).to_account(&user).for_invitation(of(n).id);
            outbox.enqueue(&queued).await.unwrap();
        }
        let again = mail(3, MailKind::PasswordChanged).to_account(&user).for_invitation(of(2).id);
        outbox.replace(&again).await.unwrap();
        assert_eq!(leased(outbox, 1, NOW).await, [1, 3].map(|n| MailId::new(Uuid::from_u128(n))));
        InvitationRepository::remove_by_email(&store, &of(1).email).await.unwrap();
        assert_eq!(outbox.backlog().await.unwrap().queued, 0, "mails go with their invitation");
    })
    .await;
}

#[tokio::test]
async fn the_unsent_mail_of_a_withdrawn_invitation_loses_its_token_and_is_not_sent() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        fresh.team(1).await;
        let invitation = Invitation { invited_by: None, ..invitation("user1@example.com", Role::Member) };
        InvitationRepository::insert(&store, &invitation).await.unwrap();
        let letter = |n, kind| mail(n, kind).for_invitation(invitation.id);
        let token = |mail: QueuedMail| mail.with_token(vec![1], NOW + Duration::hours(1));
        let id = |n| MailId::new(Uuid::from_u128(n));
        outbox.enqueue(&token(letter(1, MailKind::PasswordChanged))).await.unwrap();
        assert_eq!(leased(outbox, 1, NOW).await, [id(1)]);
        assert!(outbox.mark_sent(id(1), &lease(1, NOW), NOW).await.unwrap());
        outbox.enqueue(&token(letter(2, MailKind::PasswordChanged))).await.unwrap();
        outbox.enqueue(&token(mail(3, MailKind::PasswordChanged))).await.unwrap();
        assert_eq!(leased(outbox, 2, NOW).await, [id(2), id(3)]);

        outbox.withdraw(invitation.id).await.unwrap();
        assert!(!outbox.mark_sent(id(2), &lease(2, NOW), NOW).await.unwrap(), "the lease ended");
        assert_eq!(leased(outbox, 3, NOW + Duration::hours(1)).await, [id(3)]);
        assert_eq!(outbox.backlog().await.unwrap().dead, 0, "nobody has to look after it");
        let sealed = fresh.text("SELECT CAST(COUNT(sealed_token) AS TEXT) FROM mails").await;
        assert_eq!(sealed.as_deref(), Some("1"));
        let sent = fresh.text("SELECT CAST(COUNT(*) AS TEXT) FROM mails WHERE status = 'sent'").await;
        assert_eq!(sent.as_deref(), Some("1"), "what was sent stays sent");
    })
    .await;
}

#[tokio::test]
async fn mails_are_removed_by_account_or_address_and_tokens_cancelled_by_both() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        let [first, second] = [fresh.user(1).await, fresh.user(2).await];
        let token = |mail: QueuedMail| mail.with_token(vec![1], NOW + Duration::hours(1));
        let mut to_other = token(mail(1, MailKind::ConfirmNewAddress).to_account(&first));
        to_other.recipient = email("new@example.com");
        outbox.enqueue(&to_other).await.unwrap();
        outbox.enqueue(&token(mail(2, MailKind::ResetPassword).to_account(&first))).await.unwrap();
        outbox.enqueue(&mail(3, MailKind::PasswordChanged).to_account(&first)).await.unwrap();
        outbox.enqueue(&token(mail(4, MailKind::ResetPassword).to_account(&second))).await.unwrap();
        outbox.enqueue(&mail(5, MailKind::AddressTaken)).await.unwrap();
        outbox.cancel_tokens(first.id, &user(1).email).await.unwrap();
        let id = |n| MailId::new(Uuid::from_u128(n));
        assert_eq!(leased(outbox, 1, NOW).await, [1, 3, 4, 5].map(id));
        let mut to_second = mail(6, MailKind::AddressTaken);
        to_second.recipient = second.email;
        outbox.enqueue(&to_second).await.unwrap();
        outbox.remove_by_recipient(first.id, &first.email).await.unwrap();
        assert_eq!(leased(outbox, 2, NOW + Duration::hours(1)).await, [id(6)], "4 and 5 went to that address");
    })
    .await;
}

#[tokio::test]
async fn mails_of_an_account_go_without_those_to_the_owner_of_its_address() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        let account = fresh.user(1).await;
        fresh.user(2).await;
        outbox.enqueue(&mail(1, MailKind::PasswordChanged).to_account(&account)).await.unwrap();
        let mut to_owner = mail(2, MailKind::AddressTaken);
        to_owner.recipient = account.email;
        outbox.enqueue(&to_owner).await.unwrap();
        outbox.enqueue(&mail(3, MailKind::PasswordChanged).to_account(&user(2))).await.unwrap();
        outbox.remove_of_account(user(1).id).await.unwrap();
        assert_eq!(leased(outbox, 1, NOW).await, [2, 3].map(|n| MailId::new(Uuid::from_u128(n))));
    })
    .await;
}

#[tokio::test]
async fn the_backlog_tells_how_many_wait_and_for_how_long() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        for (n, waited) in [(1, 1), (2, 3), (3, 2)] {
            let mut mail = mail(n, MailKind::AddressTaken);
            mail.created_at = NOW - Duration::seconds(waited);
            outbox.enqueue(&mail).await.unwrap();
        }
        let oldest = Some(NOW - Duration::seconds(3));
        assert_eq!(outbox.backlog().await.unwrap(), Backlog { queued: 3, oldest, dead: 0 });
    })
    .await;
}

#[tokio::test]
async fn a_mail_that_cannot_be_read_is_given_up_and_holds_up_no_other() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        outbox.enqueue(&mail(1, MailKind::AddressTaken)).await.unwrap();
        fresh.raw().await.execute_unprepared("UPDATE mails SET kind = 'of a later version'").await.unwrap();
        outbox.enqueue(&mail(2, MailKind::AddressTaken)).await.unwrap();
        assert_eq!(leased(outbox, 1, NOW).await, [MailId::new(Uuid::from_u128(2))]);
        assert_eq!(outbox.backlog().await.unwrap().dead, 1);
    })
    .await;
}

#[tokio::test]
async fn a_settled_mail_no_longer_names_whoever_invited() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        let named = || MailKind::AddedToTeam {
            team_name: "Looms".to_owned(),
            inviter_name: "First Last".to_owned(),
            role: Role::Member,
        };
        for n in [1, 2] {
            outbox.enqueue(&mail(n, named())).await.unwrap();
        }
        let sql = "SELECT CAST(COUNT(*) AS TEXT) FROM mails WHERE params LIKE '%Last%'";
        let [sent, dead] = leased(outbox, 1, NOW).await[..] else { panic!("two") };
        assert_eq!(fresh.text(sql).await.as_deref(), Some("2"));
        assert!(outbox.mark_sent(sent, &lease(1, NOW), NOW).await.unwrap());
        let setback = Setback::Dead { reason: "550".to_owned() };
        assert!(outbox.mark_failed(dead, &lease(1, NOW), &setback).await.unwrap());
        assert_eq!(fresh.text(sql).await.as_deref(), Some("0"));
    })
    .await;
}

#[tokio::test]
async fn mails_about_an_account_and_to_its_address_are_listed_for_an_export() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let outbox: &dyn Outbox = &store;
        let (user, another) = (fresh.user(1).await, fresh.user(2).await);
        let to = |n, kind, address: &str| QueuedMail { recipient: email(address), ..mail(n, kind) };
        let former = User { email: email("former@example.com"), ..user.clone() };
        for mail in [
            to(1, MailKind::AddressChanged, "former@example.com").to_account(&former),
            mail(2, MailKind::AddressTaken),
            mail(3, MailKind::ConfirmNewAddress).to_account(&another),
            mail(4, MailKind::ResetPassword).as_decoy(),
            to(5, MailKind::AddressTaken, "user2@example.com"),
            // Asked for by the account: the one is free, and the other is taken, which must not show.
            to(6, MailKind::ConfirmNewAddress, "free@example.com").to_account(&user),
            to(7, MailKind::ConfirmNewAddress, "taken@example.com").to_account(&user).as_decoy(),
        ] {
            outbox.enqueue(&mail).await.unwrap();
        }
        let lease = lease(1, NOW);
        outbox.lease(&lease, NOW, 10).await.unwrap();
        let id = |n| MailId::new(Uuid::from_u128(n));
        assert!(outbox.mark_sent(id(1), &lease, NOW).await.unwrap());
        assert!(outbox.mark_failed(id(2), &lease, &Setback::Dead { reason: "550".to_owned() }).await.unwrap());

        let held = |kind: &str, to: &str, delivery| HeldMail {
            kind: kind.to_owned(),
            recipient: email(to),
            recipient_name: None,
            delivery,
            created_at: NOW,
            sent_at: None,
        };
        let about = HeldMail {
            recipient_name: Some("Firstname".to_owned()),
            sent_at: Some(NOW),
            ..held("address_changed", "former@example.com", Delivery::Sent)
        };
        // The one about the other account keeps that account's name to itself.
        let to_address = [
            held("address_taken", "user1@example.com", Delivery::Failed),
            held("confirm_new_address", "user1@example.com", Delivery::Queued),
        ];
        let all: Vec<_> = [about.clone()].into_iter().chain(to_address).collect();
        assert_eq!(outbox.list_by_recipient(user_id(1), Some(user.email)).await.unwrap(), all);
        assert_eq!(outbox.list_by_recipient(user_id(1), None).await.unwrap(), [about]);
        // Once it is sent, and once the account has the address.
        assert!(outbox.mark_sent(id(6), &lease, NOW).await.unwrap());
        assert!(outbox.mark_sent(id(7), &lease, NOW).await.unwrap());
        let kinds = |held: Vec<HeldMail>| held.into_iter().map(|mail| mail.kind).collect::<Vec<_>>();
        let before = outbox.list_by_recipient(user_id(1), Some(email("elsewhere@example.com"))).await.unwrap();
        assert_eq!(kinds(before), ["address_changed"]);
        let after = outbox.list_by_recipient(user_id(1), Some(email("free@example.com"))).await.unwrap();
        assert_eq!(kinds(after), ["address_changed", "confirm_new_address"]);
    })
    .await;
}
