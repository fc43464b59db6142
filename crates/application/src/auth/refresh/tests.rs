use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_domain::session::Rotated;
use time::Duration;

use super::*;
use crate::error::{Classify, Kind};
use crate::mail::message::MailKind;
use crate::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use crate::testing::{Mocks, NOW, StagedUnitOfWork, origin, outage, session, user};

fn generation(n: u8) -> RefreshToken {
    RefreshToken::new([1; 16], [n; 32])
}

/// The session of the first account, last used from where the test is.
fn here() -> Session {
    Session { ip: origin().ip, user_agent: origin().user_agent, ..session(1) }
}

/// The session after `from` was exchanged for `to` that long ago.
fn rotated(from: u8, to: u8, ago: Duration) -> Session {
    let previous = Rotated { digest: generation(from).digest(), at: NOW - ago, sealed_successor: Some(vec![to]) };
    Session { current: generation(to).digest(), previous: Some(previous), ..here() }
}

fn mocks(stored: Session) -> Mocks {
    let mut mocks = Mocks::default();
    // The first secret is the generation that the fixture starts from.
    mocks.secrets.octets();
    mocks
        .sessions
        .expect_find_by_family()
        .returning(move |family| Ok(Some(stored.clone()).filter(|session| session.family == *family)));
    mocks.users.expect_find_by_id().returning(|id| Ok(Some(user(1)).filter(|user| user.id == id)));
    mocks.memberships.expect_list_active_by_user().returning(|_, _| Ok(vec![]));
    mocks.sealer.expect_open_successor().returning(|_, sealed| Ok(generation(sealed[0])));
    mocks
}

async fn refresh(mocks: Mocks, token: &Secret) -> Result<Tokens, RefreshError> {
    Refresh::new(&mocks.into_dependencies()).execute(&origin(), RefreshCommand { refresh_token: token.clone() }).await
}

fn invalid(error: &RefreshError) -> bool {
    (error.kind(), error.code()) == (Kind::Unauthenticated, "invalid_refresh_token")
}

#[tokio::test]
async fn the_current_token_is_exchanged_for_the_next_generation() {
    let mut mocks = mocks(here());
    let mut uow = StagedUnitOfWork::default();
    uow.sessions
        .expect_rotate()
        .withf(|rotation| {
            rotation.presented == generation(1).digest()
                && rotation.successor != rotation.presented
                && rotation.sealed_successor == b"sealed"
                && rotation.idle_expires_at == NOW + Duration::days(30)
        })
        .times(1)
        .returning(|_| Ok(true));
    let written = mocks.stage(uow);

    let tokens = refresh(mocks, generation(1).secret()).await.unwrap();

    assert!(written.committed());
    assert_eq!(written.audited(), []);
    assert_eq!(tokens.access_token.expose(), "access-token");
    let successor = RefreshToken::parse(tokens.refresh_token.expose()).unwrap();
    assert_eq!(successor.family_digest(), here().family);
    assert_ne!(successor, generation(1));
}

#[tokio::test]
async fn the_network_of_an_unverified_account_is_a_sign_of_life() {
    let mut mocks = mocks(here());
    mocks.users.checkpoint();
    mocks.users.expect_find_by_id().returning(|_| Ok(Some(User { email_verified: false, ..user(1) })));
    let mut uow = StagedUnitOfWork::default();
    uow.sessions.expect_rotate().returning(|_| Ok(true));
    let here = Network::logged(origin().ip.unwrap());
    uow.networks
        .expect_remember()
        .withf(move |id, network, at| (*id, *network, *at) == (user(1).id, here, NOW))
        .times(1)
        .returning(|_, _, _| Ok(()));
    let written = mocks.stage(uow);
    refresh(mocks, generation(1).secret()).await.unwrap();
    assert!(written.committed());
}

#[tokio::test]
async fn a_refresh_does_not_reach_past_the_absolute_end() {
    let ending = Session { expires_at: NOW + Duration::hours(1), ..here() };
    let mut mocks = mocks(ending);
    let mut uow = StagedUnitOfWork::default();
    uow.sessions
        .expect_rotate()
        .withf(|rotation| rotation.idle_expires_at == NOW + Duration::hours(1))
        .returning(|_| Ok(true));
    mocks.stage(uow);
    let tokens = refresh(mocks, generation(1).secret()).await.unwrap();
    assert_eq!(tokens.refresh_expires_in, Duration::hours(1));
}

#[tokio::test]
async fn a_session_that_moved_is_audited() {
    let elsewhere = Session { ip: Some([198, 51, 100, 1].into()), ..here() };
    let other_program = Session { user_agent: Some("another".to_owned()), ..here() };
    let same_network = Session { ip: Some([192, 0, 2, 200].into()), ..here() };
    let moved: &[AuditKind] = &[AuditKind::SessionMoved];
    for (stored, audited) in [(elsewhere, moved), (other_program, moved), (same_network, &[])] {
        let mut mocks = mocks(stored);
        let mut uow = StagedUnitOfWork::default();
        uow.sessions.expect_rotate().returning(|_| Ok(true));
        let written = mocks.stage(uow);
        refresh(mocks, generation(1).secret()).await.unwrap();
        assert_eq!(written.audited(), audited);
    }
}

