mod invited;

use countersign_domain::one_time_token::OneTimeToken;

use super::*;
use crate::error::{Classify, Kind};
use crate::mail::message::MailKind;
use crate::ports::password_hasher::MockPasswordHasher;
use crate::ports::rate_limiter::{Hit, LimitVerdict, MockRateLimiter};
use crate::testing::{Mocks, NOW, StagedUnitOfWork, Written, email, name, new_password, origin, password_hasher, user};
use crate::time_padding::tests::{left_after_a_moment, steps_of};

const ADDRESS: &str = "user1@example.com";

fn command() -> RegisterCommand {
    RegisterCommand {
        email: email(ADDRESS),
        password: new_password("a brand new passphrase"),
        first_name: name("Firstname"),
        last_name: name("Surname"),
        invitation_token: None,
    }
}

/// The address has this account, or none; the password is hashed exactly once whichever it is.
fn mocks(owner: Option<User>) -> Mocks {
    let mut mocks = Mocks::default();
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_hash().times(1).returning(|_| Ok(PasswordHash::new("new-hash")));
    mocks.password_hasher = hasher;
    mocks
        .users
        .expect_find_by_email()
        .times(1)
        .returning(move |address| Ok(owner.clone().filter(|user| user.email == *address)));
    mocks
}

fn stores_token(uow: &mut StagedUnitOfWork, good: impl Fn(&OneTimeToken) -> bool + Send + 'static) {
    uow.one_time_tokens.expect_replace().withf(move |token| good(token)).times(1).returning(|_| Ok(()));
}

fn creating() -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    uow.users
        .expect_insert()
        .withf(|user, hash| {
            user.email == email(ADDRESS) && !user.email_verified && !user.is_superuser && hash.expose() == "new-hash"
        })
        .times(1)
        .returning(|_, _| Ok(()));
    stores_token(&mut uow, |token| {
        token.user_id.is_some()
            && token.purpose == Purpose::EmailVerification
            && token.expires_at == NOW + Duration::hours(48)
    });
    uow
}

fn telling(owner: User) -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    uow.users.expect_find_by_email().times(1).return_once(move |_| Ok(Some(owner)));
    stores_token(&mut uow, |token| token.user_id.is_none());
    uow
}

async fn register(mocks: Mocks, command: RegisterCommand) -> Result<Registration, RegisterError> {
    Register::new(&mocks.into_dependencies()).execute(&origin(), command).await
}

#[tokio::test]
async fn a_new_account_is_unverified_and_gets_a_verification_mail() {
    let mut mocks = mocks(None);
    let written = mocks.stage(creating());
    let Registration::Registered(user) = register(mocks, command()).await.unwrap() else { panic!("concealed") };
    assert!(written.committed());
    assert_eq!((user.email, user.email_verified, user.is_active), (email(ADDRESS), false, true));
    assert_eq!(written.audited(), [AuditKind::Registered]);
    let mails = written.mails();
    assert_eq!((mails.len(), &mails[0].kind, mails[0].decoy), (1, &MailKind::VerifyAddress, false));
    assert_eq!((&mails[0].recipient, mails[0].user_id), (&email(ADDRESS), Some(user.id)));
    assert!(mails[0].sealed_token.is_some());
}

#[tokio::test]
async fn an_address_that_got_its_mails_is_registered_without_another() {
    let mut mocks = mocks(None);
    let written = mocks.stage(creating());
    let mut limiter = MockRateLimiter::new();
    limiter.expect_acquire().returning(|hit| match hit.rule.name {
        "register_address" => LimitVerdict::Refused { retry_after: Duration::SECOND },
        _ => LimitVerdict::Allowed,
    });
    mocks.rate_limiter = limiter;
    assert!(matches!(register(mocks, command()).await.unwrap(), Registration::Registered(_)));
    assert!(written.committed());
    assert!(written.mails().iter().all(|mail| mail.decoy));
}

