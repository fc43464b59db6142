//! Doubles that know one mailed token, for tests of the calls that take one.

use countersign_application::testing::{Mocks, NOW, StagedUnitOfWork, credentials, email, session};
use countersign_domain::ids::OneTimeTokenId;
use countersign_domain::one_time_token::{OneTimeToken, Purpose};
use countersign_domain::secret::Secret;
use countersign_domain::user::{Credentials, User};
use time::Duration;
use uuid::Uuid;

/// The mailed token.
pub(crate) const TOKEN: &str = "mailed-token";

fn token(purpose: Purpose, user: &User) -> OneTimeToken {
    let is_change = purpose == Purpose::EmailChange;
    OneTimeToken {
        id: OneTimeTokenId::new(Uuid::from_u128(0x5001)),
        user_id: Some(user.id),
        purpose,
        digest: Secret::new(TOKEN).digest(),
        new_email: is_change.then(|| email("new@example.com")),
        requested_by: is_change.then(|| session(1).id),
        created_at: NOW,
        expires_at: NOW + Duration::hours(1),
    }
}

/// No token is good.
pub(crate) fn none() -> Mocks {
    let mut mocks = Mocks::default();
    mocks.one_time_tokens.expect_find().returning(|_, _, _| Ok(None));
    mocks
}

/// [`TOKEN`] is good, for this purpose and account alone.
pub(crate) fn good_for(purpose: Purpose, user: User) -> Mocks {
    let mut mocks = Mocks::default();
    let good = token(purpose, &user);
    mocks.one_time_tokens.expect_find().returning(move |digest, purpose, _| {
        Ok(Some(good.clone()).filter(|good| good.digest == *digest && good.purpose == purpose))
    });
    mocks.users.expect_find_by_id().returning(move |id| Ok(Some(user.clone()).filter(|user| user.id == id)));
    mocks
}

/// Locks the account and uses [`TOKEN`] up.
pub(crate) fn consumed_in(uow: &mut StagedUnitOfWork, purpose: Purpose, user: User) {
    let good = token(purpose, &user);
    uow.one_time_tokens.expect_consume().returning(move |digest, purpose, _| {
        Ok(Some(good.clone()).filter(|good| good.digest == *digest && good.purpose == purpose))
    });
    uow.hold_session(Credentials { user: user.clone(), ..credentials(1) }, session(1));
    uow.users.expect_lock().returning(move |id| Ok(Some(user.clone()).filter(|user| user.id == id)));
}
