//! The mails that left the outbox.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::faults::smtp_sink::SmtpSink;
use crate::support::{Mail, TestServer};

/// By recipient.
pub(crate) struct Delivered(HashMap<String, Vec<Mail>>);

impl Delivered {
    /// Waits until the outbox is empty.
    pub(crate) async fn by(server: &TestServer, sink: &SmtpSink) -> Self {
        let rows = server.rows().await;
        let start = Instant::now();
        while rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE status = 'queued'").await > 0 {
            assert!(start.elapsed() < Duration::from_mins(1), "mails wait in the outbox for ever");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(rows.one::<i64>("SELECT COUNT(*) FROM mails WHERE status = 'dead'").await, 0);
        let mut by_recipient = HashMap::<String, Vec<Mail>>::new();
        for mail in sink.mails_after(0) {
            server.confidences().note_mail(&mail);
            by_recipient.entry(mail.to.clone()).or_default().push(mail);
        }
        Self(by_recipient)
    }

    /// The mail to this address whose subject has these words in lower case.
    pub(crate) fn find(&self, address: &str, words: &str) -> Option<&Mail> {
        self.0.get(address)?.iter().find(|mail| mail.subject.to_lowercase().contains(words))
    }

    pub(crate) fn has(&self, address: &str, words: &str) -> bool {
        self.find(address, words).is_some()
    }
}
