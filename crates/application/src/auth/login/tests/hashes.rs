//! A hash that is outdated is replaced, where there is room for it.

use countersign_domain::password::PasswordHash;

use crate::auth::login::tests::{command, log_in, mocks, unit_of_work};
use crate::error::Fault;
use crate::ports::password_hasher::{MockPasswordHasher, PasswordVerdict};
use crate::testing::{PASSWORD, credentials, user_id};

fn outdated_hasher(hash: impl Fn() -> Result<PasswordHash, Fault> + Send + 'static) -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().returning(|_, _| Ok(PasswordVerdict::RightButOutdated));
    hasher.expect_hash().withf(|text| text == PASSWORD).times(1).returning(move |_| hash());
    hasher
}

#[tokio::test]
async fn an_outdated_hash_is_replaced_while_it_still_is_the_same() {
    let mut mocks = mocks();
    mocks.password_hasher = outdated_hasher(|| Ok(PasswordHash::new("new-hash")));
    let mut uow = unit_of_work(Some(credentials(1)));
    uow.credentials
        .expect_upgrade()
        .withf(|id, former, hash| *id == user_id(1) && former.expose() == "hash" && hash.expose() == "new-hash")
        .times(1)
        .returning(|_, _, _| Ok(true));
    let written = mocks.stage(uow);
    log_in(mocks, command(PASSWORD)).await.unwrap();
    assert!(written.committed());
}

#[tokio::test]
async fn an_upgrade_that_finds_no_room_does_not_fail_the_sign_in() {
    let mut mocks = mocks();
    mocks.password_hasher = outdated_hasher(|| Err(Fault::unavailable("password hashing", "full")));
    mocks.stage(unit_of_work(Some(credentials(1))));
    log_in(mocks, command(PASSWORD)).await.unwrap();
}
