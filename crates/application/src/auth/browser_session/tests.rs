use countersign_domain::audit::AuditKind;
use countersign_domain::secret::RefreshToken;
use countersign_domain::session::{Rotated, Session};
use countersign_domain::user::User;

use super::*;
use crate::error::Classify as _;
use crate::ports::access_tokens::MockAccessTokens;
use crate::ports::rate_limiter::{Hit, LimitVerdict, MockRateLimiter};
use crate::testing::{Mocks, NOW, StagedUnitOfWork, actor, origin, outage, session, user, user_id};

fn refresh_token() -> RefreshToken {
    RefreshToken::new([1; 16], [1; 32])
}

fn tokens() -> Tokens {
    Tokens {
        user_id: user_id(1),
        session_id: session(1).id,
        access_token: Secret::new("access-token"),
        expires_in: Duration::minutes(15),
        refresh_token: refresh_token().secret().clone(),
        refresh_expires_in: Duration::days(30),
    }
}

/// What signing in `ago` left in the browser.
fn kept(ago: Duration) -> Secret {
    let mocks = Mocks::default();
    mocks.clock.advance(-ago);
    BrowserSessions::new(&mocks.into_dependencies()).keep(&tokens()).unwrap().value
}

fn rows(session_row: Option<Session>, user_row: Option<User>) -> Mocks {
    let mut mocks = Mocks::default();
    let of_family = session_row.clone();
    mocks.sessions.expect_find_by_id().returning(move |_| Ok(session_row.clone()));
    mocks.sessions.expect_find_by_family().returning(move |_| Ok(of_family.clone()));
    mocks.users.expect_find_by_id().returning(move |_| Ok(user_row.clone()));
    // No memberships are asked for, and nothing is signed: nobody sees an access token.
    mocks.access_tokens = MockAccessTokens::new();
    mocks
}

async fn resumed(mocks: Mocks, cookie: &Secret) -> Resumed {
    BrowserSessions::new(&mocks.into_dependencies()).resume(&origin(), cookie).await
}

async fn resume(mocks: Mocks, cookie: &Secret) -> Result<BrowserSession, ResumeError> {
    resumed(mocks, cookie).await.session
}

#[tokio::test]
async fn a_cookie_stands_for_its_session_without_a_refresh_while_it_is_fresh() {
    for ago in [Duration::seconds(-30), Duration::ZERO, Duration::minutes(15) - Duration::SECOND] {
        let resumed = resumed(rows(Some(session(1)), Some(user(1))), &kept(ago)).await;
        assert!(resumed.renewed.is_none());
        let session = resumed.session.unwrap();
        assert_eq!((session.actor, session.form_token.text().len()), (actor(), 87));
    }
}

#[tokio::test]
async fn afterwards_the_refresh_token_is_exchanged_and_the_forms_stay_good() {
    let mut mocks = rows(Some(session(1)), Some(user(1)));
    let mut uow = StagedUnitOfWork::default();
    uow.sessions.expect_rotate().times(1).returning(|_| Ok(true));
    let written = mocks.stage(uow);
    let cookie = kept(Duration::minutes(15));
    let first = resumed(mocks, &cookie).await;
    assert!(written.committed());
    let renewed = first.renewed.unwrap();
    assert_eq!(renewed.lasts, Duration::days(30));
    assert_ne!(renewed.value, cookie);
    let again = resumed(rows(Some(session(1)), Some(user(1))), &renewed.value).await;
    assert!(again.renewed.is_none());
    assert_eq!(again.session.unwrap().form_token.text(), first.session.unwrap().form_token.text());
}

#[tokio::test]
async fn a_form_of_a_former_session_is_known_to_its_account_and_to_no_other() {
    let signing_in = BrowserSessions::new(&Mocks::default().into_dependencies());
    let form_token = async |n: u64| {
        let tokens = Tokens { user_id: user_id(n), session_id: session(n).id, ..tokens() };
        let cookie = signing_in.keep(&tokens).unwrap().value;
        resume(rows(Some(session(n)), Some(user(n))), &cookie).await.unwrap().form_token
    };
    let (former, present, another) = (form_token(1).await, form_token(1).await, form_token(2).await);
    assert_eq!(present.judge(&present.text()), FormOf::Session);
    assert_eq!(present.judge(&former.text()), FormOf::Account);
    assert_eq!(another.judge(&former.text()), FormOf::Another);
}

