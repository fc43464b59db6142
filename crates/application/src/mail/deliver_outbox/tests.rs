use std::sync::{Mutex, PoisonError};

use countersign_domain::ids::MailId;
use countersign_domain::invitation::{Invitation, InvitationState};
use countersign_domain::one_time_token::Purpose;
use countersign_domain::secret::TokenDigest;
use countersign_domain::team::role::Role;
use uuid::Uuid;

use super::*;
use crate::mail::message::MailKind;
use crate::ports::mailer::MockMailer;
use crate::testing::{Mocks, NOW, email, invitation, one_time_token};

fn mail(n: u128) -> QueuedMail {
    let kind = MailKind::ResetPassword;
    QueuedMail::new(MailId::new(Uuid::from_u128(n)), kind, email("somebody@example.com"), NOW)
        .with_token(b"sealed".to_vec(), NOW + Duration::hours(1))
}

fn rendered(mail: &QueuedMail, token: Option<&Secret>) -> RenderedMail {
    let text = token.map(|token| token.expose().to_owned()).unwrap_or_default();
    let recipient = mail.recipient.clone();
    RenderedMail { id: mail.id, recipient, subject: String::new(), text, html: String::new() }
}

type Mark = (MailId, Result<(), Setback>);

/// What was marked, in order.
#[derive(Clone, Default)]
struct Marks(Arc<Mutex<Vec<Mark>>>);

impl Marks {
    fn push(&self, id: MailId, mark: Result<(), Setback>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((id, mark));
    }

    fn all(&self) -> Vec<Mark> {
        self.0.lock().unwrap().clone()
    }

    fn only(&self) -> Result<(), Setback> {
        let all = self.all();
        assert_eq!(all.len(), 1);
        all[0].1.clone()
    }
}

/// Mocks with these mails in the outbox; tokens open and mails render.
fn mocks(mails: Vec<(QueuedMail, u32)>) -> (Mocks, Marks) {
    let mut mocks = Mocks::default();
    let marks = Marks::default();
    let leased: Vec<_> = mails.into_iter().map(|(mail, attempts)| LeasedMail { mail, attempts }).collect();
    mocks.outbox.expect_lease().returning(move |lease, now, limit| {
        assert_eq!((lease.until, now, limit), (NOW + LEASE, NOW, BATCH));
        Ok(leased.clone())
    });
    let sent = marks.clone();
    mocks.outbox.expect_mark_sent().returning(move |id, _, _| {
        sent.push(id, Ok(()));
        Ok(true)
    });
    let failed = marks.clone();
    mocks.outbox.expect_mark_failed().returning(move |id, _, setback| {
        failed.push(id, Err(setback.clone()));
        Ok(true)
    });
    mocks.sealer.expect_open_mail_token().returning(|_, sealed| {
        if sealed == b"sealed" { Ok(Secret::new("token")) } else { Err(Fault::internal("token", "forged")) }
    });
    mocks.one_time_tokens.expect_find().returning(|digest, purpose, now| {
        let good = one_time_token(Purpose::PasswordReset, "token");
        Ok(Some(good).filter(|good| (good.digest, good.purpose) == (*digest, purpose) && !good.is_expired(now)))
    });
    mocks.mail_renderer.expect_render().returning(|mail, token| Ok(rendered(mail, token.as_ref())));
    (mocks, marks)
}

fn answering(answer: Result<(), MailError>) -> MockMailer {
    let mut mailer = MockMailer::new();
    mailer.expect_send().returning(move |_| answer.clone());
    mailer
}

fn busy() -> MailError {
    MailError::Transient { reason: "451".to_owned() }
}

async fn deliver(mocks: Mocks) -> Result<DeliveryReport, DeliverOutboxError> {
    DeliverOutbox::new(&mocks.into_dependencies()).execute().await
}

#[tokio::test]
async fn a_mail_is_sent_with_its_opened_token_and_marked() {
    let (mut mocks, marks) = mocks(vec![(mail(1), 0)]);
    mocks.mailer.expect_send().withf(|mail| mail.text == "token").times(1).returning(|_| Ok(()));
    assert_eq!(deliver(mocks).await.unwrap(), DeliveryReport { sent: 1, ..Default::default() });
    assert_eq!(marks.only(), Ok(()));
}

#[tokio::test]
async fn a_decoy_is_removed_and_never_sent() {
    let (mut mocks, marks) = mocks(vec![(mail(1).as_decoy(), 0)]);
    mocks.mailer.expect_send().never();
    assert_eq!(deliver(mocks).await.unwrap(), DeliveryReport { decoys: 1, ..Default::default() });
    assert_eq!(marks.only(), Ok(()));
}

#[tokio::test]
async fn a_mail_whose_token_has_expired_is_given_up() {
    let mut late = mail(1);
    late.token_expires_at = Some(NOW);
    let (mut mocks, marks) = mocks(vec![(late, 0)]);
    mocks.mailer.expect_send().never();
    assert_eq!(deliver(mocks).await.unwrap().dead, 1);
    assert!(matches!(marks.only(), Err(Setback::Dead { .. })));
}

