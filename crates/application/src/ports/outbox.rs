//! Mails that wait to be sent.

use async_trait::async_trait;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{InvitationId, MailId, UserId};
use countersign_domain::invitation::Delivery;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::error::Fault;
use crate::mail::message::QueuedMail;

/// A mail that this worker may send until its lease ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeasedMail {
    /// The mail.
    pub mail: QueuedMail,
    /// How often it was tried before.
    pub attempts: u32,
}

/// A worker's claim on mails: marks of a worker whose lease has gone to another are refused (fencing).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Names the claim; a new one for every batch.
    pub id: Uuid,
    /// The mails are anybody's again from then on.
    pub until: OffsetDateTime,
}

/// What became of an attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setback {
    /// Try again then.
    Retry {
        /// When.
        at: OffsetDateTime,
        /// Why, without any address.
        reason: String,
    },
    /// Given up; the sealed token is erased.
    Dead {
        /// Why, without any address.
        reason: String,
    },
}

/// Why a mail was not sent whose token is good for nothing any more. Nobody has to look after such a mail.
pub const WITHDRAWN: &str = "withdrawn";

/// The queue of mails, written in the same unit of work as what they tell.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Queues a mail.
    async fn enqueue(&self, mail: &QueuedMail) -> Result<(), Fault>;

    /// Queues a mail in place of unsent ones of the same invitation, or of the same kind to the same account: their
    /// tokens are dead. One without a token replaces only those to the same address, to which it says the same.
    async fn replace(&self, mail: &QueuedMail) -> Result<(), Fault>;

    /// Gives up the unsent mails of an invitation, as [`WITHDRAWN`], and erases their tokens: nobody may accept it.
    async fn withdraw(&self, invitation: InvitationId) -> Result<(), Fault>;

    /// Claims up to `limit` due mails, the longest waiting first.
    async fn lease(&self, lease: &Lease, now: OffsetDateTime, limit: u16) -> Result<Vec<LeasedMail>, Fault>;

    /// Marks as sent and erases the sealed token; a decoy is removed. `false` if the lease was lost.
    async fn mark_sent(&self, id: MailId, lease: &Lease, now: OffsetDateTime) -> Result<bool, Fault>;

    /// Records a failed attempt. `false` if the lease was lost.
    async fn mark_failed(&self, id: MailId, lease: &Lease, setback: &Setback) -> Result<bool, Fault>;

    /// Removes every mail of this account or to this address: for the erasure of an account.
    async fn remove_by_recipient(&self, user: UserId, email: &EmailAddress) -> Result<(), Fault>;

    /// Removes every mail of this account, and none of invitations to its address: for an account whose address is
    /// somebody else's.
    async fn remove_of_account(&self, user: UserId) -> Result<(), Fault>;

    /// Mails that are still held about this account, and to this address if one is given, oldest first: for the export
    /// of its data. Decoys are left out, and so is what was mailed to an address that the account asked for and does not
    /// have: there is a mail only if nobody has that address, which the export must not tell.
    async fn list_by_recipient(&self, user: UserId, email: Option<EmailAddress>) -> Result<Vec<HeldMail>, Fault>;

    /// Removes unsent mails to this address that carry a token of this account: the address is given up.
    async fn cancel_tokens(&self, user: UserId, email: &EmailAddress) -> Result<(), Fault>;

    /// Unsent mails and the age of the oldest. Asked now and then on every node: an adapter may stop counting at a
    /// thousand of each sort, of those queued the oldest, of those given up the newest.
    async fn backlog(&self) -> Result<Backlog, Fault>;
}

/// What is known of a mail while it is held. Neither its token nor what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldMail {
    /// Stable name of its kind.
    pub kind: String,
    /// To whom.
    pub recipient: EmailAddress,
    /// How the recipient is greeted; `None` where another account is.
    pub recipient_name: Option<String>,
    /// What became of it.
    pub delivery: Delivery,
    /// When it was queued.
    pub created_at: OffsetDateTime,
    /// When it was sent.
    pub sent_at: Option<OffsetDateTime>,
}

/// What waits in the outbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Mails not yet sent, decoys left out.
    pub queued: u64,
    /// When the oldest of them was queued.
    pub oldest: Option<OffsetDateTime>,
    /// Mails given up and not yet purged, those withdrawn left out.
    pub dead: u64,
}
