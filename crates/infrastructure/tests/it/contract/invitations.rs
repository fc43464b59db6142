//! Invitations.

use countersign_application::error::{Conflict, WriteError};
use countersign_application::mail::message::{MailKind, QueuedMail};
use countersign_application::ports::invitation_repository::InvitationRepository;
use countersign_application::ports::listings::Listings;
use countersign_application::ports::outbox::{Lease, Outbox, Setback};
use countersign_application::ports::user_repository::UserRepository;
use countersign_application::testing::{NOW, email, invitation, team, user_id};
use countersign_domain::ids::{InvitationId, MailId};
use countersign_domain::invitation::{Delivery, Invitation, InvitationState};
use countersign_domain::page::{Cursor, PageRequest};
use countersign_domain::secret::TokenDigest;
use countersign_domain::team::role::Role;
use time::Duration;
use uuid::Uuid;

use crate::persistence::fresh::on_each;

/// The n-th invitation, of an address of its own.
fn nth(n: u128) -> Invitation {
    let mut invitation = invitation(&format!("invited{n}@example.com"), Role::Member);
    invitation.id = InvitationId::new(Uuid::from_u128(n));
    invitation.digest = TokenDigest::of(&n.to_be_bytes());
    invitation
}

#[tokio::test]
async fn an_invitation_is_found_by_id_digest_and_pending_address() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let invitations: &dyn InvitationRepository = &store;
        fresh.user(1).await;
        fresh.team(1).await;
        fresh.team(2).await;
        let stored = nth(1);
        invitations.insert(&stored).await.unwrap();
        assert_eq!(invitations.find_by_id(team(1).id, stored.id).await.unwrap().as_ref(), Some(&stored));
        assert_eq!(invitations.find_by_id(team(2).id, stored.id).await.unwrap(), None);
        assert_eq!(invitations.find_by_digest(&stored.digest).await.unwrap().as_ref(), Some(&stored));
        assert_eq!(invitations.lock_pending(team(1).id, &stored.email).await.unwrap().as_ref(), Some(&stored));
        assert_eq!(invitations.lock_pending(team(2).id, &stored.email).await.unwrap(), None);
        assert_eq!(invitations.lock_pending(team(1).id, &email("x@example.com")).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn one_is_pending_for_an_address_and_team_and_any_number_settled() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let invitations: &dyn InvitationRepository = &store;
        fresh.user(1).await;
        fresh.team(1).await;
        let mut first = nth(1);
        first.email = email("a@example.com");
        invitations.insert(&first).await.unwrap();
        let mut second = nth(2);
        second.email = email("a@example.com");
        let refused = invitations.insert(&second).await;
        assert!(matches!(refused, Err(WriteError::Conflict(Conflict::InvitationPending))), "{refused:?}");
        assert!(invitations.settle(first.id, InvitationState::Revoked, None).await.unwrap());
        invitations.insert(&second).await.unwrap();
        assert!(invitations.settle(second.id, InvitationState::Revoked, None).await.unwrap());
        assert_eq!(invitations.lock_pending(team(1).id, &second.email).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn those_that_can_still_be_accepted_are_counted() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let invitations: &dyn InvitationRepository = &store;
        let listings: &dyn Listings = &store;
        fresh.user(1).await;
        let [one, two] = [fresh.team(1).await, fresh.team(2).await];
        for n in 1..=3 {
            invitations.insert(&nth(n)).await.unwrap();
        }
        invitations.insert(&Invitation { team_id: two.id, ..nth(4) }).await.unwrap();
        let late = nth(1).expires_at - Duration::milliseconds(1);
        assert_eq!(listings.pending_invitations(one.id, late).await.unwrap(), 3);
        assert_eq!(listings.pending_invitations(one.id, nth(1).expires_at).await.unwrap(), 0);
        invitations.settle(nth(2).id, InvitationState::Revoked, None).await.unwrap();
        assert_eq!(listings.pending_invitations(one.id, NOW).await.unwrap(), 2);
        assert_eq!(listings.pending_invitations(team(3).id, NOW).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn an_invitation_is_settled_once_and_not_renewed_after() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let invitations: &dyn InvitationRepository = &store;
        fresh.user(1).await;
        fresh.team(1).await;
        let mut invitation = nth(1);
        invitations.insert(&invitation).await.unwrap();
        invitation.renew(Role::Admin, TokenDigest::of(b"new"), user_id(1), NOW + Duration::days(8));
        assert!(invitations.renew(&invitation).await.unwrap());
        assert_eq!(invitations.find_by_id(team(1).id, invitation.id).await.unwrap().as_ref(), Some(&invitation));
        assert!(invitations.settle(invitation.id, InvitationState::Accepted, Some(user_id(1))).await.unwrap());
        assert!(!invitations.settle(invitation.id, InvitationState::Revoked, None).await.unwrap());
        assert!(!invitations.renew(&invitation).await.unwrap());
        let settled = invitations.find_by_id(team(1).id, invitation.id).await.unwrap().unwrap();
        assert_eq!((settled.state, settled.accepted_by), (InvitationState::Accepted, Some(user_id(1))));
    })
    .await;
}

