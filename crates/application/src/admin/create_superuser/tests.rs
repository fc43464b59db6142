use countersign_domain::password::PasswordHash;
use mockall::predicate::eq;

use super::*;
use crate::error::Classify;
use crate::testing::{Mocks, StagedUnitOfWork, Written, email, name, origin, outage};

fn command(password: &str) -> CreateSuperuserCommand {
    CreateSuperuserCommand {
        email: email("root@example.com"),
        password: NewPassword::parse(password).unwrap(),
        first_name: name("Margaret"),
        last_name: name("Hamilton"),
    }
}

async fn create(unit: Option<StagedUnitOfWork>, password: &str) -> (Result<User, CreateSuperuserError>, Written) {
    let mut mocks = Mocks::default();
    mocks.password_hasher.expect_hash().with(eq("correct horse")).returning(|_| Ok(PasswordHash::new("hash")));
    let written = unit.map(|unit| mocks.stage(unit)).unwrap_or_default();
    let use_case = CreateSuperuser::new(&mocks.into_dependencies());
    (use_case.execute(&origin(), command(password)).await, written)
}

#[tokio::test]
async fn the_account_is_a_verified_superuser_and_it_commits() {
    let mut unit = StagedUnitOfWork::default();
    unit.users
        .expect_insert()
        .withf(|user, hash| {
            user.is_superuser && user.email_verified && user.is_active && *hash == PasswordHash::new("hash")
        })
        .times(1)
        .returning(|_, _| Ok(()));
    let (created, written) = create(Some(unit), "correct horse").await;
    let user = created.unwrap();
    assert_eq!(user.email, email("root@example.com"));
    assert!(written.committed());
    let event = written.events().remove(0);
    assert_eq!((event.kind, event.user_id), (AuditKind::SuperuserGranted, Some(user.id)));
}

#[tokio::test]
async fn a_taken_address_is_told() {
    let mut unit = StagedUnitOfWork::default();
    unit.users.expect_insert().returning(|_, _| Err(WriteError::Conflict(Conflict::EmailTaken)));
    let (refused, written) = create(Some(unit), "correct horse").await;
    assert_eq!(refused.unwrap_err().code(), "email_taken");
    assert!(!written.committed());
}

#[tokio::test]
async fn a_password_made_of_the_name_is_rejected() {
    let (refused, _) = create(None, "margaret-hamilton").await;
    let violation = refused.unwrap_err().violation().unwrap();
    assert_eq!(violation.field, "password");
}

#[tokio::test]
async fn a_commit_that_fails_is_no_success() {
    let mut unit = StagedUnitOfWork { fail_commit: true, ..StagedUnitOfWork::default() };
    unit.users.expect_insert().returning(|_, _| Ok(()));
    let (failed, written) = create(Some(unit), "correct horse").await;
    assert_eq!(failed.unwrap_err().code(), "service_unavailable");
    assert!(!written.committed());
}

#[tokio::test]
async fn what_fails_on_the_way_creates_nobody() {
    let mut lost = StagedUnitOfWork::default();
    lost.users.expect_insert().returning(|_, _| Err(WriteError::Fault(outage())));
    let mut unaudited = StagedUnitOfWork::default();
    unaudited.users.expect_insert().returning(|_, _| Ok(()));
    unaudited.written.refuse_events();
    for unit in [lost, unaudited] {
        let (failed, written) = create(Some(unit), "correct horse").await;
        assert_eq!(failed.unwrap_err().code(), "service_unavailable");
        assert!(!written.committed());
    }
}

#[tokio::test]
async fn without_a_hash_nothing_is_begun() {
    let mut mocks = Mocks::default();
    mocks.password_hasher.expect_hash().returning(|_| Err(outage()));
    let written = mocks.stage(StagedUnitOfWork::default());
    let use_case = CreateSuperuser::new(&mocks.into_dependencies());
    let error = use_case.execute(&origin(), command("correct horse")).await.unwrap_err();
    assert_eq!(error.code(), "service_unavailable");
    assert!(!written.committed());
}
