//! Mails that wait to be sent.

pub(crate) mod row;

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::mail::message::{MailKind, QueuedMail};
use countersign_application::ports::outbox::{Backlog, HeldMail, Lease, LeasedMail, Outbox, Setback, WITHDRAWN};
use countersign_domain::email_address::EmailAddress;
use countersign_domain::ids::{InvitationId, MailId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait as _, LockBehavior, LockType, Query};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, Order, QueryFilter as _, QueryOrder as _, Set,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::persistence::entities::mails::{ActiveModel, Column, Entity, Model};
use crate::persistence::error::{fault, unreadable};
use crate::persistence::store::Store;

const QUEUED: &str = "queued";
const SENT: &str = "sent";
const DEAD: &str = "dead";
/// As far as the gauges count: they are asked for every few seconds on each node, however much there is.
const LOOKED_THROUGH: u64 = 1_000;
/// A mail that is settled is not rendered again: the names of others in it go.
const SETTLED_PARAMS: &str = "{}";

/// The mail, while the lease is the one it was claimed under.
fn held(id: MailId, lease: &Lease) -> Condition {
    Condition::all().add(Column::Id.eq(id.as_uuid())).add(Column::LeaseId.eq(lease.id)).add(Column::Status.eq(QUEUED))
}

/// Unsent mails that this one makes pointless. Mails of an invitation belong to it, not to the account: the same
/// account may be invited into several teams.
fn superseded_by(mail: &QueuedMail) -> Condition {
    let unsent = Condition::all().add(Column::Status.ne(SENT));
    match mail.invitation_id {
        Some(invitation) => unsent.add(Column::InvitationId.eq(invitation.as_uuid())),
        // Nobody has the nil id: a decoy replaces nothing, by the same statement.
        None => unsent
            .add_option(mail.sealed_token.is_none().then(|| Column::Recipient.eq(mail.recipient.as_str())))
            .add(Column::UserId.eq(mail.user_id.map_or(Uuid::nil(), UserId::as_uuid)))
            .add(Column::InvitationId.is_null())
            .add(Column::Kind.eq(mail.kind.as_str())),
    }
}

/// What is left of a mail that will not be sent.
fn given_up(reason: &str) -> ActiveModel {
    ActiveModel {
        status: Set(DEAD.to_owned()),
        params: Set(SETTLED_PARAMS.to_owned()),
        sealed_token: Set(None),
        last_error: Set(Some(reason.to_owned())),
        ..ActiveModel::default()
    }
}

