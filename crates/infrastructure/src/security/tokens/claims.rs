//! What an access token of ours says.

use std::collections::BTreeMap;

use countersign_application::error::Fault;
use countersign_application::ports::access_tokens::AccessClaims;
use serde::Serialize;

/// The most teams that a token names, whatever the settings say: with more it would not fit the header of a request.
const MOST_TEAMS: usize = 100;

#[derive(Serialize)]
struct IssuedClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: String,
    user_id: String,
    email: &'a str,
    teams: Vec<String>,
    roles: BTreeMap<String, &'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    teams_truncated: bool,
    sid: String,
    jti: String,
    iat: i64,
    exp: i64,
}

/// The claims as JSON.
pub(crate) fn to_json(claims: &AccessClaims, issuer: &str, audience: &str) -> Result<Vec<u8>, Fault> {
    let named = &claims.roles[..claims.roles.len().min(MOST_TEAMS)];
    let body = IssuedClaims {
        iss: issuer,
        aud: audience,
        sub: claims.user_id.to_string(),
        user_id: claims.user_id.to_string(),
        email: claims.email.as_str(),
        teams: named.iter().map(|(team, _)| team.to_string()).collect(),
        roles: named.iter().map(|(team, role)| (team.to_string(), role.as_str())).collect(),
        teams_truncated: claims.teams_truncated || named.len() < claims.roles.len(),
        sid: claims.session_id.to_string(),
        jti: claims.token_id.to_string(),
        iat: claims.issued_at.unix_timestamp(),
        exp: claims.expires_at.unix_timestamp(),
    };
    serde_json::to_vec(&body).map_err(|error| Fault::internal("access token", error))
}