#[tokio::test]
async fn an_invitation_outlives_inviter_and_acceptor() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let invitations: &dyn InvitationRepository = &store;
        fresh.user(1).await;
        fresh.team(1).await;
        invitations.insert(&nth(1)).await.unwrap();
        invitations.settle(nth(1).id, InvitationState::Accepted, Some(user_id(1))).await.unwrap();
        UserRepository::remove(&store, user_id(1)).await.unwrap();
        let left = invitations.find_by_digest(&nth(1).digest).await.unwrap().unwrap();
        assert_eq!((left.invited_by, left.accepted_by), (None, None));
    })
    .await;
}

#[tokio::test]
async fn a_listing_tells_how_the_last_mail_went() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let invitations: &dyn InvitationRepository = &store;
        fresh.user(1).await;
        fresh.team(1).await;
        let lease = Lease { id: Uuid::from_u128(1), until: NOW + Duration::minutes(1) };
        for n in 1..=4 {
            invitations.insert(&nth(n)).await.unwrap();
            if n < 4 {
                let mail =
                    QueuedMail::new(MailId::new(Uuid::from_u128(n)), MailKind::PasswordChanged, nth(n).email, NOW);
                store.enqueue(&mail.for_invitation(nth(n).id)).await.unwrap();
            }
        }
        store.lease(&lease, NOW, 10).await.unwrap();
        let mail = |n| MailId::new(Uuid::from_u128(n));
        assert!(store.mark_sent(mail(2), &lease, NOW).await.unwrap());
        let dead = Setback::Dead { reason: "550".to_owned() };
        assert!(store.mark_failed(mail(3), &lease, &dead).await.unwrap());
        let first = invitations.list_by_team(team(1).id, &PageRequest::first(3)).await.unwrap();
        let deliveries: Vec<_> = first.items.iter().map(|item| item.delivery).collect();
        assert_eq!(deliveries, [Delivery::Queued, Delivery::Sent, Delivery::Failed]);
        let reasons: Vec<_> = first.items.iter().map(|item| item.delivery_reason.as_deref()).collect();
        assert_eq!(reasons, [None, None, Some("550")]);
        assert_eq!(first.items[0].invitation, nth(1));
        let next = PageRequest::parse(None, first.next.map(Cursor::encode).as_deref()).unwrap();
        let second = invitations.list_by_team(team(1).id, &next).await.unwrap();
        assert_eq!(second.items.len(), 1);
        // A mail sent again counts, whatever became of the former.
        let again = QueuedMail::new(mail(9), MailKind::PasswordChanged, nth(3).email, NOW).for_invitation(nth(3).id);
        store.replace(&again).await.unwrap();
        let listed = invitations.list_by_team(team(1).id, &PageRequest::first(3)).await.unwrap();
        assert_eq!((listed.items[2].delivery, &listed.items[2].delivery_reason), (Delivery::Queued, &None));
    })
    .await;
}

#[tokio::test]
async fn erasing_an_address_takes_its_invitations_in_every_team() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let invitations: &dyn InvitationRepository = &store;
        fresh.user(1).await;
        fresh.team(1).await;
        fresh.team(2).await;
        let mut elsewhere = nth(2);
        elsewhere.email = nth(1).email;
        elsewhere.team_id = team(2).id;
        for invitation in [nth(1), elsewhere.clone(), nth(3)] {
            invitations.insert(&invitation).await.unwrap();
        }
        invitations.settle(elsewhere.id, InvitationState::Revoked, None).await.unwrap();
        let revoked = Invitation { state: InvitationState::Revoked, ..elsewhere.clone() };
        assert_eq!(invitations.list_by_email(&nth(1).email).await.unwrap(), [nth(1), revoked]);
        let lost = invitations.remove_by_email(&nth(1).email).await.unwrap();
        assert_eq!(lost, [team(1).id], "the one that was pending");
        assert_eq!(invitations.remove_by_email(&nth(1).email).await.unwrap(), []);
        assert_eq!(invitations.find_by_digest(&nth(1).digest).await.unwrap(), None);
        assert_eq!(invitations.find_by_digest(&elsewhere.digest).await.unwrap(), None);
        assert!(invitations.find_by_digest(&nth(3).digest).await.unwrap().is_some());
    })
    .await;
}