#[tokio::test]
async fn a_mail_whose_token_was_used_or_replaced_meanwhile_is_not_sent() {
    let (mut mocks, marks) = mocks(vec![(mail(1), 0)]);
    mocks.one_time_tokens.checkpoint();
    mocks.one_time_tokens.expect_find().returning(|_, _, _| Ok(None));
    mocks.mailer.expect_send().never();
    assert_eq!(deliver(mocks).await.unwrap(), DeliveryReport { withdrawn: 1, ..Default::default() });
    assert_eq!(marks.only(), Err(Setback::Dead { reason: WITHDRAWN.to_owned() }));
}

#[tokio::test]
async fn an_invitation_is_sent_while_it_is_open_and_no_longer() {
    let pending = Invitation { digest: Secret::new("token").digest(), ..invitation("a@example.com", Role::Member) };
    let kind = MailKind::Invitation { team_name: String::new(), inviter_name: String::new(), role: Role::Member };
    let letter = QueuedMail { kind, ..mail(1) }.for_invitation(pending.id);
    for (state, expires_at, sent) in [
        (InvitationState::Pending, NOW + Duration::days(1), 1),
        (InvitationState::Pending, NOW, 0),
        (InvitationState::Revoked, NOW + Duration::days(1), 0),
        (InvitationState::Accepted, NOW + Duration::days(1), 0),
    ] {
        let (mut mocks, _) = mocks(vec![(letter.clone(), 0)]);
        mocks.mailer = answering(Ok(()));
        let held = Invitation { state, expires_at, ..pending.clone() };
        let find = move |digest: &TokenDigest| Ok(Some(held.clone()).filter(|held| held.digest == *digest));
        mocks.invitations.expect_find_by_digest().returning(find);
        let report = deliver(mocks).await.unwrap();
        assert_eq!((report.sent, report.withdrawn), (sent, 1 - sent), "{state:?}");
    }
}

#[tokio::test]
async fn a_mail_without_a_token_is_sent_unasked() {
    let (mut mocks, marks) = mocks(vec![(QueuedMail { sealed_token: None, token_expires_at: None, ..mail(1) }, 0)]);
    mocks.mailer = answering(Ok(()));
    deliver(mocks).await.unwrap();
    assert_eq!(marks.only(), Ok(()));
}

#[tokio::test]
async fn a_refusal_for_good_is_not_tried_again() {
    let (mut mocks, marks) = mocks(vec![(mail(1), 0)]);
    mocks.mailer = answering(Err(MailError::Permanent { reason: "550".to_owned() }));
    assert_eq!(deliver(mocks).await.unwrap().dead, 1);
    assert_eq!(marks.only(), Err(Setback::Dead { reason: "550".to_owned() }));
}

#[tokio::test]
async fn a_passing_refusal_is_tried_again_after_a_wait_that_doubles() {
    for (attempts, wait) in [(0, 5), (1, 10), (2, 20), (9, 2560), (10, 3600), (18, 3600)] {
        let (mut mocks, marks) = mocks(vec![(mail(1), attempts)]);
        mocks.mailer = answering(Err(busy()));
        assert_eq!(deliver(mocks).await.unwrap().retried, 1);
        let at = NOW + Duration::seconds(wait);
        assert_eq!(marks.only(), Err(Setback::Retry { at, reason: "451".to_owned() }), "after {attempts}");
    }
}

#[tokio::test]
async fn the_last_attempt_ends_in_giving_up() {
    let (mut mocks, marks) = mocks(vec![(mail(1), MAX_ATTEMPTS - 1)]);
    mocks.mailer = answering(Err(busy()));
    assert_eq!(deliver(mocks).await.unwrap().dead, 1);
    assert!(matches!(marks.only(), Err(Setback::Dead { .. })));
}

#[tokio::test]
async fn a_poison_mail_stops_no_other_one() {
    let mut forged = mail(1);
    forged.sealed_token = Some(b"forged".to_vec());
    let (mut mocks, marks) = mocks(vec![(forged, 0), (mail(2), 0), (mail(3), 0)]);
    mocks.mail_renderer.checkpoint();
    mocks.mail_renderer.expect_render().returning(|mail, token| {
        if mail.id == MailId::new(Uuid::from_u128(2)) {
            return Err(Fault::internal("template", "broken"));
        }
        Ok(rendered(mail, token.as_ref()))
    });
    mocks.mailer = answering(Ok(()));
    assert_eq!(deliver(mocks).await.unwrap(), DeliveryReport { sent: 1, dead: 2, ..Default::default() });
    let marks = marks.all();
    assert!(marks[..2].iter().all(|(_, mark)| matches!(mark, Err(Setback::Dead { .. }))));
    assert_eq!(marks[2], (MailId::new(Uuid::from_u128(3)), Ok(())));
}

