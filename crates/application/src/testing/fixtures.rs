//! Entities to start a test from.

use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{InvitationId, OneTimeTokenId, SessionId, TeamId, UserId};
use countersign_domain::invitation::{Invitation, InvitationState};
use countersign_domain::name::{PersonName, TeamName};
use countersign_domain::one_time_token::{OneTimeToken, Purpose};
use countersign_domain::password::{NewPassword, PasswordHash, PresentedPassword};
use countersign_domain::secret::{RefreshToken, TokenDigest};
use countersign_domain::session::Session;
use countersign_domain::team::Team;
use countersign_domain::team::membership::{Membership, MembershipStatus};
use countersign_domain::team::role::Role;
use countersign_domain::user::{Credentials, User};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::actor::Actor;
use crate::error::Fault;
use crate::ports::password_hasher::{MockPasswordHasher, PasswordVerdict};

/// The time at which [`FixedClock`](crate::testing::FixedClock) of [`Mocks`](crate::testing::Mocks) stands.
pub const NOW: OffsetDateTime = datetime!(2026-01-02 03:04:05.678 UTC);

/// The password of [`credentials`].
pub const PASSWORD: &str = "correct horse battery";

/// The n-th account's id.
pub fn user_id(n: u64) -> UserId {
    UserId::new(Uuid::from_u128(0x1000 + u128::from(n)))
}

/// A parsed address. Panics on a malformed one.
#[expect(clippy::expect_used, reason = "a fixture")]
pub fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

/// A parsed name. Panics on a malformed one.
#[expect(clippy::expect_used, reason = "a fixture")]
pub fn name(text: &str) -> PersonName {
    PersonName::parse(text).expect("a name")
}

/// The n-th account: active, verified, `user<n>@example.com`.
pub fn user(n: u64) -> User {
    let mut user =
        User::register(user_id(n), email(&format!("user{n}@example.com")), name("Firstname"), name("Surname"), NOW);
    user.email_verified = true;
    user
}

/// The n-th account with the hash `hash`.
pub fn credentials(n: u64) -> Credentials {
    Credentials { user: user(n), password_hash: PasswordHash::new("hash") }
}

/// The first account, signed in with the session of [`session`].
pub fn actor() -> Actor {
    Actor { user: user(1), session_id: session(1).id }
}

/// A password as a client presents it. Panics on what cannot be one.
#[expect(clippy::expect_used, reason = "a fixture")]
pub fn presented(text: &str) -> PresentedPassword {
    PresentedPassword::parse(text).expect("a password")
}

/// A password to be set. Panics on one that breaks the rules.
#[expect(clippy::expect_used, reason = "a fixture")]
pub fn new_password(text: &str) -> NewPassword {
    NewPassword::parse(text).expect("a good password")
}

/// A hasher to which [`PASSWORD`] is right for the hash of [`credentials`]; it hashes everything to `new-hash`.
pub fn password_hasher() -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher.expect_verify().returning(|presented, hash| {
        let right = hash.is_some_and(|hash| hash.expose() == "hash") && presented.expose() == PASSWORD;
        Ok(if right { PasswordVerdict::Right } else { PasswordVerdict::Wrong })
    });
    hasher.expect_hash().returning(|_| Ok(PasswordHash::new("new-hash")));
    hasher
}

/// The ninth account, a superuser, signed in.
pub fn superuser() -> Actor {
    let user = User { is_superuser: true, ..user(9) };
    Actor { user, session_id: session(9).id }
}

/// A live session of the n-th account, at the first generation of refresh tokens: `RefreshToken::new([n; 16], [1; 32])`.
pub fn session(n: u64) -> Session {
    let token = RefreshToken::new([u8::try_from(n).unwrap_or(0); 16], [1; 32]);
    Session {
        id: SessionId::new(Uuid::from_u128(0x2000 + u128::from(n))),
        user_id: user_id(n),
        epoch: 0,
        family: token.family_digest(),
        current: token.digest(),
        previous: None,
        created_at: NOW,
        last_seen_at: NOW,
        idle_expires_at: NOW + Duration::days(30),
        expires_at: NOW + Duration::days(180),
        ended_at: None,
        ip: None,
        user_agent: None,
        sign_in_ip: None,
        sign_in_user_agent: None,
    }
}

/// The n-th team.
#[expect(clippy::expect_used, reason = "a fixture")]
pub fn team(n: u64) -> Team {
    Team {
        id: TeamId::new(Uuid::from_u128(0x3000 + u128::from(n))),
        name: TeamName::parse("Engines").expect("a name"),
        description: None,
        created_by: Some(user_id(1)),
        created_at: NOW,
        updated_at: NOW,
    }
}

/// An active membership of the n-th account in the first team.
pub fn membership(n: u64, role: Role) -> Membership {
    Membership { user_id: user_id(n), team_id: team(1).id, role, status: MembershipStatus::Active, joined_at: NOW }
}

/// A pending invitation of `email` into the first team, by the first account, with the token `invitation-token`.
pub fn invitation(address: &str, role: Role) -> Invitation {
    Invitation {
        id: InvitationId::new(Uuid::from_u128(0x4001)),
        team_id: team(1).id,
        email: email(address),
        role,
        digest: TokenDigest::of(b"invitation-token"),
        state: InvitationState::Pending,
        invited_by: Some(user_id(1)),
        accepted_by: None,
        created_at: NOW,
        expires_at: NOW + Duration::days(7),
    }
}

/// A good one-time token of the first account, for that purpose, with this secret.
pub fn one_time_token(purpose: Purpose, secret: &str) -> OneTimeToken {
    OneTimeToken {
        id: OneTimeTokenId::new(Uuid::from_u128(0x5001)),
        user_id: Some(user_id(1)),
        purpose,
        digest: TokenDigest::of(secret.as_bytes()),
        new_email: None,
        requested_by: None,
        created_at: NOW,
        expires_at: NOW + Duration::hours(1),
    }
}

/// What an adapter reports when its dependency is away.
pub fn outage() -> Fault {
    Fault::unavailable("database", "staged to be away")
}

/// A request from a documentation address.
pub fn origin() -> Origin {
    Origin {
        ip: Some(std::net::IpAddr::from([192, 0, 2, 7])),
        user_agent: Some("test".to_owned()),
        request_id: Some("request".to_owned()),
    }
}
