//! A mail as a row.

use countersign_application::error::Fault;
use countersign_application::mail::message::{MailKind, QueuedMail};
use countersign_application::ports::outbox::HeldMail;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{InvitationId, MailId, UserId};
use countersign_domain::invitation::Delivery;
use countersign_domain::team::role::Role;
use sea_orm::{NotSet, Set};
use serde::{Deserialize, Serialize};

use crate::persistence::entities::mails::{ActiveModel, Model};
use crate::persistence::error::unreadable;

/// What a kind carries, as JSON in `params`; all of it absent for most kinds.
#[derive(Default, Serialize, Deserialize)]
struct Params {
    #[serde(skip_serializing_if = "Option::is_none")]
    team_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inviter_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<String>,
}

impl Params {
    fn of(kind: &MailKind) -> Self {
        match kind {
            MailKind::Invitation { team_name, inviter_name, role }
            | MailKind::AddedToTeam { team_name, inviter_name, role } => Self {
                team_name: Some(team_name.clone()),
                inviter_name: Some(inviter_name.clone()),
                role: Some(role.as_str().to_owned()),
            },
            MailKind::VerifyAddress
            | MailKind::ResetPassword
            | MailKind::PasswordChanged
            | MailKind::ConfirmNewAddress
            | MailKind::AddressChanged
            | MailKind::AddressTaken
            | MailKind::SuspiciousActivity => Self::default(),
        }
    }

    fn team(self) -> Option<(String, String, Role)> {
        Some((self.team_name?, self.inviter_name?, Role::parse(&self.role?).ok()?))
    }
}

fn kind(name: &str, params: Params) -> Option<MailKind> {
    Some(match name {
        "verify_address" => MailKind::VerifyAddress,
        "reset_password" => MailKind::ResetPassword,
        "password_changed" => MailKind::PasswordChanged,
        "confirm_new_address" => MailKind::ConfirmNewAddress,
        "address_changed" => MailKind::AddressChanged,
        "address_taken" => MailKind::AddressTaken,
        "suspicious_activity" => MailKind::SuspiciousActivity,
        "invitation" => {
            let (team_name, inviter_name, role) = params.team()?;
            MailKind::Invitation { team_name, inviter_name, role }
        }
        "added_to_team" => {
            let (team_name, inviter_name, role) = params.team()?;
            MailKind::AddedToTeam { team_name, inviter_name, role }
        }
        _ => return None,
    })
}

/// The mail of a row.
pub(crate) fn mail(row: Model) -> Result<QueuedMail, Fault> {
    let params = serde_json::from_str(&row.params).map_err(|_invalid| unreadable("mails.params"))?;
    Ok(QueuedMail {
        id: MailId::new(row.id),
        kind: kind(&row.kind, params).ok_or_else(|| unreadable("mails.kind"))?,
        recipient: EmailAddress::parse(&row.recipient).map_err(|_invalid| unreadable("mails.recipient"))?,
        recipient_name: row.recipient_name,
        user_id: row.user_id.map(UserId::new),
        invitation_id: row.invitation_id.map(InvitationId::new),
        sealed_token: row.sealed_token,
        token_expires_at: row.token_expires_at,
        decoy: row.decoy,
        created_at: row.created_at,
    })
}

/// What this account may know of the mail of a row.
pub(crate) fn held(row: Model, user: UserId) -> Result<HeldMail, Fault> {
    let concerns_another = row.user_id.is_some_and(|id| id != user.as_uuid());
    Ok(HeldMail {
        kind: row.kind,
        recipient: EmailAddress::parse(&row.recipient).map_err(|_invalid| unreadable("mails.recipient"))?,
        recipient_name: row.recipient_name.filter(|_| !concerns_another),
        delivery: delivery(&row.status),
        created_at: row.created_at,
        sent_at: row.sent_at,
    })
}

/// What became of a mail with this status.
pub(crate) fn delivery(status: &str) -> Delivery {
    match status {
        "queued" => Delivery::Queued,
        "dead" => Delivery::Failed,
        _ => Delivery::Sent,
    }
}

/// The row of a new mail, due at once.
pub(crate) fn queued(mail: &QueuedMail) -> Result<ActiveModel, Fault> {
    let params =
        serde_json::to_string(&Params::of(&mail.kind)).map_err(|error| Fault::internal("mail parameters", error))?;
    Ok(ActiveModel {
        id: Set(mail.id.as_uuid()),
        kind: Set(mail.kind.as_str().to_owned()),
        recipient: Set(mail.recipient.as_str().to_owned()),
        recipient_name: Set(mail.recipient_name.clone()),
        params: Set(params),
        user_id: Set(mail.user_id.map(UserId::as_uuid)),
        invitation_id: Set(mail.invitation_id.map(InvitationId::as_uuid)),
        sealed_token: Set(mail.sealed_token.clone()),
        token_expires_at: Set(mail.token_expires_at),
        decoy: Set(mail.decoy),
        status: Set("queued".to_owned()),
        attempts: Set(0),
        next_attempt_at: Set(mail.created_at),
        lease_id: NotSet,
        lease_until: NotSet,
        last_error: NotSet,
        created_at: Set(mail.created_at),
        sent_at: NotSet,
    })
}