#[tokio::test]
async fn what_a_clock_that_was_ahead_has_sealed_is_exchanged_at_once() {
    let mut mocks = rows(Some(session(1)), Some(user(1)));
    let mut uow = StagedUnitOfWork::default();
    uow.sessions.expect_rotate().times(1).returning(|_| Ok(true));
    let written = mocks.stage(uow);
    assert!(resumed(mocks, &kept(Duration::seconds(-31))).await.renewed.is_some());
    assert!(written.committed());
}

#[tokio::test]
async fn what_was_exchanged_is_kept_also_where_the_rest_fails() {
    let mut mocks = Mocks::default();
    mocks.sessions.expect_find_by_family().returning(|_| Ok(Some(session(1))));
    mocks.sessions.expect_find_by_id().returning(|_| Err(outage()));
    mocks.users.expect_find_by_id().returning(|_| Ok(Some(user(1))));
    let mut uow = StagedUnitOfWork::default();
    uow.sessions.expect_rotate().returning(|_| Ok(true));
    let written = mocks.stage(uow);
    let resumed = resumed(mocks, &kept(Duration::hours(1))).await;
    assert_eq!(resumed.session.unwrap_err().code(), "service_unavailable");
    assert!(written.committed() && resumed.renewed.is_some());
}

#[tokio::test]
async fn a_cookie_is_only_as_good_as_its_session_and_account() {
    let ended = Session { ended_at: Some(NOW), ..session(1) };
    let inactive = User { is_active: false, ..user(1) };
    let later = User { epoch: 1, ..user(1) };
    for (session_row, user_row) in [
        (None, Some(user(1))),
        (Some(ended), Some(user(1))),
        (Some(session(1)), None),
        (Some(session(1)), Some(inactive)),
        (Some(session(1)), Some(later)),
    ] {
        for ago in [Duration::ZERO, Duration::hours(1)] {
            let refused = resume(rows(session_row.clone(), user_row.clone()), &kept(ago)).await.unwrap_err();
            assert_eq!(refused.code(), "authentication_required", "{session_row:?} {user_row:?}");
        }
    }
}

#[tokio::test]
async fn what_nobody_sealed_asks_the_database_nothing() {
    for cookie in ["", "x", "sealed-", "sealed-a.b.c.d.e", "sealed-....."] {
        let refused = resume(Mocks::default(), &Secret::new(cookie)).await.unwrap_err();
        assert!(matches!(refused, ResumeError::Over), "{cookie}");
    }
    let one_part_less = kept(Duration::ZERO).expose().rsplit_once('.').unwrap().0.to_owned();
    assert!(matches!(resume(Mocks::default(), &Secret::new(one_part_less)).await, Err(ResumeError::Over)));
}

#[tokio::test]
async fn an_outage_signs_nobody_out() {
    let mut out = Mocks::default();
    out.sessions.expect_find_by_id().returning(|_| Err(outage()));
    assert_eq!(resume(out, &kept(Duration::ZERO)).await.unwrap_err().code(), "service_unavailable");
}

#[tokio::test]
async fn a_cookie_that_is_over_is_no_guess_and_what_others_guess_keeps_nobody_out() {
    for (ended_at, is_over) in [(Some(NOW), true), (None, false)] {
        let mut mocks = rows(Some(Session { ended_at, ..session(1) }), Some(user(1)));
        // Asked for anything else, it would panic.
        mocks.rate_limiter = MockRateLimiter::new();
        let of_the_trail = |hit: &Hit| hit.rule.name == "repeats_audited";
        mocks.rate_limiter.expect_acquire().withf(of_the_trail).returning(|_| LimitVerdict::Allowed);
        let mut uow = StagedUnitOfWork::default();
        uow.sessions.expect_rotate().returning(|_| Ok(true));
        mocks.stage(uow);
        let recorded = mocks.recorded.clone();
        let refused = resume(mocks, &kept(Duration::hours(1))).await.err();
        assert_eq!(refused.map(|error| error.code()), is_over.then_some("authentication_required"));
        assert_eq!(recorded.audited(), []);
    }
}

/// The session after the refresh token was exchanged that long ago.
fn exchanged(ago: Duration) -> Session {
    let successor = Rotated { digest: refresh_token().digest(), at: NOW - ago, sealed_successor: Some(vec![2]) };
    let current = RefreshToken::new([1; 16], [2; 32]).digest();
    Session { current, previous: Some(successor), ip: origin().ip, user_agent: origin().user_agent, ..session(1) }
}

