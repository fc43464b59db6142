use std::task::{Context, Waker};

use countersign_domain::audit::AuditKind;
use tokio::sync::oneshot;

use super::*;
use crate::error::{Classify as _, Kind};
use crate::ports::snapshot_cache::MockSnapshotCache;
use crate::snapshots::{Entry, Snapshots};
use crate::testing::log_lines::LogLines;
use crate::testing::{Mocks, NOW, StagedUnitOfWork, origin, user_id};

/// A trail, fences of two accounts of which the second is lifted when told so by what is returned with them, and the
/// unit of work.
fn staged(uow: StagedUnitOfWork) -> (Trail, Snapshots, Box<dyn UnitOfWork>, oneshot::Receiver<()>) {
    let mut mocks = Mocks { account_cache: MockSnapshotCache::new(), ..Mocks::default() };
    mocks.account_cache.expect_fence().returning(|_| Ok(()));
    let (lifted, lift) = oneshot::channel();
    let lifted = std::sync::Mutex::new(Some(lifted));
    mocks.account_cache.expect_lift().returning(move |id| {
        if *id == user_id(2) {
            lifted.lock().unwrap().take().unwrap().send(()).unwrap();
        }
        Ok(())
    });
    let dependencies = mocks.into_dependencies();
    (Trail::new(&dependencies), Snapshots::new(&dependencies), Box::new(uow), lift)
}

/// Lets other tasks go on until this is so.
async fn until(mut so: impl FnMut() -> bool) {
    for _ in 0..100 {
        if so() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("it never came to that");
}

#[tokio::test]
async fn a_client_that_leaves_during_the_commit_leaves_no_effect_without_its_line_and_no_fence_up() {
    let log = LogLines::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let (commit, commits_after) = oneshot::channel();
    let uow = StagedUnitOfWork { commits_after: Some(commits_after), ..StagedUnitOfWork::default() };
    let written = uow.written.clone();
    let (trail, snapshots, uow, mut lifted) = staged(uow);
    let event = trail.event(AuditKind::TeamUpdated, &origin(), NOW);
    let fences =
        [snapshots.fence([Entry::Account(user_id(1))]).await, snapshots.refreshed([Entry::Account(user_id(2))])];
    let mut answering = Box::pin(finish(uow, fences, &trail, [event]));
    assert!(answering.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(answering);
    assert!(!written.committed());
    commit.send(()).unwrap();
    until(|| lifted.try_recv().is_ok()).await;
    assert!(written.committed());
    assert_eq!(log.events(), ["team_updated"]);
}

#[tokio::test]
async fn what_is_not_committed_is_not_said() {
    let log = LogLines::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let (trail, snapshots, uow, mut lifted) =
        staged(StagedUnitOfWork { fail_commit: true, ..StagedUnitOfWork::default() });
    let event = trail.event(AuditKind::TeamUpdated, &origin(), NOW);
    let fences = [snapshots.fence([Entry::Account(user_id(2))]).await];
    let fault = finish(uow, fences, &trail, [event]).await.unwrap_err();
    assert_eq!(fault.kind(), Kind::Unavailable);
    assert_eq!(log.events(), Vec::<String>::new());
    assert!(lifted.try_recv().is_err(), "an outcome that is not known leaves the fence up");
}
