use std::sync::Mutex;

use countersign_domain::team::membership::Membership;
use countersign_domain::team::role::Role;

use super::*;
use crate::ports::access_tokens::MockAccessTokens;
use crate::testing::{Mocks, NOW, membership, origin, session, team, user, user_id};

fn in_team(n: u64, role: Role) -> Membership {
    Membership { team_id: team(n).id, ..membership(1, role) }
}

/// The claims of a token of the first account, which has so many active memberships.
async fn claims(teams: u64, max_teams: u16) -> AccessClaims {
    let seen: Arc<Mutex<Option<AccessClaims>>> = Arc::default();
    let mut mocks = Mocks::default();
    mocks.policy.max_teams_in_token = max_teams;
    mocks.memberships.expect_list_active_by_user().returning(move |user, limit| {
        assert_eq!(user, user_id(1));
        Ok((1..=teams).map(|n| in_team(n, Role::Admin)).take(usize::from(limit)).collect())
    });
    mocks.access_tokens = MockAccessTokens::new();
    let claims = Arc::clone(&seen);
    mocks.access_tokens.expect_issue().returning(move |issued| {
        *claims.lock().unwrap() = Some(issued.clone());
        Ok(Secret::new("access-token"))
    });
    let issuance = TokenIssuance::new(&mocks.into_dependencies());
    let token = RefreshToken::new([1; 16], [1; 32]);
    let expires_at = NOW + Duration::days(30);
    let tokens = issuance.tokens(&user(1), session(1).id, &token, expires_at, NOW).await.unwrap();
    assert_eq!(tokens.access_token.expose(), "access-token");
    assert_eq!((tokens.expires_in, tokens.refresh_expires_in), (Duration::minutes(15), Duration::days(30)));
    assert_eq!(&tokens.refresh_token, token.secret());
    let issued = seen.lock().unwrap().clone();
    issued.unwrap()
}

#[tokio::test]
async fn an_access_token_speaks_of_account_session_and_roles() {
    let claims = claims(2, 50).await;
    assert_eq!((claims.user_id, claims.email, claims.session_id), (user(1).id, user(1).email, session(1).id));
    assert_eq!(claims.roles, [(team(1).id, Role::Admin), (team(2).id, Role::Admin)]);
    assert!(!claims.teams_truncated);
    assert_eq!((claims.issued_at, claims.expires_at), (NOW, NOW + Duration::minutes(15)));
}

#[tokio::test]
async fn teams_beyond_the_most_are_cut_and_that_is_said() {
    let full = claims(3, 3).await;
    assert_eq!((full.roles.len(), full.teams_truncated), (3, false));
    let cut = claims(4, 3).await;
    assert_eq!((cut.roles.len(), cut.teams_truncated), (3, true));
}

#[test]
fn a_new_session_begins_in_the_epoch_of_its_account_with_a_token_of_its_own() {
    let issuance = TokenIssuance::new(&Mocks::default().into_dependencies());
    let account = User { epoch: 4, ..user(1) };
    let (session, token) = issuance.new_session(&account, &origin(), NOW);
    assert!(session.is_live(&account, NOW));
    assert_eq!((session.family, session.current), (token.family_digest(), token.digest()));
    assert_eq!((session.ip, &session.user_agent), (origin().ip, &origin().user_agent));
    assert_eq!((session.sign_in_ip, &session.sign_in_user_agent), (origin().ip, &origin().user_agent));
    let (other, other_token) = issuance.new_session(&account, &origin(), NOW);
    assert_ne!((session.id, session.family), (other.id, other.family));
    assert_ne!(token, other_token);
}

#[test]
fn a_session_never_idles_past_its_absolute_end() {
    let mut mocks = Mocks::default();
    mocks.policy.session.idle = Duration::days(365);
    let issuance = TokenIssuance::new(&mocks.into_dependencies());
    let (session, _) = issuance.new_session(&user(1), &origin(), NOW);
    assert_eq!((session.idle_expires_at, session.expires_at), (NOW + Duration::days(180), NOW + Duration::days(180)));
}