#[tokio::test]
async fn a_session_that_moves_too_often_is_refreshed_and_in_the_log_alone() {
    let elsewhere = Session { ip: Some([198, 51, 100, 1].into()), ..here() };
    let mut mocks = mocks(elsewhere);
    mocks.rate_limiter = Mocks::at_limit("repeats_audited").rate_limiter;
    mocks.rate_limiter.expect_peek().returning(|_| LimitVerdict::Allowed);
    let mut uow = StagedUnitOfWork::default();
    uow.sessions.expect_rotate().returning(|_| Ok(true));
    let written = mocks.stage(uow);
    refresh(mocks, generation(1).secret()).await.unwrap();
    assert!(written.committed());
    assert_eq!(written.audited(), []);
}

#[tokio::test]
async fn the_same_token_within_the_window_gets_the_same_successor() {
    let mocks = mocks(rotated(1, 2, Duration::seconds(29)));
    let tokens = refresh(mocks, generation(1).secret()).await.unwrap();
    assert_eq!(tokens.refresh_token, *generation(2).secret());
    assert_eq!(tokens.access_token.expose(), "access-token");
}

#[tokio::test]
async fn whoever_loses_the_race_gets_the_winners_successor() {
    let mut mocks = Mocks::default();
    let reads = AtomicUsize::new(0);
    mocks.sessions.expect_find_by_family().times(2).returning(move |_| {
        let first = reads.fetch_add(1, Ordering::Relaxed) == 0;
        Ok(Some(if first { here() } else { rotated(1, 2, Duration::ZERO) }))
    });
    mocks.users.expect_find_by_id().returning(|_| Ok(Some(user(1))));
    mocks.memberships.expect_list_active_by_user().returning(|_, _| Ok(vec![]));
    mocks.sealer.expect_open_successor().returning(|_, sealed| Ok(generation(sealed[0])));
    let mut uow = StagedUnitOfWork::default();
    uow.sessions.expect_rotate().times(1).returning(|_| Ok(false));
    let written = mocks.stage(uow);
    let tokens = refresh(mocks, generation(1).secret()).await.unwrap();
    assert_eq!(tokens.refresh_token, *generation(2).secret());
    assert!(!written.committed());
}

#[tokio::test]
async fn a_token_that_keeps_losing_is_refused() {
    let mut mocks = mocks(here());
    for _ in 0..2 {
        let mut uow = StagedUnitOfWork::default();
        uow.sessions.expect_rotate().times(1).returning(|_| Ok(false));
        mocks.stage(uow);
    }
    assert!(invalid(&refresh(mocks, generation(1).secret()).await.unwrap_err()));
}

#[tokio::test]
async fn an_older_generation_ends_the_family_and_tells_the_owner() {
    let late = rotated(1, 2, Duration::seconds(30));
    let older_inside_the_window = rotated(2, 3, Duration::seconds(1));
    for stored in [late, older_inside_the_window] {
        let mut mocks = mocks(stored);
        let mut uow = StagedUnitOfWork::default();
        uow.sessions
            .expect_end()
            .withf(|owner, id, _| *owner == user(1).id && *id == session(1).id)
            .times(1)
            .returning(|_, _, _| Ok(true));
        uow.one_time_tokens
            .expect_remove_requested_by()
            .withf(|owner, sessions| *owner == user(1).id && *sessions == [session(1).id])
            .times(1)
            .returning(|_, _| Ok(()));
        let written = mocks.stage(uow);
        let error = refresh(mocks, generation(1).secret()).await.unwrap_err();
        assert!(invalid(&error));
        assert!(written.committed());
        assert_eq!(written.audited(), [AuditKind::RefreshTokenReused]);
        let mails = written.mails();
        assert_eq!((mails.len(), &mails[0].kind), (1, &MailKind::SuspiciousActivity));
        assert_eq!(mails[0].recipient, user(1).email);
    }
}

#[tokio::test]
async fn a_reuse_that_cannot_be_stored_is_a_fault_and_no_refusal() {
    let mut mocks = mocks(rotated(1, 2, Duration::minutes(1)));
    let mut uow = StagedUnitOfWork { fail_commit: true, ..StagedUnitOfWork::default() };
    uow.sessions.expect_end().returning(|_, _, _| Ok(true));
    uow.one_time_tokens.expect_remove_requested_by().returning(|_, _| Ok(()));
    mocks.stage(uow);
    assert_eq!(refresh(mocks, generation(1).secret()).await.unwrap_err().kind(), Kind::Unavailable);
}

#[tokio::test]
async fn a_session_that_is_over_is_refused() {
    let ended = Session { ended_at: Some(NOW), ..here() };
    let idle = Session { idle_expires_at: NOW, ..here() };
    let too_old = Session { expires_at: NOW, ..here() };
    let former_epoch = Session { epoch: -1, ..here() };
    for stored in [ended, idle, too_old, former_epoch] {
        assert!(invalid(&refresh(mocks(stored), generation(1).secret()).await.unwrap_err()));
    }
}