/// The same, from where it is not asked for now.
fn exchanged_elsewhere(ago: Duration) -> [Session; 2] {
    let network = Session { ip: Some([198, 51, 100, 1].into()), ..exchanged(ago) };
    [network, Session { user_agent: Some("another".to_owned()), ..exchanged(ago) }]
}

#[tokio::test]
async fn a_copy_gets_the_successor_only_for_as_long_as_tabs_come_back_at_once() {
    for (window, soon) in [(0, 10), (30, 30)] {
        let end = Duration::seconds(soon);
        for row in exchanged_elsewhere(end - Duration::MILLISECOND) {
            let mut mocks = rows(Some(row), Some(user(1)));
            mocks.policy.session.reuse_window = Duration::seconds(window);
            mocks.sealer.expect_open_successor().returning(|_, _| Ok(RefreshToken::new([1; 16], [2; 32])));
            assert!(resumed(mocks, &kept(Duration::hours(1))).await.renewed.is_some());
        }
        for row in exchanged_elsewhere(end) {
            let mut mocks = rows(Some(row), Some(user(1)));
            mocks.policy.session.reuse_window = Duration::seconds(window);
            let mut uow = StagedUnitOfWork::default();
            uow.sessions.expect_end().times(1).returning(|_, _, _| Ok(true));
            uow.one_time_tokens.expect_remove_requested_by().returning(|_, _| Ok(()));
            let written = mocks.stage(uow);
            let resumed = resumed(mocks, &kept(Duration::hours(1))).await;
            assert!(matches!(resumed.session, Err(ResumeError::Over)) && resumed.renewed.is_none());
            assert_eq!(written.audited(), [AuditKind::RefreshTokenReused]);
            assert_eq!(written.mails().len(), 1);
        }
    }
}

#[tokio::test]
async fn two_tabs_that_come_back_at_once_stay_signed_in_also_where_nothing_may_be_used_again() {
    let mut mocks = rows(Some(exchanged(Duration::minutes(5) - Duration::MILLISECOND)), Some(user(1)));
    mocks.policy.session.reuse_window = Duration::ZERO;
    mocks.sealer.expect_open_successor().returning(|_, _| Ok(RefreshToken::new([1; 16], [2; 32])));
    let resumed = resumed(mocks, &kept(Duration::hours(1))).await;
    assert!(resumed.session.is_ok() && resumed.renewed.is_some());
    let mut mocks = rows(Some(exchanged(Duration::minutes(5))), Some(user(1)));
    mocks.policy.session.reuse_window = Duration::ZERO;
    let mut uow = StagedUnitOfWork::default();
    uow.sessions.expect_end().times(1).returning(|_, _, _| Ok(true));
    uow.one_time_tokens.expect_remove_requested_by().returning(|_, _| Ok(()));
    let written = mocks.stage(uow);
    assert!(matches!(resume(mocks, &kept(Duration::hours(1))).await, Err(ResumeError::Over)));
    assert_eq!(written.audited(), [AuditKind::RefreshTokenReused]);
}

#[tokio::test]
async fn where_another_site_leads_a_stale_cookie_opens_nothing_and_a_fresh_one_what_its_session_does() {
    let sessions = |mocks: Mocks| BrowserSessions::new(&mocks.into_dependencies());
    for ago in [Duration::minutes(15), Duration::hours(1), Duration::seconds(-31)] {
        // Whatever is looked up, begun, written or counted panics.
        let sessions = sessions(Mocks::default());
        assert!(sessions.is_stale(&kept(ago)), "{ago}");
        assert!(matches!(sessions.recognize(&kept(ago)).await, Err(ResumeError::Over)), "{ago}");
    }
    let fresh = kept(Duration::minutes(15) - Duration::SECOND);
    assert!(!sessions(Mocks::default()).is_stale(&fresh));
    let recognized = sessions(rows(Some(session(1)), Some(user(1)))).recognize(&fresh).await.unwrap();
    assert_eq!(recognized.actor, actor());
    let ended = Session { ended_at: Some(NOW), ..session(1) };
    assert!(matches!(sessions(rows(Some(ended), Some(user(1)))).recognize(&fresh).await, Err(ResumeError::Over)));
    let forged = Secret::new("x");
    assert!(!sessions(Mocks::default()).is_stale(&forged));
    assert!(matches!(sessions(Mocks::default()).recognize(&forged).await, Err(ResumeError::Over)));
}
