//! The settings that rules depend on, with the defaults of the service.

use time::Duration;

use countersign_domain::session::SessionLifetime;

/// Every figure and switch that a use case asks for.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Who may register.
    pub registration: RegistrationMode,
    /// Answer a registration alike whether or not the address is taken, and tell the owner of a taken one by mail.
    pub conceal_existing: bool,
    /// Lifetime of an access token.
    pub access_ttl: Duration,
    /// Lifetime of sessions.
    pub session: SessionLifetime,
    /// Lifetime of a password reset.
    pub reset_ttl: Duration,
    /// Lifetime of a verification of an address, new addresses included.
    pub verification_ttl: Duration,
    /// Lifetime of an invitation.
    pub invitation_ttl: Duration,
    /// Most teams named in an access token.
    pub max_teams_in_token: u16,
    /// Whether an invited account is added at once; if not, it has to accept.
    pub add_existing: bool,
    /// Most teams that one account may have created; 0 is no limit.
    pub teams_per_user: u64,
    /// Most live sessions of one account, the oldest ends; 0 is no limit.
    pub sessions_per_user: u64,
    /// The named limits.
    pub limits: LimitPolicy,
    /// What is kept for how long.
    pub retention: Retention,
}

impl Policy {
    /// How long a token of a key that stopped signing may still be met: the lifetime of an access token and what
    /// verifiers allow for clocks.
    pub fn longest_token(&self) -> Duration {
        self.access_ttl + CLOCK_LEEWAY
    }
}

/// How far the clock of a verifier may be off, in either direction.
pub const CLOCK_LEEWAY: Duration = Duration::seconds(30);

/// Who may register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationMode {
    /// Everybody.
    Open,
    /// Whoever has a valid invitation.
    Invited,
    /// Nobody.
    Closed,
}

/// How often something may happen in a sliding window over all nodes; 0 is no limit.
#[derive(Clone, Debug)]
pub struct LimitPolicy {
    /// Sign-ins a minute and network.
    pub login_per_minute_per_ip: u32,
    /// Wrong passwords an hour and account, proofs included.
    pub login_per_hour_per_account: u32,
    /// Registrations an hour and network.
    pub register_per_hour_per_ip: u32,
    /// Requests of resets and verification mails an hour and network.
    pub reset_per_hour_per_ip: u32,
    /// The same an hour and mail address.
    pub reset_per_hour_per_address: u32,
    /// Refused one-time and refresh tokens a minute and network.
    pub token_failures_per_minute_per_ip: u32,
    /// Invitations an hour and team.
    pub invite_per_hour_per_team: u32,
    /// Invitations a day and inviter.
    pub invite_per_day_per_user: u32,
    /// The same while the inviter's address is unverified.
    pub invite_per_day_per_unverified_user: u32,
    /// Invitations a day and invited address, of whatever team: many teams together could flood a mailbox too.
    pub invite_per_day_per_address: u32,
    /// Teams created an hour and account: creating and deleting in turn stays below the number of teams.
    pub team_per_hour_per_user: u32,
    /// Exports of its data a day and account.
    pub export_per_day_per_user: u32,
    /// Proofs by password an hour and account, right or wrong: each costs a hash. Counted apart for each network that
    /// the account signed in from.
    pub proofs_per_hour_per_user: u32,
    /// Changes an hour and account that can be made and taken back without end, each of which is audited.
    pub changes_per_hour_per_user: u32,
}

/// How long things are kept that nobody asks to delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Audit events.
    pub audit: Duration,
    /// Accounts whose address was never verified and that were never used again.
    pub unverified_accounts: Duration,
    /// Invitations that were answered or have expired.
    pub invitations: Duration,
    /// Mails that were sent or given up.
    pub mails: Duration,
    /// Networks from which an account signed in.
    pub sign_in_networks: Duration,
    /// Files in the local mailbox, where there is one.
    pub mailbox: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            registration: RegistrationMode::Open,
            conceal_existing: false,
            access_ttl: Duration::minutes(15),
            session: SessionLifetime {
                idle: Duration::days(30),
                absolute: Duration::days(180),
                reuse_window: Duration::seconds(30),
            },
            reset_ttl: Duration::hours(1),
            verification_ttl: Duration::hours(48),
            invitation_ttl: Duration::days(7),
            max_teams_in_token: 50,
            add_existing: true,
            teams_per_user: 100,
            sessions_per_user: 100,
            limits: LimitPolicy {
                login_per_minute_per_ip: 10,
                login_per_hour_per_account: 20,
                register_per_hour_per_ip: 20,
                reset_per_hour_per_ip: 20,
                reset_per_hour_per_address: 3,
                token_failures_per_minute_per_ip: 30,
                invite_per_hour_per_team: 50,
                invite_per_day_per_user: 200,
                invite_per_day_per_unverified_user: 5,
                invite_per_day_per_address: 20,
                team_per_hour_per_user: 200,
                export_per_day_per_user: 10,
                proofs_per_hour_per_user: 30,
                changes_per_hour_per_user: 300,
            },
            retention: Retention {
                audit: Duration::days(365),
                unverified_accounts: Duration::days(30),
                invitations: Duration::days(30),
                mails: Duration::days(7),
                sign_in_networks: Duration::days(90),
                mailbox: Duration::days(30),
            },
        }
    }
}