#[tokio::test]
async fn what_anybody_may_ask_for_an_address_does_not_keep_its_first_mail_back() {
    let mut mocks = mocks(None);
    let written = mocks.stage(creating());
    let mut limiter = MockRateLimiter::new();
    limiter.expect_acquire().returning(|hit| match hit.rule.name {
        "verification_address" | "reset_address" => LimitVerdict::Refused { retry_after: Duration::HOUR },
        _ => LimitVerdict::Allowed,
    });
    mocks.rate_limiter = limiter;
    register(mocks, command()).await.unwrap();
    assert!(written.mails().iter().all(|mail| !mail.decoy) && written.mails().len() == 1);
}

#[tokio::test(start_paused = true)]
async fn a_taken_address_is_refused_audited_and_as_much_work_for_the_hasher() {
    let mocks = mocks(Some(user(1)));
    let recorded = mocks.recorded.clone();
    let (steps, answer) = steps_of(register(mocks, command())).await;
    let error = answer.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "email_taken"));
    assert_eq!(steps, 0, "there is nothing to conceal");
    assert_eq!(recorded.audited(), [AuditKind::RegistrationRefused]);
}

#[tokio::test]
async fn an_address_taken_by_a_parallel_registration_is_refused_alike() {
    let mut mocks = mocks(None);
    let recorded = mocks.recorded.clone();
    let mut uow = StagedUnitOfWork::default();
    uow.users.expect_insert().returning(|_, _| Err(WriteError::Conflict(Conflict::EmailTaken)));
    let written = mocks.stage(uow);
    assert_eq!(register(mocks, command()).await.unwrap_err().code(), "email_taken");
    assert!(!written.committed());
    assert_eq!(recorded.audited(), [AuditKind::RegistrationRefused]);
}

#[tokio::test(start_paused = true)]
async fn where_taken_addresses_are_concealed_both_arms_answer_and_cost_alike() {
    fn shape(written: &Written) -> (bool, usize, usize) {
        (written.committed(), written.mails().len(), written.events().len())
    }
    let mut fresh = mocks(None);
    fresh.policy.conceal_existing = true;
    let created = fresh.stage(creating());
    let mut taken = mocks(Some(user(1)));
    taken.policy.conceal_existing = true;
    let told = taken.stage(telling(user(1)));

    for mocks in [fresh, taken] {
        let (steps, answer) = steps_of(register(mocks, command())).await;
        assert_eq!((steps, answer.unwrap()), (1, Registration::Concealed));
    }

    assert_eq!(shape(&created), (true, 1, 1));
    assert_eq!(shape(&told), shape(&created));
    assert_eq!(told.audited(), [AuditKind::RegistrationRefused]);
    let mails = told.mails();
    assert_eq!((&mails[0].kind, mails[0].decoy), (&MailKind::AddressTaken, false));
    assert_eq!((&mails[0].recipient, &mails[0].sealed_token), (&user(1).email, &None));
}

#[tokio::test(start_paused = true)]
async fn a_concealed_registration_is_done_before_its_answer_waits_for_its_time() {
    for owner in [None, Some(user(1))] {
        let mut mocks = mocks(owner.clone());
        mocks.policy.conceal_existing = true;
        let written = mocks.stage(owner.map_or_else(creating, telling));
        left_after_a_moment(register(mocks, command())).await;
        assert!(written.committed());
    }
}

#[tokio::test]
async fn where_taken_addresses_are_concealed_both_arms_use_up_one_mail_to_the_address() {
    for owner in [None, Some(user(1))] {
        let mut mocks = mocks(owner.clone());
        mocks.policy.conceal_existing = true;
        mocks.stage(owner.map_or_else(creating, telling));
        let mut limiter = MockRateLimiter::new();
        let of_address = |hit: &Hit| hit.rule.name == "register_address";
        // A new account is registered all the same: it is no limit of this call.
        let retry_after = Duration::HOUR;
        limiter.expect_acquire().withf(of_address).times(1).returning(move |_| LimitVerdict::Refused { retry_after });
        limiter.expect_acquire().withf(move |hit| !of_address(hit)).returning(|_| LimitVerdict::Allowed);
        mocks.rate_limiter = limiter;
        assert_eq!(register(mocks, command()).await.unwrap(), Registration::Concealed);
    }
}

