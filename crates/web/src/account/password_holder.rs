//! Doubles of an account whose owner has to show the password once more.

use countersign_application::testing::{Mocks, StagedUnitOfWork, credentials, password_hasher, user};

use crate::testing::sign_in;

/// The first account, signed in; `PASSWORD` of the fixtures is its password.
pub(crate) fn signed_in_with_password() -> Mocks {
    let mut mocks = Mocks::default();
    sign_in(&mut mocks, &user(1));
    mocks.password_hasher = password_hasher();
    mocks.credentials.expect_find_by_user().returning(|id| Ok(Some(credentials(1)).filter(|c| c.user.id == id)));
    mocks.networks.expect_knows().returning(|_, _| Ok(false));
    mocks.memberships.expect_list_active_by_user().returning(|_, _| Ok(vec![]));
    mocks
}

/// A unit of work in which the account is as it was when the password was compared.
pub(crate) fn unchanged() -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    uow.hold_sessions();
    uow
}
