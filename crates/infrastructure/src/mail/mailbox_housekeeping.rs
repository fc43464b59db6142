//! Keeps the mailbox folder from growing for ever.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::housekeeping::{Housekeeping, Purge, PurgeReport};

use crate::mail::mailbox::Mailbox;

/// Purges the files of the mailbox after whatever else is purged.
pub struct MailboxHousekeeping {
    rest: Arc<dyn Housekeeping>,
    mailbox: Arc<Mailbox>,
}

impl MailboxHousekeeping {
    /// With what purges the database.
    pub fn new(rest: Arc<dyn Housekeeping>, mailbox: Arc<Mailbox>) -> Self {
        Self { rest, mailbox }
    }
}

#[async_trait]
impl Housekeeping for MailboxHousekeeping {
    async fn purge(&self, purge: &Purge) -> Result<PurgeReport, Fault> {
        let mut report = self.rest.purge(purge).await?;
        let files = self.mailbox.purge(purge.now - purge.retention.mailbox).await?;
        if files > 0 {
            report.removed.push(("mailbox", files));
        }
        Ok(report)
    }
}
