use countersign_domain::one_time_token::Purpose;
use countersign_domain::password::PasswordHash;
use countersign_domain::session::Session;

use super::*;
use crate::error::{Classify, Kind};
use crate::mail::message::MailKind;
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::testing::{
    Mocks, NOW, PASSWORD, StagedUnitOfWork, Written, actor, credentials, email, origin, password_hasher, presented,
    session, user, user_id,
};
use crate::time_padding::tests::steps_of;

const NEW: &str = "new@example.com";

fn mocks() -> Mocks {
    let mut mocks = Mocks { password_hasher: password_hasher(), ..Mocks::default() };
    mocks.networks.expect_knows().returning(|_, _| Ok(false));
    mocks
        .credentials
        .expect_find_by_user()
        .returning(|id| Ok(Some(credentials(1)).filter(|found| found.user.id == id)));
    mocks
        .users
        .expect_find_by_email()
        .returning(|address| Ok([user(1), user(2)].into_iter().find(|user| user.email == *address)));
    mocks
}

fn unit_of_work() -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    uow.hold_sessions();
    uow
}

async fn request(mocks: Mocks, password: &str, new_email: &str) -> Result<(), RequestEmailChangeError> {
    let command = RequestEmailChangeCommand { current_password: presented(password), new_email: email(new_email) };
    RequestEmailChange::new(&mocks.into_dependencies()).execute(&actor(), &origin(), command).await
}

#[tokio::test]
async fn the_new_address_gets_a_token_bound_to_it_and_to_the_session() {
    let mut mocks = mocks();
    let mut uow = unit_of_work();
    uow.one_time_tokens
        .expect_replace()
        .withf(|token| {
            token.user_id == Some(user_id(1))
                && token.purpose == Purpose::EmailChange
                && token.new_email == Some(email(NEW))
                && token.requested_by == Some(session(1).id)
                && token.expires_at == NOW + Duration::hours(48)
        })
        .times(1)
        .returning(|_| Ok(()));
    let written = mocks.stage(uow);
    request(mocks, PASSWORD, NEW).await.unwrap();
    assert!(written.committed());
    assert_eq!(written.audited(), [AuditKind::EmailChangeRequested]);
    let mails = written.mails();
    assert_eq!((mails.len(), &mails[0].kind, mails[0].decoy), (1, &MailKind::ConfirmNewAddress, false));
    assert_eq!(mails[0].recipient, email(NEW));
}

#[tokio::test(start_paused = true)]
async fn a_taken_address_the_own_one_included_costs_the_same_and_gets_nothing() {
    fn shape(written: &Written) -> (bool, Vec<AuditKind>, usize) {
        (written.committed(), written.audited(), written.mails().len())
    }
    let mut shapes = vec![];
    for (address, decoy) in [(NEW, false), ("user2@example.com", true), ("user1@example.com", true)] {
        let mut mocks = mocks();
        let mut uow = unit_of_work();
        uow.one_time_tokens
            .expect_replace()
            // Also where nothing is mailed: an earlier token that lived on would tell that the address is taken.
            .withf(|token| token.user_id == Some(user_id(1)))
            .times(1)
            .returning(|_| Ok(()));
        let written = mocks.stage(uow);
        let (steps, answer) = steps_of(request(mocks, PASSWORD, address)).await;
        assert_eq!((steps, answer.is_ok()), (1, true), "{address}");
        let mail = written.mails().remove(0);
        assert_eq!((mail.decoy, mail.user_id), (decoy, Some(user_id(1))), "{address}");
        shapes.push(shape(&written));
    }
    assert!(shapes.iter().all(|shape| *shape == shapes[0]));
}

#[tokio::test]
async fn a_wrong_password_stores_nothing() {
    let error = request(mocks(), "another password", NEW).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "wrong_password"));
}

#[tokio::test]
async fn whoever_does_not_prove_the_account_uses_up_no_mail_to_the_address() {
    for (password, refused) in [("another password", "none"), (PASSWORD, "proof_user"), (PASSWORD, "login_account")] {
        let mut mocks = mocks();
        let mut limiter = MockRateLimiter::new();
        limiter.expect_acquire().withf(|hit| hit.rule.name != "verification_address").returning(move |hit| {
            if hit.rule.name == refused {
                LimitVerdict::Refused { retry_after: Duration::HOUR }
            } else {
                LimitVerdict::Allowed
            }
        });
        mocks.rate_limiter = limiter;
        request(mocks, password, NEW).await.unwrap_err();
    }
}

#[tokio::test]
async fn an_address_is_not_flooded() {
    let mut mocks = mocks();
    let mut limiter = MockRateLimiter::new();
    limiter.expect_acquire().returning(|hit| {
        let reached = hit.rule.name == "verification_address";
        if reached { LimitVerdict::Refused { retry_after: Duration::HOUR } } else { LimitVerdict::Allowed }
    });
    limiter.expect_refund().returning(|_| ());
    mocks.rate_limiter = limiter;
    assert_eq!(request(mocks, PASSWORD, NEW).await.unwrap_err().kind(), Kind::Limited);
}

#[tokio::test]
async fn a_reset_in_between_leaves_no_token_for_whoever_knew_the_former_password() {
    let mut reset = credentials(1);
    reset.user.end_sessions(NOW);
    reset.password_hash = PasswordHash::new("another");
    let mut mocks = mocks();
    let mut uow = StagedUnitOfWork::default();
    uow.hold_session(reset, session(1));
    let written = mocks.stage(uow);
    assert_eq!(request(mocks, PASSWORD, NEW).await.unwrap_err().code(), "invalid_token");
    assert!(!written.committed());
}

#[tokio::test]
async fn a_session_that_was_ended_in_between_leaves_no_token_behind() {
    let ended = Session { ended_at: Some(NOW), ..session(1) };
    let mut others_ended = credentials(1);
    others_ended.user.end_sessions(NOW);
    for (account, found) in [(credentials(1), ended), (credentials(1), session(2)), (others_ended, session(1))] {
        let mut mocks = mocks();
        let mut uow = StagedUnitOfWork::default();
        uow.hold_session(account, found);
        let written = mocks.stage(uow);
        let error = request(mocks, PASSWORD, NEW).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Unauthenticated, "invalid_token"));
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn what_fails_halfway_is_not_committed() {
    for fail_commit in [false, true] {
        let mut mocks = mocks();
        let mut uow = StagedUnitOfWork { fail_commit, ..unit_of_work() };
        uow.one_time_tokens
            .expect_replace()
            .returning(move |_| if fail_commit { Ok(()) } else { Err(Fault::unavailable("database", "gone")) });
        let written = mocks.stage(uow);
        assert_eq!(request(mocks, PASSWORD, NEW).await.unwrap_err().kind(), Kind::Unavailable);
        assert!(!written.committed());
    }
}
