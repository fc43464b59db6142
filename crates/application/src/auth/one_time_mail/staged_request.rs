//! What the requests for a mail are tested with: `user1@example.com`, with an account or without.

use countersign_domain::audit::AuditKind;
use countersign_domain::ids::UserId;
use countersign_domain::one_time_token::Purpose;
use countersign_domain::user::User;
use time::Duration;

use crate::error::Fault;
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::testing::{Mocks, NOW, StagedUnitOfWork, Written, email};

/// The address may be looked up once, and has this account.
pub(crate) fn mocks(found: Option<User>) -> Mocks {
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
pub(crate) fn unit_of_work(
    row: Option<User>,
    owner: Option<UserId>,
    purpose: Purpose,
    lifetime: Duration,
) -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    uow.users.expect_lock().times(1).returning(move |id| Ok(row.clone().filter(|user| user.id == id)));
    uow.one_time_tokens
        .expect_replace()
        .withf(move |token| {
            (token.user_id, token.purpose) == (owner, purpose)
                && (token.created_at, token.expires_at) == (NOW, NOW + lifetime)
        })
        .times(1)
        .returning(|_| Ok(()));
    uow
}

/// The account is locked, and then the token cannot be stored, or all of it not be committed.
pub(crate) fn failing(found: Option<User>, fail_commit: bool) -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork { fail_commit, ..StagedUnitOfWork::default() };
    uow.users.expect_lock().return_once(move |_| Ok(found));
    uow.one_time_tokens
        .expect_replace()
        .returning(move |_| if fail_commit { Ok(()) } else { Err(Fault::unavailable("database", "gone")) });
    uow
}

/// Whatever whoever asks could notice, and the kinds of events.
pub(crate) fn shape(written: &Written) -> (bool, Vec<AuditKind>, usize, Option<Vec<u8>>) {
    let mails = written.mails();
    (written.committed(), written.audited(), mails.len(), mails[0].sealed_token.clone())
}

/// Every limit has room but this.
pub(crate) fn refusing(limit: &'static str) -> MockRateLimiter {
    let mut limiter = MockRateLimiter::new();
    limiter.expect_acquire().returning(move |hit| {
        let retry_after = Duration::SECOND;
        if hit.rule.name == limit { LimitVerdict::Refused { retry_after } } else { LimitVerdict::Allowed }
    });
    limiter
}
