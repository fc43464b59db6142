//! What an access token says.

use std::collections::HashMap;

use serde::Deserialize;
use uuid::Uuid;

/// What a verified access token says of its bearer, as of [`Claims::issued_at`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// The account (`sub`, `user_id`): the name to store things under, because an address may change.
    pub user_id: Uuid,
    /// The account's address (`email`).
    pub email: String,
    /// Teams in which the account is an active member; not all of them, if [`Claims::teams_truncated`].
    pub teams: Vec<Uuid>,
    roles: HashMap<Uuid, TeamRole>,
    /// Whether there are more teams than fit a token: ask `GET /auth/teams`.
    #[serde(default)]
    pub teams_truncated: bool,
    /// The session (`sid`): it ends with a logout.
    #[serde(rename = "sid")]
    pub session_id: Uuid,
    /// This very token (`jti`).
    #[serde(rename = "jti")]
    pub token_id: Uuid,
    /// Seconds since 1970 (`iat`).
    #[serde(rename = "iat")]
    pub issued_at: i64,
    /// Seconds since 1970 (`exp`).
    #[serde(rename = "exp")]
    pub expires_at: i64,
    // One of each: a token for several issuers or audiences (RFC 7519, 4.1.3) is none of this service.
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) sub: Uuid,
    #[serde(default, rename = "nbf")]
    pub(crate) not_before: Option<i64>,
}

/// What a member may do in a team.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TeamRole {
    /// Changes the team and its members.
    Admin,
    /// Belongs to it.
    Member,
    /// A role that this version does not know. Give it no rights.
    #[serde(other)]
    Unknown,
}

impl Claims {
    /// The bearer's role in this team. `None` outside, and in teams that did not fit the token.
    #[must_use]
    pub fn role_in(&self, team: Uuid) -> Option<TeamRole> {
        self.roles.get(&team).copied()
    }
}
