//! Sends what waits in the outbox: one batch under a lease.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_domain::secret::Secret;
use futures_util::{StreamExt as _, stream};
use time::{Duration, OffsetDateTime};

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::mail::delivery_reason::EXPIRED;
use crate::mail::message::QueuedMail;
use crate::ports::clock::Clock;
use crate::ports::id_generator::IdGenerator;
use crate::ports::invitation_repository::InvitationRepository;
use crate::ports::mail_renderer::{MailRenderer, RenderedMail};
use crate::ports::mailer::{MailError, Mailer};
use crate::ports::one_time_token_repository::OneTimeTokenRepository;
use crate::ports::outbox::{Lease, LeasedMail, Outbox, Setback, WITHDRAWN};
use crate::ports::sealer::Sealer;

/// Most mails in a batch.
pub const BATCH: u16 = 50;

/// How long a batch is this worker's. After a crash its mails wait that long for another worker.
pub const LEASE: Duration = Duration::minutes(5);

/// How long one attempt may take; a mail is only begun when its lease lasts that long.
pub const ATTEMPT: Duration = Duration::seconds(60);

/// Mails of a batch that are on their way at once: one that the mail server sits on keeps no other from it, and providers
/// take a few connections from each client.
pub const AT_ONCE: usize = 4;

/// Wait after the first failed attempt; it doubles with every further one.
pub const FIRST_WAIT: Duration = Duration::seconds(5);

/// Longest wait between two attempts.
pub const LONGEST_WAIT: Duration = Duration::hours(1);

/// A mail is given up after so many attempts: some ten hours with the waits above, so that a mail server may be out
/// for a night.
pub const MAX_ATTEMPTS: u32 = 20;

/// What came of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryReport {
    /// Taken by the mail server or the mailbox.
    pub sent: u32,
    /// To be tried again.
    pub retried: u32,
    /// Not sent, as their token had become good for nothing.
    pub withdrawn: u32,
    /// Given up.
    pub dead: u32,
    /// Written for the cost only, and removed.
    pub decoys: u32,
}

