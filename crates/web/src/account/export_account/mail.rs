//! A mail in an export.

use countersign_application::ports::outbox::HeldMail;
use serde::Serialize;
use utoipa::ToSchema;

use crate::present::{Timestamp, words};

/// A mail about the account or to its address that is still held. What it said is not kept.
#[derive(Serialize, ToSchema)]
#[schema(as = ExportedMail)]
pub(crate) struct ExportedMailBody {
    /// Such as `reset_password`.
    kind: String,
    recipient: String,
    /// How the mail greets; null where it concerns the account of somebody else.
    #[schema(required)]
    recipient_name: Option<String>,
    #[schema(schema_with = words::delivery)]
    delivery: &'static str,
    created_at: Timestamp,
    #[schema(required)]
    sent_at: Option<Timestamp>,
}

impl From<HeldMail> for ExportedMailBody {
    fn from(mail: HeldMail) -> Self {
        Self {
            kind: mail.kind,
            recipient: mail.recipient.as_str().to_owned(),
            recipient_name: mail.recipient_name,
            delivery: mail.delivery.as_str(),
            created_at: mail.created_at.into(),
            sent_at: mail.sent_at.map(Into::into),
        }
    }
}
