//! What an access token of ours says.

use std::collections::BTreeMap;

use countersign_application::error::Fault;
use countersign_application::ports::access_tokens::AccessClaims;
use serde::Serialize;

/// The longest token, whatever the settings say: with `Bearer` it stays below the 8 KiB that servers take as a header.
const LONGEST_TOKEN: usize = 7 * 1024;
/// What a team takes at most: its id in quotes twice, its role, colon and commas.
const TEAM: usize = 2 * 38 + 8 + 3;

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

/// The claims as JSON, with as many teams as fit a token whose header and signature take `around` octets.
pub(crate) fn to_json(claims: &AccessClaims, issuer: &str, audience: &str, around: usize) -> Result<Vec<u8>, Fault> {
    // Four characters of base64 for three octets.
    let room = LONGEST_TOKEN.saturating_sub(around) / 4 * 3;
    let mut teams = claims.roles.len();
    loop {
        let json = naming(teams, claims, issuer, audience)?;
        let excess = json.len().saturating_sub(room);
        if excess == 0 || teams == 0 {
            return Ok(json);
        }
        teams = teams.saturating_sub(excess.div_ceil(TEAM));
    }
}

fn naming(teams: usize, claims: &AccessClaims, issuer: &str, audience: &str) -> Result<Vec<u8>, Fault> {
    let named = &claims.roles[..teams];
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
