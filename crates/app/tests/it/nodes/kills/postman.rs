//! The mail that has arrived, read once for all who wait for some.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::faults::smtp_sink::{SmtpSink, mail_id};
use crate::support::{Confidences, Mail};

const INTERVAL: Duration = Duration::from_millis(30);

type Sorted = Arc<Mutex<HashMap<String, Vec<Mail>>>>;

/// Reads each mail once. Dropping it ends that.
pub(crate) struct Postman {
    sorted: Sorted,
    sorting: JoinHandle<()>,
}

impl Postman {
    pub(crate) fn of(sink: Arc<SmtpSink>, confidences: Confidences) -> Self {
        let sorted = Sorted::default();
        let sorting = tokio::spawn(sort(sink, confidences, Arc::clone(&sorted)));
        Self { sorted, sorting }
    }

    /// The token of the mail to this address that was queued last, of those whose subject has these words in lower case.
    pub(crate) fn token(&self, address: &str, words: &str) -> Option<String> {
        let sorted = self.sorted.lock().unwrap();
        let mails = sorted.get(address)?;
        let about = mails.iter().filter(|mail| mail.subject.to_lowercase().contains(words));
        about.max_by_key(|mail| mail_id(mail)).map(Mail::token)
    }
}

impl Drop for Postman {
    fn drop(&mut self) {
        self.sorting.abort();
    }
}

async fn sort(sink: Arc<SmtpSink>, confidences: Confidences, sorted: Sorted) {
    let mut read = 0;
    loop {
        for mail in sink.mails_after(read) {
            read += 1;
            confidences.note_mail(&mail);
            sorted.lock().unwrap().entry(mail.to.clone()).or_default().push(mail);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