impl DeliveryReport {
    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.retried += other.retried;
        self.withdrawn += other.withdrawn;
        self.dead += other.dead;
        self.decoys += other.decoys;
    }
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum DeliverOutboxError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { DeliverOutboxError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct DeliverOutbox {
    clock: Arc<dyn Clock>,
    ids: Arc<dyn IdGenerator>,
    outbox: Arc<dyn Outbox>,
    one_time_tokens: Arc<dyn OneTimeTokenRepository>,
    invitations: Arc<dyn InvitationRepository>,
    sealer: Arc<dyn Sealer>,
    renderer: Arc<dyn MailRenderer>,
    mailer: Arc<dyn Mailer>,
}

impl DeliverOutbox {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            clock: Arc::clone(&dependencies.clock),
            ids: Arc::clone(&dependencies.ids),
            outbox: Arc::clone(&dependencies.outbox),
            one_time_tokens: Arc::clone(&dependencies.one_time_tokens),
            invitations: Arc::clone(&dependencies.invitations),
            sealer: Arc::clone(&dependencies.sealer),
            renderer: Arc::clone(&dependencies.mail_renderer),
            mailer: Arc::clone(&dependencies.mailer),
        }
    }

    /// Sends what waits in the outbox: one batch under a lease. A mail that cannot be sent stops no other one;
    /// a fault of the outbox itself is returned, and what was not marked is anybody's again once the lease ends.
    pub async fn execute(&self) -> Result<DeliveryReport, DeliverOutboxError> {
        let begun = self.clock.now();
        let lease = Lease { id: self.ids.next_id(), until: begun + LEASE };
        let leased = self.outbox.lease(&lease, begun, BATCH).await?;
        let is_over = AtomicBool::new(false);
        let mut deliveries =
            stream::iter(leased).map(|mail| self.deliver_unless(&is_over, mail, &lease)).buffer_unordered(AT_ONCE);
        let (mut report, mut failed) = (DeliveryReport::default(), None);
        // What is on its way is waited for: broken off, it might arrive and be sent again.
        while let Some(delivery) = deliveries.next().await {
            match delivery {
                Ok(outcome) => report.add(outcome),
                Err(fault) => {
                    is_over.store(true, Ordering::Relaxed);
                    failed.get_or_insert(fault);
                }
            }
        }
        failed.map_or(Ok(report), |fault| Err(fault.into()))
    }

    /// Nothing more is begun once the batch is over.
    async fn deliver_unless(
        &self,
        is_over: &AtomicBool,
        leased: LeasedMail,
        lease: &Lease,
    ) -> Result<DeliveryReport, Fault> {
        let mut report = DeliveryReport::default();
        if is_over.load(Ordering::Relaxed) {
            return Ok(report);
        }
        let now = self.clock.now();
        if now + ATTEMPT > lease.until {
            // Whoever leases the rest next could send it while this worker still does.
            tracing::warn!("mails are sent so slowly that the rest of a batch is left for later");
            is_over.store(true, Ordering::Relaxed);
            return Ok(report);
        }
        self.deliver(&leased, lease, now, &mut report).await?;
        Ok(report)
    }

    async fn deliver(
        &self,
        leased: &LeasedMail,
        lease: &Lease,
        now: OffsetDateTime,
        report: &mut DeliveryReport,
    ) -> Result<(), Fault> {
        let mail = &leased.mail;
        if mail.decoy {
            report.decoys += 1;
            self.outbox.mark_sent(mail.id, lease, now).await?;
            return Ok(());
        }
        let outcome = match self.open(mail, now) {
            Ok(token) if !self.is_good(mail, token.as_ref(), now).await? => {
                Err(Setback::Dead { reason: WITHDRAWN.to_owned() })
            }
            Ok(token) => self.attempt(leased, token).await,
            Err(setback) => Err(setback),
        };
        let in_time = match outcome {
            Ok(()) => {
                report.sent += 1;
                self.outbox.mark_sent(mail.id, lease, self.clock.now()).await?
            }
            Err(setback) => {
                match &setback {
                    Setback::Retry { at, reason } => {
                        report.retried += 1;
                        let again_in_s = (*at - self.clock.now()).whole_seconds();
                        tracing::info!(mail = %mail.id, kind = mail.kind.as_str(), reason, again_in_s, "mail not sent yet");
                    }
                    Setback::Dead { reason } if reason == WITHDRAWN => {
                        report.withdrawn += 1;
                        tracing::info!(mail = %mail.id, kind = mail.kind.as_str(), "mail withdrawn");
                    }
                    Setback::Dead { reason } => {
                        report.dead += 1;
                        tracing::warn!(mail = %mail.id, kind = mail.kind.as_str(), reason, "mail given up");
                    }
                }
                self.outbox.mark_failed(mail.id, lease, &setback).await?
            }
        };
        if !in_time {
            tracing::warn!(mail = %mail.id, "the lease of a mail was lost before it was marked");
        }
        Ok(())
    }

    /// Whether the mail's token still opens something: since the mail was queued it may have been used, replaced or
    /// revoked, and a link that leads nowhere only worries its reader.
    async fn is_good(&self, mail: &QueuedMail, token: Option<&Secret>, now: OffsetDateTime) -> Result<bool, Fault> {
        let Some(digest) = token.map(Secret::digest) else { return Ok(true) };
        Ok(match mail.kind.purpose() {
            Some(purpose) => self.one_time_tokens.find(&digest, purpose, now).await?.is_some(),
            None => self.invitations.find_by_digest(&digest).await?.is_some_and(|invitation| invitation.is_open(now)),
        })
    }

    async fn attempt(&self, leased: &LeasedMail, token: Option<Secret>) -> Result<(), Setback> {
        let rendered = self.render(&leased.mail, token)?;
        let answer = tokio::time::timeout(ATTEMPT.unsigned_abs(), self.mailer.send(&rendered)).await;
        match answer {
            Ok(Ok(())) => Ok(()),
            Ok(Err(MailError::Permanent { reason })) => Err(Setback::Dead { reason }),
            Ok(Err(MailError::Transient { reason })) => Err(setback(leased.attempts, reason, self.clock.now())),
            Err(_elapsed) => Err(setback(leased.attempts, "no answer in time".to_owned(), self.clock.now())),
        }
    }

    fn render(&self, mail: &QueuedMail, token: Option<Secret>) -> Result<RenderedMail, Setback> {
        self.renderer.render(mail, token).map_err(|fault| unusable("it cannot be rendered", &fault))
    }

    fn open(&self, mail: &QueuedMail, now: OffsetDateTime) -> Result<Option<Secret>, Setback> {
        if mail.token_expires_at.is_some_and(|at| at <= now) {
            return Err(Setback::Dead { reason: EXPIRED.to_owned() });
        }
        let token = mail.sealed_token.as_ref().map(|sealed| self.sealer.open_mail_token(mail.id, sealed)).transpose();
        token.map_err(|fault| unusable("its token does not open", &fault))
    }
}

/// No later attempt would do better; the cause goes to the log only, for it may quote the mail's template.
fn unusable(reason: &str, fault: &Fault) -> Setback {
    tracing::error!(error = fault as &dyn std::error::Error, reason, "a mail is unusable");
    Setback::Dead { reason: reason.to_owned() }
}

/// What follows on one more failed attempt.
fn setback(attempts_before: u32, reason: String, now: OffsetDateTime) -> Setback {
    if attempts_before + 1 >= MAX_ATTEMPTS {
        return Setback::Dead { reason: format!("given up after {MAX_ATTEMPTS} attempts: {reason}") };
    }
    let doubled = 2_i32.checked_pow(attempts_before).unwrap_or(i32::MAX);
    Setback::Retry { at: now + LONGEST_WAIT.min(FIRST_WAIT.saturating_mul(doubled)), reason }
}

#[cfg(test)]
mod tests;
