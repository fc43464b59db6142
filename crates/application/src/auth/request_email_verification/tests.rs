use super::*;
use crate::error::{Classify, Kind};
use crate::mail::message::MailKind;
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::testing::{Mocks, NOW, StagedUnitOfWork, Written, email, origin, user, user_id};
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

fn mocks(found: Option<User>) -> Mocks {
    let mut mocks = Mocks::default();
    mocks
        .users
        .expect_find_by_email()
        .times(1)
        .withf(|address| *address == email("user1@example.com"))
        .return_once(move |_| Ok(found));
    mocks
}

/// One account may be locked, whether it is there or not, and one token stored, of that account or as a decoy.
fn unit_of_work(row: Option<User>, owner: Option<countersign_domain::ids::UserId>) -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    uow.users.expect_lock().times(1).returning(move |id| Ok(row.clone().filter(|user| user.id == id)));
    uow.one_time_tokens
        .expect_replace()
        .withf(move |token| {
            token.user_id == owner
                && token.purpose == Purpose::EmailVerification
                && token.created_at == NOW
                && token.expires_at == NOW + Duration::hours(48)
        })
        .times(1)
        .returning(|_| Ok(()));
    uow
}

async fn request(mocks: Mocks) -> Result<(), RequestEmailVerificationError> {
    let command = RequestEmailVerificationCommand { email: email("user1@example.com") };
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
    fn shape(written: &Written) -> (bool, Vec<AuditKind>, usize, Option<Vec<u8>>) {
        let mails = written.mails();
        (written.committed(), written.audited(), mails.len(), mails[0].sealed_token.clone())
    }
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
        let mut mocks = Mocks::default();
        let mut limiter = MockRateLimiter::new();
        limiter.expect_acquire().returning(move |hit| {
            let retry_after = Duration::SECOND;
            if hit.rule.name == limit { LimitVerdict::Refused { retry_after } } else { LimitVerdict::Allowed }
        });
        mocks.rate_limiter = limiter;
        assert_eq!(request(mocks).await.unwrap_err().kind(), Kind::Limited, "{limit}");
    }
}

#[tokio::test]
async fn what_fails_halfway_leaves_neither_token_nor_mail() {
    for fail_commit in [false, true] {
        let (_, found) = cases().remove(0);
        let mut mocks = mocks(found.clone());
        let mut uow = StagedUnitOfWork { fail_commit, ..StagedUnitOfWork::default() };
        uow.users.expect_lock().return_once(move |_| Ok(found));
        uow.one_time_tokens
            .expect_replace()
            .returning(move |_| if fail_commit { Ok(()) } else { Err(Fault::unavailable("database", "gone")) });
        let written = mocks.stage(uow);
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
