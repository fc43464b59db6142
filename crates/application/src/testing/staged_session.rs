//! Accounts and the sessions that act for them, as they are under the locks of a use case.

use countersign_domain::session::Session;
use countersign_domain::user::Credentials;

use crate::testing::fixtures::{credentials, session, superuser};
use crate::testing::unit_of_work::StagedUnitOfWork;

impl StagedUnitOfWork {
    /// This account with this session of it: what counts once the locks are taken.
    pub fn hold_session(&mut self, account: Credentials, session: Session) {
        self.sessions.expect_lock().returning(move |user, id| {
            let found = account.user.id == user && session.user_id == user && session.id == id;
            Ok(found.then(|| (account.clone(), session.clone())))
        });
    }

    /// The first nine accounts, the ninth of which is a superuser, each with the live session of its number.
    pub fn hold_sessions(&mut self) {
        self.sessions.expect_lock().returning(|user, id| {
            let mut found = (1..10).map(|n| (credentials(n), session(n)));
            let found = found.find(|(account, session)| account.user.id == user && session.id == id);
            Ok(found.map(|(mut account, session)| {
                account.user.is_superuser = account.user.id == superuser().id();
                (account, session)
            }))
        });
    }
}
