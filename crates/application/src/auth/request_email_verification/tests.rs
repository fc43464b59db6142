use countersign_domain::ids::UserId;

use super::*;
use crate::auth::one_time_mail::staged_request::{self, failing, mocks, refusing, shape};
use crate::error::{Classify, Kind};
use crate::mail::message::MailKind;
use crate::testing::{Mocks, NOW, StagedUnitOfWork, email, origin, user, user_id};
use crate::time_padding::tests::{left_after_a_moment, steps_of};

/// The account of the address in each case: the first gets a mail, the others must not be told apart from it.
fn cases() -> Vec<(&'static str, Option<User>)> {
    let unverified = User { email_verified: false, ..user(1) };
    vec![
        ("mailed", Some(unverified.clone())),
        ("inactive", Some(User { is_active: false, ..unverified })),
        ("verified", Some(user(1))),
        ("unknown", None),
    ]
}

/// With one token of this purpose.
fn unit_of_work(row: Option<User>, owner: Option<UserId>) -> StagedUnitOfWork {
    staged_request::unit_of_work(row, owner, Purpose::EmailVerification, Duration::hours(48))
}

async fn request(mocks: Mocks) -> Result<(), RequestEmailVerificationError> {
    let command = RequestEmailVerificationCommand { email: email("user1@example.com"), by: None };
    RequestEmailVerification::new(&mocks.into_dependencies()).execute(&origin(), command).await
}

#[tokio::test]
async fn the_account_gets_a_mail_with_a_sealed_token() {
    let (_, found) = cases().remove(0);
    let mut mocks = mocks(found.clone());
    let written = mocks.stage(unit_of_work(found, Some(user_id(1))));
    request(mocks).await.unwrap();
    assert!(written.committed());
    let mails = written.mails();
    assert_eq!((mails.len(), &mails[0].kind), (1, &MailKind::VerifyAddress));
    assert_eq!(mails[0].recipient, email("user1@example.com"));
    assert_eq!(mails[0].sealed_token.as_deref(), Some(&b"sealed"[..]));
    assert_eq!(mails[0].token_expires_at, Some(NOW + Duration::hours(48)));
    assert!(!mails[0].decoy);
}

#[tokio::test(start_paused = true)]
async fn every_other_address_costs_the_same_and_gets_nothing() {
    let mut shapes = vec![];
    for (case, found) in cases() {
        let owner = found.as_ref().map(|user| user.id).filter(|_| case == "mailed");
        let mut mocks = mocks(found.clone());
        let written = mocks.stage(unit_of_work(found, owner));
        let (steps, answer) = steps_of(request(mocks)).await;
        assert_eq!((steps, answer.is_ok()), (1, true), "{case}");
        assert_eq!(written.mails()[0].decoy, case != "mailed", "{case}");
        assert_eq!(written.events()[0].user_id, owner, "{case}");
        shapes.push(shape(&written));
    }
    assert_eq!(shapes[0].1, [AuditKind::VerificationRequested]);
    assert!(shapes.iter().all(|shape| *shape == shapes[0]));
}

#[tokio::test(start_paused = true)]
async fn what_a_client_asked_for_is_done_before_its_answer_waits_for_its_time() {
    let (_, found) = cases().remove(0);
    let mut mocks = mocks(found.clone());
    let written = mocks.stage(unit_of_work(found, Some(user_id(1))));
    left_after_a_moment(request(mocks)).await;
    assert!(written.committed());
}

#[tokio::test]
async fn both_limits_refuse_before_the_address_is_looked_up() {
    for limit in ["verification_ip", "verification_address"] {
        let mocks = Mocks { rate_limiter: refusing(limit), ..Mocks::default() };
        assert_eq!(request(mocks).await.unwrap_err().kind(), Kind::Limited, "{limit}");
    }
}

#[tokio::test]
async fn what_fails_halfway_leaves_neither_token_nor_mail() {
    for fail_commit in [false, true] {
        let (_, found) = cases().remove(0);
        let mut mocks = mocks(found.clone());
        let written = mocks.stage(failing(found, fail_commit));
        assert_eq!(request(mocks).await.unwrap_err().kind(), Kind::Unavailable);
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn an_account_that_changed_between_the_look_and_the_lock_gets_nothing() {
    let (_, found) = cases().remove(0);
    let found = found.unwrap();
    for (case, row) in [
        ("gone", None),
        ("inactive", Some(User { is_active: false, ..found.clone() })),
        ("moved", Some(User { email: email("new@example.com"), ..found.clone() })),
        ("verified", Some(user(1))),
    ] {
        let mut mocks = mocks(Some(found.clone()));
        let written = mocks.stage(unit_of_work(row, None));
        request(mocks).await.unwrap();
        assert!(written.committed(), "{case}");
        assert!(written.mails()[0].decoy, "{case}");
        assert_eq!(written.events()[0].user_id, None, "{case}");
    }
}
