//! The mailbox, read once for all who wait for a mail.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::support::{Mail, Mailbox};

const INTERVAL: Duration = Duration::from_millis(30);

type Sorted = Arc<Mutex<HashMap<String, Vec<Mail>>>>;

/// Reads each file once. Dropping it ends that.
pub(crate) struct Postman {
    sorted: Sorted,
    sorting: JoinHandle<()>,
}

impl Postman {
    pub(crate) fn of(mailbox: Mailbox) -> Self {
        let sorted = Sorted::default();
        let sorting = tokio::spawn(sort(mailbox, Arc::clone(&sorted)));
        Self { sorted, sorting }
    }

    /// The token of the latest mail to this address whose subject has these words in lower case.
    pub(crate) fn token(&self, address: &str, words: &str) -> Option<String> {
        let sorted = self.sorted.lock().unwrap();
        let mails = sorted.get(address)?;
        mails.iter().rev().find(|mail| mail.subject.to_lowercase().contains(words)).map(Mail::token)
    }
}

impl Drop for Postman {
    fn drop(&mut self) {
        self.sorting.abort();
    }
}

async fn sort(mailbox: Mailbox, sorted: Sorted) {
    let mut known = BTreeSet::<PathBuf>::new();
    loop {
        for mail in mailbox.unread(&mut known) {
            sorted.lock().unwrap().entry(mail.to.clone()).or_default().push(mail);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