#[tokio::test]
async fn a_concealed_race_ends_with_the_owner_being_told() {
    let mut mocks = mocks(None);
    mocks.policy.conceal_existing = true;
    let mut lost = StagedUnitOfWork::default();
    lost.users.expect_insert().returning(|_, _| Err(WriteError::Conflict(Conflict::EmailTaken)));
    mocks.stage(lost);
    let told = mocks.stage(telling(user(1)));
    assert_eq!(register(mocks, command()).await.unwrap(), Registration::Concealed);
    assert_eq!(told.mails()[0].kind, MailKind::AddressTaken);
}

#[tokio::test]
async fn nobody_is_flooded_by_registrations_of_their_address_and_an_inactive_owner_hears_nothing() {
    for (flooded, is_active) in [(true, true), (false, false)] {
        let owner = User { is_active, ..user(1) };
        let mut mocks = mocks(Some(owner.clone()));
        mocks.policy.conceal_existing = true;
        let mut limiter = MockRateLimiter::new();
        limiter.expect_acquire().returning(move |hit| {
            let retry_after = Duration::HOUR;
            let reached = flooded && hit.rule.name == "register_address";
            if reached { LimitVerdict::Refused { retry_after } } else { LimitVerdict::Allowed }
        });
        mocks.rate_limiter = limiter;
        let written = mocks.stage(telling(owner));
        assert_eq!(register(mocks, command()).await.unwrap(), Registration::Concealed);
        assert!(written.committed());
        assert!(written.mails()[0].decoy);
    }
}

#[tokio::test]
async fn closed_registration_admits_nobody_and_invited_registration_needs_an_invitation() {
    let with_token = RegisterCommand { invitation_token: Some(Secret::new("invitation-token")), ..command() };
    for (mode, command) in [
        (RegistrationMode::Closed, command()),
        (RegistrationMode::Closed, with_token),
        (RegistrationMode::Invited, command()),
    ] {
        let mut mocks = Mocks::default();
        mocks.policy.registration = mode;
        let recorded = mocks.recorded.clone();
        let error = register(mocks, command).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "registration_closed"));
        let event = recorded.events().remove(0);
        assert_eq!(event.kind, AuditKind::RegistrationRefused);
        assert_eq!(event.detail.as_deref(), Some("registration_closed"));
    }
}

#[tokio::test]
async fn a_password_made_of_the_own_name_is_refused_before_it_is_hashed() {
    let personal = RegisterCommand { password: new_password("FirstnameSurname1"), ..command() };
    let error = register(Mocks::default(), personal).await.unwrap_err();
    let violation = error.violation().unwrap();
    assert_eq!((error.kind(), violation.field, violation.code), (Kind::Rejected, "password", "personal_password"));
}

#[tokio::test]
async fn too_many_registrations_of_a_network_are_refused_before_any_work() {
    let mut mocks = Mocks::default();
    let mut limiter = MockRateLimiter::new();
    limiter
        .expect_acquire()
        .withf(|hit| hit.rule.name == "register_ip")
        .returning(|_| LimitVerdict::Refused { retry_after: Duration::MINUTE });
    mocks.rate_limiter = limiter;
    assert_eq!(register(mocks, command()).await.unwrap_err().kind(), Kind::Limited);
}

#[tokio::test]
async fn what_fails_halfway_leaves_no_account() {
    for fail_commit in [false, true] {
        let mut mocks = mocks(None);
        let mut uow = StagedUnitOfWork { fail_commit, ..StagedUnitOfWork::default() };
        uow.users.expect_insert().returning(|_, _| Ok(()));
        uow.one_time_tokens
            .expect_replace()
            .returning(move |_| if fail_commit { Ok(()) } else { Err(Fault::unavailable("database", "gone")) });
        let written = mocks.stage(uow);
        assert_eq!(register(mocks, command()).await.unwrap_err().kind(), Kind::Unavailable);
        assert!(!written.committed());
    }
}
