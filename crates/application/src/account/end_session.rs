//! Ends one session of the actor.

use std::sync::Arc;

use countersign_domain::audit::Origin;
use countersign_domain::ids::SessionId;

use crate::actor::Actor;
use crate::auth::authenticate::AuthenticateError;
use crate::auth::family_ending::FamilyEnding;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::clock::Clock;
use crate::ports::session_repository::SessionRepository;

/// What to do.
#[derive(Clone, Debug)]
pub struct EndSessionCommand {
    /// Which.
    pub session_id: SessionId,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum EndSessionError {
    /// No such session.
    #[error("no such session")]
    SessionNotFound,
    /// The session that asks was ended meanwhile.
    #[error(transparent)]
    Revoked(#[from] AuthenticateError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { EndSessionError {
    SessionNotFound => Missing "session_not_found",
} via { Revoked, Internal } }

/// The use case.
#[derive(Clone)]
pub struct EndSession {
    clock: Arc<dyn Clock>,
    sessions: Arc<dyn SessionRepository>,
    ending: FamilyEnding,
}

impl EndSession {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            sessions: Arc::clone(&dependencies.sessions),
            ending: FamilyEnding::new(dependencies),
        }
    }

    /// Ends one session of the actor.
    pub async fn execute(
        &self,
        actor: &Actor,
        origin: &Origin,
        command: EndSessionCommand,
    ) -> Result<(), EndSessionError> {
        let now = self.clock.now();
        let session = self.sessions.find_by_id(command.session_id).await?;
        let session = session.filter(|session| session.is_live(&actor.user, now));
        let session = session.ok_or(EndSessionError::SessionNotFound)?;
        if self.ending.end_for(actor, session.id, origin, now).await? {
            Ok(())
        } else {
            Err(EndSessionError::SessionNotFound)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Classify, Kind};
    use crate::testing::{Mocks, NOW, StagedUnitOfWork, actor, credentials, origin, outage, session, user_id};
    use countersign_domain::audit::AuditKind;
    use countersign_domain::session::Session;

    fn mocks(stored: Session) -> Mocks {
        let mut mocks = Mocks::default();
        mocks
            .sessions
            .expect_find_by_id()
            .returning(move |id| Ok(Some(stored.clone()).filter(|session| session.id == id)));
        mocks
    }

    fn ending(answer: bool) -> StagedUnitOfWork {
        let mut uow = StagedUnitOfWork::default();
        uow.hold_sessions();
        uow.sessions
            .expect_end()
            .withf(|owner, _, _| *owner == user_id(1))
            .times(1)
            .returning(move |_, _, _| Ok(answer));
        uow.one_time_tokens
            .expect_remove_requested_by()
            .withf(|owner, sessions| *owner == user_id(1) && *sessions == [session(1).id])
            .times(usize::from(answer))
            .returning(|_, _| Ok(()));
        uow
    }

    async fn end(mocks: Mocks, session_id: SessionId) -> Result<(), EndSessionError> {
        EndSession::new(&mocks.into_dependencies()).execute(&actor(), &origin(), EndSessionCommand { session_id }).await
    }

    #[tokio::test]
    async fn an_own_session_ends() {
        let mut mocks = mocks(session(1));
        let written = mocks.stage(ending(true));
        end(mocks, session(1).id).await.unwrap();
        assert!(written.committed());
        assert_eq!(written.audited(), [AuditKind::SessionEnded]);
    }

    #[tokio::test]
    async fn anothers_an_unknown_and_a_dead_session_are_not_found_and_nothing_is_written() {
        let ended = Session { ended_at: Some(NOW), ..session(1) };
        let former_epoch = Session { epoch: -1, ..session(1) };
        for (stored, asked) in [
            (session(2), session(2).id),
            (session(1), session(2).id),
            (ended, session(1).id),
            (former_epoch, session(1).id),
        ] {
            let error = end(mocks(stored), asked).await.unwrap_err();
            assert_eq!((error.kind(), error.code()), (Kind::Missing, "session_not_found"));
        }
    }

    #[tokio::test]
    async fn a_session_that_ended_meanwhile_is_not_found() {
        let mut mocks = mocks(session(1));
        let written = mocks.stage(ending(false));
        assert_eq!(end(mocks, session(1).id).await.unwrap_err().kind(), Kind::Missing);
        assert_eq!(written.audited(), []);
    }

    #[tokio::test]
    async fn whoever_was_signed_out_meanwhile_ends_no_other_session() {
        let mut mocks = mocks(Session { user_id: user_id(1), ..session(2) });
        let mut uow = StagedUnitOfWork::default();
        uow.hold_session(credentials(1), Session { ended_at: Some(NOW), ..session(1) });
        let written = mocks.stage(uow);
        let error = end(mocks, session(2).id).await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (Kind::Unauthenticated, "invalid_token"));
        assert!(!written.committed());
    }

    #[tokio::test]
    async fn an_end_that_is_not_committed_is_told() {
        let mut mocks = mocks(session(1));
        mocks.stage(StagedUnitOfWork { fail_commit: true, ..ending(true) });
        assert_eq!(end(mocks, session(1).id).await.unwrap_err().kind(), Kind::Unavailable);
    }

    #[tokio::test]
    async fn what_fails_on_the_way_ends_nothing() {
        let mut lost = StagedUnitOfWork::default();
        lost.hold_sessions();
        lost.sessions.expect_end().returning(|_, _, _| Err(outage()));
        let unaudited = ending(true);
        unaudited.written.refuse_events();
        for uow in [lost, unaudited] {
            let mut mocks = mocks(session(1));
            let written = mocks.stage(uow);
            assert_eq!(end(mocks, session(1).id).await.unwrap_err().kind(), Kind::Unavailable);
            assert!(!written.committed());
        }
        // And a session that cannot be looked for is not one that is unknown.
        let mut mocks = Mocks::default();
        mocks.sessions.expect_find_by_id().returning(|_| Err(outage()));
        assert_eq!(end(mocks, session(1).id).await.unwrap_err().kind(), Kind::Unavailable);
    }
}
