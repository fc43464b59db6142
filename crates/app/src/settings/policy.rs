//! What the use cases go by: registration, lifetimes, limits, retention.

use countersign_application::policy::{LimitPolicy, Policy, RegistrationMode, Retention};
use countersign_domain::session::SessionLifetime;

use crate::settings::catalogue::Setting;
use crate::settings::reader::Reader;

pub(crate) const SETTINGS: &[Setting] = &[
    Setting::new(
        "registration.mode",
        "open",
        "Who may register: `open`, `invited` (with a valid invitation), `closed`.",
    ),
    Setting::new(
        "registration.conceal_existing",
        "false",
        "Answers 202 whether or not the address is taken; the owner of a taken one gets a mail.",
    ),
    Setting::new("tokens.access_ttl", "15m", "Lifetime of an access token."),
    Setting::new(
        "tokens.refresh_ttl",
        "30d",
        "How long a session lives without being refreshed, at most as long as tokens.session_ttl.",
    ),
    Setting::new("tokens.session_ttl", "180d", "How long a session lives at most."),
    Setting::new(
        "tokens.refresh_reuse_window",
        "30s",
        "How long the refresh token before the present one gets the same successor (two tabs, a lost answer); pages have five minutes at least.",
    ),
    Setting::new("tokens.reset_ttl", "1h", "Lifetime of a password reset."),
    Setting::new("tokens.verification_ttl", "48h", "Lifetime of the verification of an address."),
    Setting::new("tokens.invitation_ttl", "7d", "Lifetime of an invitation."),
    Setting::new(
        "tokens.max_teams",
        "50",
        "Most teams named in an access token; fewer if it would be longer than 7 KiB.",
    ),
    Setting::new(
        "teams.add_existing",
        "true",
        "Whether an invited account is added at once; if not, it accepts first.",
    ),
    Setting::new("teams.per_user", "100", "Most teams created by one account; 0 is no limit."),
    Setting::new("sessions.per_user", "100", "Most sessions of one account, the oldest ends; 0 is no limit."),
    Setting::new("limits.login_per_minute_per_ip", "10", "Sign-ins; 0 is off."),
    Setting::new(
        "limits.login_per_hour_per_account",
        "20",
        "Wrong passwords; networks that the account signed in from before have a counter of their own.",
    ),
    Setting::new("limits.register_per_hour_per_ip", "20", "Registrations."),
    Setting::new("limits.reset_per_hour_per_ip", "20", "Requests of resets and verification mails."),
    Setting::new(
        "limits.reset_per_hour_per_address",
        "3",
        "The same for each mail address; mails that registrations send to it are counted apart.",
    ),
    Setting::new(
        "limits.token_failures_per_minute_per_ip",
        "30",
        "Refused reset, verification, invitation and refresh tokens.",
    ),
    Setting::new("limits.invite_per_hour_per_team", "50", "Invitations."),
    Setting::new("limits.invite_per_day_per_user", "200", "Invitations."),
    Setting::new(
        "limits.invite_per_day_per_unverified_user",
        "5",
        "Invitations while the inviter's address is not verified.",
    ),
    Setting::new("limits.invite_per_day_per_address", "20", "Invitations to one address, of all teams together."),
    Setting::new("limits.team_per_hour_per_user", "200", "Teams created."),
    Setting::new("limits.export_per_day_per_user", "10", "Exports of the data held about the account."),
    Setting::new(
        "limits.proofs_per_hour_per_user",
        "30",
        "Current passwords that an account shows again, right or wrong: to change password or address, to verify or to delete; networks that it signed in from before have a counter of their own.",
    ),
    Setting::new("limits.changes_per_hour_per_user", "300", "Changes of its names, of teams and of roles."),
    Setting::new("retention.audit", "365d", "Audit events."),
    Setting::new("retention.unverified_accounts", "30d", "Accounts that were never verified nor used again."),
    Setting::new("retention.invitations", "30d", "Invitations that were answered or have expired."),
    Setting::new("retention.mails", "7d", "Mails that were sent or given up."),
    Setting::new("retention.sign_in_networks", "90d", "Networks from which an account signed in."),
    Setting::new("retention.mailbox", "30d", "Files in the mailbox of the data folder, where no mail server is set."),
];

/// Reads the sections.
pub(crate) fn read(reader: &mut Reader<'_>) -> Policy {
    Policy {
        registration: reader.get("registration.mode", registration_mode),
        conceal_existing: reader.flag("registration.conceal_existing"),
        access_ttl: reader.duration("tokens.access_ttl", "1s"..="24h"),
        session: SessionLifetime {
            idle: reader.duration("tokens.refresh_ttl", "1s"..="3650d"),
            absolute: reader.duration("tokens.session_ttl", "1s"..="3650d"),
            reuse_window: reader.duration("tokens.refresh_reuse_window", "0s"..="5m"),
        },
        reset_ttl: reader.duration("tokens.reset_ttl", "1s"..="7d"),
        verification_ttl: reader.duration("tokens.verification_ttl", "1s"..="30d"),
        invitation_ttl: reader.duration("tokens.invitation_ttl", "1s"..="365d"),
        max_teams_in_token: reader.number("tokens.max_teams", 0..=100),
        add_existing: reader.flag("teams.add_existing"),
        teams_per_user: reader.number("teams.per_user", 0..=1_000_000),
        sessions_per_user: reader.number("sessions.per_user", 0..=1_000_000),
        limits: read_limits(reader),
        retention: read_retention(reader),
    }
}

fn read_limits(reader: &mut Reader<'_>) -> LimitPolicy {
    let mut limit = |name: &str| reader.number(&format!("limits.{name}"), 0..=1_000_000);
    LimitPolicy {
        login_per_minute_per_ip: limit("login_per_minute_per_ip"),
        login_per_hour_per_account: limit("login_per_hour_per_account"),
        register_per_hour_per_ip: limit("register_per_hour_per_ip"),
        reset_per_hour_per_ip: limit("reset_per_hour_per_ip"),
        reset_per_hour_per_address: limit("reset_per_hour_per_address"),
        token_failures_per_minute_per_ip: limit("token_failures_per_minute_per_ip"),
        invite_per_hour_per_team: limit("invite_per_hour_per_team"),
        invite_per_day_per_user: limit("invite_per_day_per_user"),
        invite_per_day_per_unverified_user: limit("invite_per_day_per_unverified_user"),
        invite_per_day_per_address: limit("invite_per_day_per_address"),
        team_per_hour_per_user: limit("team_per_hour_per_user"),
        export_per_day_per_user: limit("export_per_day_per_user"),
        proofs_per_hour_per_user: limit("proofs_per_hour_per_user"),
        changes_per_hour_per_user: limit("changes_per_hour_per_user"),
    }
}

fn read_retention(reader: &mut Reader<'_>) -> Retention {
    let mut kept = |name: &str| reader.duration(&format!("retention.{name}"), "1s"..="36500d");
    Retention {
        audit: kept("audit"),
        unverified_accounts: kept("unverified_accounts"),
        invitations: kept("invitations"),
        mails: kept("mails"),
        sign_in_networks: kept("sign_in_networks"),
        mailbox: kept("mailbox"),
    }
}

fn registration_mode(text: &str) -> Result<RegistrationMode, String> {
    match text {
        "open" => Ok(RegistrationMode::Open),
        "invited" => Ok(RegistrationMode::Invited),
        "closed" => Ok(RegistrationMode::Closed),
        _ => Err("is open, invited or closed".to_owned()),
    }
}
