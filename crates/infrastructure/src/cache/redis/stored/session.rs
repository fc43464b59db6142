//! What decides whether a session's access tokens count.

use countersign_domain::ids::UserId;
use countersign_domain::session::SessionState;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::cache::redis::stored::{Stored, read, write};

#[derive(Serialize, Deserialize)]
struct Fields {
    user_id: Uuid,
    epoch: i64,
    ended: bool,
    #[serde(with = "time::serde::rfc3339")]
    expires_at: OffsetDateTime,
}

impl Stored for SessionState {
    fn to_octets(&self) -> Option<Vec<u8>> {
        let Self { user_id, epoch, ended, expires_at } = *self;
        write(&Fields { user_id: user_id.as_uuid(), epoch, ended, expires_at })
    }

    fn from_octets(octets: &[u8]) -> Option<Self> {
        let Fields { user_id, epoch, ended, expires_at } = read(octets)?;
        Some(Self { user_id: UserId::new(user_id), epoch, ended, expires_at })
    }
}

#[cfg(test)]
mod tests {
    use countersign_application::testing::{NOW, user_id};

    use super::*;

    #[test]
    fn a_session_survives_the_round_trip() {
        for ended in [true, false] {
            let session = SessionState { user_id: user_id(1), epoch: 3, ended, expires_at: NOW };
            assert_eq!(SessionState::from_octets(&session.to_octets().unwrap()), Some(session));
        }
    }
}
