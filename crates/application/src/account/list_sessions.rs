//! Lists the live sessions of the actor, newest first.

use std::sync::Arc;

use countersign_domain::session::Session;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::{Fault, classify};
use crate::ports::clock::Clock;
use crate::ports::session_repository::SessionRepository;

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionView {
    /// The session.
    pub session: Session,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListSessionsError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListSessionsError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListSessions {
    clock: Arc<dyn Clock>,
    sessions: Arc<dyn SessionRepository>,
}

impl ListSessions {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self { clock: Arc::clone(&dependencies.clock), sessions: Arc::clone(&dependencies.sessions) }
    }

    /// Lists the live sessions of the actor, newest first.
    pub async fn execute(&self, actor: &Actor) -> Result<Vec<SessionView>, ListSessionsError> {
        let now = self.clock.now();
        let sessions = self.sessions.list_live_by_user(actor.id(), now).await?;
        Ok(sessions
            .into_iter()
            .filter(|session| session.is_live(&actor.user, now))
            .map(|session| SessionView { current: session.id == actor.session_id, session })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Classify, Kind};
    use crate::testing::{Mocks, actor, session, user_id};

    #[tokio::test]
    async fn the_own_session_is_marked_and_those_of_a_former_epoch_are_left_out() {
        let mut mocks = Mocks::default();
        let another = Session { id: session(2).id, ..session(1) };
        let former_epoch = Session { epoch: -1, ..session(1) };
        let stored = vec![another.clone(), session(1), former_epoch];
        mocks.sessions.expect_list_live_by_user().withf(|id, _| *id == user_id(1)).return_once(|_, _| Ok(stored));
        let listed = ListSessions::new(&mocks.into_dependencies()).execute(&actor()).await.unwrap();
        let expected =
            [SessionView { session: another, current: false }, SessionView { session: session(1), current: true }];
        assert_eq!(listed, expected);
    }

    #[tokio::test]
    async fn an_outage_is_no_empty_list() {
        let mut mocks = Mocks::default();
        mocks.sessions.expect_list_live_by_user().returning(|_, _| Err(Fault::unavailable("database", "gone")));
        let error = ListSessions::new(&mocks.into_dependencies()).execute(&actor()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}