#[tokio::test]
async fn an_inactive_or_deleted_account_is_refused() {
    for owner in [None, Some(countersign_domain::user::User { is_active: false, ..user(1) })] {
        let mut mocks = Mocks::default();
        mocks.sessions.expect_find_by_family().returning(|_| Ok(Some(here())));
        mocks.users.expect_find_by_id().return_once(move |_| Ok(owner));
        assert!(invalid(&refresh(mocks, generation(1).secret()).await.unwrap_err()));
    }
}

#[tokio::test]
async fn garbage_and_unknown_families_are_refused_counted_and_audited() {
    let unknown = RefreshToken::new([9; 16], [1; 32]).secret().clone();
    for token in [Secret::new("garbage"), Secret::new(""), unknown] {
        let mocks = mocks(here());
        let recorded = mocks.recorded.clone();
        assert!(invalid(&refresh(mocks, &token).await.unwrap_err()));
        assert_eq!(recorded.audited(), [AuditKind::TokenRefused]);
    }
}

#[tokio::test]
async fn too_many_refused_tokens_stop_a_network() {
    let refused = LimitVerdict::Refused { retry_after: Duration::SECOND };
    let mut reached = MockRateLimiter::new();
    reached.expect_peek().withf(|hit| hit.rule.name == "token_failures_ip").returning(move |_| refused);
    let guarded = Mocks { rate_limiter: reached, ..Mocks::default() };
    assert_eq!(refresh(guarded, generation(1).secret()).await.unwrap_err().kind(), Kind::Limited);

    let mut reached_meanwhile = MockRateLimiter::new();
    reached_meanwhile.expect_peek().returning(|_| LimitVerdict::Allowed);
    reached_meanwhile.expect_acquire().times(1).returning(move |_| refused);
    let guarded = Mocks { rate_limiter: reached_meanwhile, ..Mocks::default() };
    assert_eq!(refresh(guarded, &Secret::new("garbage")).await.unwrap_err().kind(), Kind::Limited);
}

#[tokio::test]
async fn a_rotation_that_is_not_committed_gives_no_token() {
    let mut mocks = mocks(here());
    let mut uow = StagedUnitOfWork { fail_commit: true, ..StagedUnitOfWork::default() };
    uow.sessions.expect_rotate().returning(|_| Ok(true));
    mocks.stage(uow);
    assert_eq!(refresh(mocks, generation(1).secret()).await.unwrap_err().kind(), Kind::Unavailable);
}

#[tokio::test]
async fn a_session_that_moved_on_between_the_two_looks_is_refreshed() {
    let mut mocks = Mocks::default();
    mocks.secrets.octets();
    let mut epochs = [0, 1].into_iter();
    mocks
        .sessions
        .expect_find_by_family()
        .times(2)
        .returning(move |_| Ok(epochs.next().map(|epoch| Session { epoch, ..here() })));
    mocks.users.expect_find_by_id().returning(|_| Ok(Some(User { epoch: 1, ..user(1) })));
    mocks.memberships.expect_list_active_by_user().returning(|_, _| Ok(vec![]));
    let mut uow = StagedUnitOfWork::default();
    uow.sessions.expect_rotate().times(1).returning(|_| Ok(true));
    let written = mocks.stage(uow);
    refresh(mocks, generation(1).secret()).await.unwrap();
    assert!(written.committed());
}

#[tokio::test]
async fn what_fails_on_the_way_gives_no_token_and_is_no_refusal() {
    let mut lost = StagedUnitOfWork::default();
    lost.sessions.expect_rotate().returning(|_| Err(outage()));
    let mut unaudited = StagedUnitOfWork::default();
    unaudited.sessions.expect_rotate().returning(|_| Ok(true));
    unaudited.written.refuse_events();
    for uow in [lost, unaudited] {
        let mut mocks = mocks(Session { user_agent: Some("another".to_owned()), ..here() });
        let (written, recorded) = (mocks.stage(uow), mocks.recorded.clone());
        assert_eq!(refresh(mocks, generation(1).secret()).await.unwrap_err().kind(), Kind::Unavailable);
        assert!(!written.committed());
        assert_eq!(recorded.audited(), [], "the token is as good as before");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_an_outage_and_no_refusal() {
    let broken: [fn(&mut Mocks); 3] = [
        |mocks| {
            mocks.sessions.checkpoint();
            mocks.sessions.expect_find_by_family().returning(|_| Err(outage()));
        },
        |mocks| {
            mocks.users.checkpoint();
            mocks.users.expect_find_by_id().returning(|_| Err(outage()));
        },
        |mocks| {
            mocks.memberships.checkpoint();
            mocks.memberships.expect_list_active_by_user().returning(|_, _| Err(outage()));
        },
    ];
    for fail in broken {
        // Rotated a moment ago: this way reads all three and writes nothing.
        let mut mocks = mocks(rotated(1, 2, Duration::seconds(1)));
        fail(&mut mocks);
        let recorded = mocks.recorded.clone();
        assert_eq!(refresh(mocks, generation(1).secret()).await.unwrap_err().kind(), Kind::Unavailable);
        assert_eq!(recorded.audited(), []);
    }
}
