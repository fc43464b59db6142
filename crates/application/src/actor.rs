//! Who asks.

use countersign_domain::ids::{SessionId, UserId};
use countersign_domain::user::User;

/// An account that showed a valid access token, as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The account.
    pub user: User,
    /// The session of the token.
    pub session_id: SessionId,
}

impl Actor {
    /// The account's id.
    pub const fn id(&self) -> UserId {
        self.user.id
    }
}