fn leased_mail(row: Model) -> Result<LeasedMail, Fault> {
    let attempts = u32::try_from(row.attempts).map_err(|_invalid| unreadable("mails.attempts"))?;
    Ok(LeasedMail { mail: row::mail(row)?, attempts })
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> Outbox for Store<C> {
    async fn enqueue(&self, mail: &QueuedMail) -> Result<(), Fault> {
        Entity::insert(row::queued(mail)?).exec_without_returning(&self.0).await.map_err(fault)?;
        Ok(())
    }

    async fn replace(&self, mail: &QueuedMail) -> Result<(), Fault> {
        Entity::delete_many().filter(superseded_by(mail)).exec(&self.0).await.map_err(fault)?;
        self.enqueue(mail).await
    }

    async fn withdraw(&self, invitation: InvitationId) -> Result<(), Fault> {
        let withdrawn = ActiveModel { lease_id: Set(None), lease_until: Set(None), ..given_up(WITHDRAWN) };
        Entity::update_many()
            .set(withdrawn)
            .filter(Column::InvitationId.eq(invitation.as_uuid()))
            .filter(Column::Status.eq(QUEUED))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(())
    }

    async fn lease(&self, lease: &Lease, now: OffsetDateTime, limit: u16) -> Result<Vec<LeasedMail>, Fault> {
        // On PostgreSQL workers pass over each other's rows instead of waiting; SQLite has one writer.
        let due = Query::select()
            .column(Column::Id)
            .from(Entity)
            .and_where(Column::Status.eq(QUEUED))
            .and_where(Column::NextAttemptAt.lte(now))
            .cond_where(Condition::any().add(Column::LeaseUntil.is_null()).add(Column::LeaseUntil.lte(now)))
            .order_by(Column::NextAttemptAt, Order::Asc)
            .order_by(Column::Id, Order::Asc)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .take();
        let claim = ActiveModel {
            lease_id: Set(Some(lease.id)),
            lease_until: Set(Some(lease.until)),
            ..ActiveModel::default()
        };
        let mut rows = Entity::update_many()
            .set(claim)
            .filter(Column::Id.in_subquery(due))
            .exec_with_returning(&self.0)
            .await
            .map_err(fault)?;
        rows.sort_unstable_by_key(|row| (row.next_attempt_at, row.id));
        let mut leased = Vec::with_capacity(rows.len());
        for row in rows {
            let id = MailId::new(row.id);
            match leased_mail(row) {
                Ok(mail) => leased.push(mail),
                // One row of another version must not hold up the queue for ever.
                Err(error) => {
                    tracing::error!(mail = %id, %error, "a mail cannot be read and is given up");
                    self.mark_failed(id, lease, &Setback::Dead { reason: "unreadable".to_owned() }).await?;
                }
            }
        }
        Ok(leased)
    }

    async fn mark_sent(&self, id: MailId, lease: &Lease, now: OffsetDateTime) -> Result<bool, Fault> {
        let sent = ActiveModel {
            status: Set(SENT.to_owned()),
            sent_at: Set(Some(now)),
            params: Set(SETTLED_PARAMS.to_owned()),
            sealed_token: Set(None),
            lease_id: Set(None),
            lease_until: Set(None),
            last_error: Set(None),
            ..ActiveModel::default()
        };
        let marked = Entity::update_many()
            .set(sent)
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(held(id, lease))
            .filter(Column::Decoy.eq(false))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        if marked.rows_affected == 1 {
            return Ok(true);
        }
        let discarded = Entity::delete_many()
            .filter(held(id, lease))
            .filter(Column::Decoy.eq(true))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(discarded.rows_affected == 1)
    }

    async fn mark_failed(&self, id: MailId, lease: &Lease, setback: &Setback) -> Result<bool, Fault> {
        let failed = match setback {
            Setback::Retry { at, reason } => ActiveModel {
                next_attempt_at: Set(*at),
                last_error: Set(Some(reason.clone())),
                ..ActiveModel::default()
            },
            Setback::Dead { reason } => given_up(reason),
        };
        let failed = ActiveModel { lease_id: Set(None), lease_until: Set(None), ..failed };
        let marked = Entity::update_many()
            .set(failed)
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(held(id, lease))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(marked.rows_affected == 1)
    }

    async fn remove_by_recipient(&self, user: UserId, email: &EmailAddress) -> Result<(), Fault> {
        Entity::delete_many()
            .filter(Condition::any().add(Column::UserId.eq(user.as_uuid())).add(Column::Recipient.eq(email.as_str())))
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(())
    }

    async fn remove_of_account(&self, user: UserId) -> Result<(), Fault> {
        Entity::delete_many().filter(Column::UserId.eq(user.as_uuid())).exec(&self.0).await.map_err(fault)?;
        Ok(())
    }

    async fn list_by_recipient(&self, user: UserId, email: Option<EmailAddress>) -> Result<Vec<HeldMail>, Fault> {
        let to_address = email.map(|email| Column::Recipient.eq(email.as_str()));
        let about = Condition::all()
            .add(Column::UserId.eq(user.as_uuid()))
            .add(Column::Kind.ne(MailKind::ConfirmNewAddress.as_str()));
        let rows = Entity::find()
            .filter(Condition::any().add(about).add_option(to_address))
            .filter(Column::Decoy.eq(false))
            .order_by_asc(Column::Id)
            .all(&self.0)
            .await
            .map_err(fault)?;
        rows.into_iter().map(|row| row::held(row, user)).collect()
    }

    async fn cancel_tokens(&self, user: UserId, email: &EmailAddress) -> Result<(), Fault> {
        Entity::delete_many()
            .filter(Column::UserId.eq(user.as_uuid()))
            .filter(Column::Recipient.eq(email.as_str()))
            .filter(Column::Status.ne(SENT))
            .filter(Column::SealedToken.is_not_null())
            .exec(&self.0)
            .await
            .map_err(fault)?;
        Ok(())
    }

    async fn backlog(&self) -> Result<Backlog, Fault> {
        let (queued, oldest) = self.first_of(QUEUED, Order::Asc).await?;
        // The newest: those that somebody may still have to look after.
        let (dead, _) = self.first_of(DEAD, Order::Desc).await?;
        Ok(Backlog { queued, oldest, dead })
    }
}

impl<C: ConnectionTrait + Send + Sync> Store<C> {
    /// How many of the first [`LOOKED_THROUGH`] mails of this status somebody waits for or has to look after, and when the
    /// oldest of these was queued.
    async fn first_of(&self, status: &str, order: Order) -> Result<(u64, Option<OffsetDateTime>), Fault> {
        let first = Query::select()
            .columns([Column::CreatedAt, Column::Decoy, Column::LastError])
            .from(Entity)
            .and_where(Column::Status.eq(status))
            .order_by(Column::CreatedAt, order)
            .limit(LOOKED_THROUGH)
            .take();
        let counted = Query::select()
            .expr_as(Expr::col(Column::CreatedAt).count(), "mails")
            .expr_as(Expr::col(Column::CreatedAt).min(), "oldest")
            .from_subquery(first, "first")
            .and_where(Expr::col(Column::Decoy).eq(false))
            .cond_where(
                Condition::any()
                    .add(Expr::col(Column::LastError).is_null())
                    .add(Expr::col(Column::LastError).ne(WITHDRAWN)),
            )
            .take();
        let row = self.0.query_one(&counted).await.map_err(fault)?.ok_or_else(|| unreadable("mails"))?;
        let (count, oldest): (i64, Option<OffsetDateTime>) =
            (row.try_get("", "mails").map_err(fault)?, row.try_get("", "oldest").map_err(fault)?);
        Ok((u64::try_from(count).unwrap_or_default(), oldest))
    }
}