/// A server that accepts the connection and says nothing.
struct Silent;

#[async_trait::async_trait]
impl Mailer for Silent {
    async fn send(&self, _: &RenderedMail) -> Result<(), MailError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_mailer_that_never_answers_costs_one_attempt() {
    let (mocks, marks) = mocks(vec![(mail(1), 0)]);
    let mut dependencies = mocks.into_dependencies();
    dependencies.mailer = Arc::new(Silent);
    assert_eq!(DeliverOutbox::new(&dependencies).execute().await.unwrap().retried, 1);
    assert!(matches!(marks.only(), Err(Setback::Retry { .. })));
}

/// Takes every mail but the first, on which it sits.
struct SitsOnFirst;

#[async_trait::async_trait]
impl Mailer for SitsOnFirst {
    async fn send(&self, mail: &RenderedMail) -> Result<(), MailError> {
        if mail.id == MailId::new(Uuid::from_u128(1)) { std::future::pending().await } else { Ok(()) }
    }
}

#[tokio::test(start_paused = true)]
async fn mails_behind_one_that_the_server_sits_on_do_not_wait_for_it() {
    let (mocks, marks) = mocks((1..=9).map(|n| (mail(n), 0)).collect());
    let mut dependencies = mocks.into_dependencies();
    dependencies.mailer = Arc::new(SitsOnFirst);
    let use_case = DeliverOutbox::new(&dependencies);
    let worker = tokio::spawn(async move { use_case.execute().await });
    tokio::time::sleep(ATTEMPT.unsigned_abs() / 2).await;
    let sent: Vec<_> = marks.all().into_iter().map(|(id, mark)| (id, mark.is_ok())).collect();
    assert_eq!(sent, (2..=9).map(|n| (MailId::new(Uuid::from_u128(n)), true)).collect::<Vec<_>>());
    let report = worker.await.unwrap().unwrap();
    assert_eq!((report.sent, report.retried), (8, 1));
}

#[tokio::test]
async fn what_is_on_its_way_when_the_outbox_fails_is_waited_for_and_nothing_more_is_begun() {
    let (mut mocks, _) = mocks((1..=9).map(|n| (mail(n), 0)).collect());
    mocks.outbox.checkpoint();
    let leased: Vec<_> = (1..=9).map(|n| LeasedMail { mail: mail(n), attempts: 0 }).collect();
    mocks.outbox.expect_lease().returning(move |_, _, _| Ok(leased.clone()));
    mocks.outbox.expect_mark_sent().returning(|_, _, _| Err(Fault::unavailable("database", "gone")));
    let arrived = Arc::new(Mutex::new(0));
    let mut dependencies = mocks.into_dependencies();
    dependencies.mailer = Arc::new(Slow { begun: Mutex::new(0), arrived: Arc::clone(&arrived) });
    assert!(DeliverOutbox::new(&dependencies).execute().await.is_err());
    assert_eq!(*arrived.lock().unwrap(), AT_ONCE);
}

/// Takes every mail, a later one after more turns of the scheduler.
struct Slow {
    begun: Mutex<usize>,
    arrived: Arc<Mutex<usize>>,
}

#[async_trait::async_trait]
impl Mailer for Slow {
    async fn send(&self, _: &RenderedMail) -> Result<(), MailError> {
        let turns = {
            let mut begun = self.begun.lock().unwrap();
            *begun += 1;
            *begun
        };
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        *self.arrived.lock().unwrap() += 1;
        Ok(())
    }
}

#[tokio::test]
async fn a_mail_is_not_begun_when_its_lease_is_about_to_end() {
    let (mut mocks, marks) = mocks(vec![(mail(1), 0), (mail(2), 0)]);
    let clock = Arc::clone(&mocks.clock);
    mocks.mailer.expect_send().times(1).returning(move |_| {
        clock.advance(LEASE - ATTEMPT + Duration::milliseconds(1));
        Ok(())
    });
    assert_eq!(deliver(mocks).await.unwrap().sent, 1);
    assert_eq!(marks.all().len(), 1);
}

#[tokio::test]
async fn a_fault_of_the_outbox_is_returned() {
    let mut broken = Mocks::default();
    broken.outbox.expect_lease().returning(|_, _, _| Err(Fault::unavailable("database", "gone")));
    assert!(deliver(broken).await.is_err());

    let (mut mocks, _) = mocks(vec![(mail(1), 0), (mail(2), 0)]);
    mocks.mailer.expect_send().times(1).returning(|_| Ok(()));
    mocks.outbox.checkpoint();
    let leased = LeasedMail { mail: mail(1), attempts: 0 };
    mocks.outbox.expect_lease().returning(move |_, _, _| Ok(vec![leased.clone(), leased.clone()]));
    mocks.outbox.expect_mark_sent().returning(|_, _, _| Err(Fault::unavailable("database", "gone")));
    assert!(deliver(mocks).await.is_err());
}
