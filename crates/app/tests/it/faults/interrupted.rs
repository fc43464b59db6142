//! Mails whose worker was killed while it had them: each may arrive once more, and no other may.

use std::collections::{BTreeMap, BTreeSet};

use crate::faults::ledger::say;
use crate::faults::smtp_sink::mail_id;
use crate::support::{Mail, Rows};

/// Pairs of a mail and the lease that was lost.
#[derive(Debug, Default)]
pub(crate) struct Interrupted(BTreeSet<(String, String)>);

impl Interrupted {
    /// What workers have at the moment, dead or alive.
    pub(crate) async fn leased(rows: &Rows) -> Self {
        let (mail, lease) = (rows.text("id"), rows.text("lease_id"));
        let sql =
            format!("SELECT ({mail}) || ' ' || ({lease}) FROM mails WHERE status = 'queued' AND lease_id IS NOT NULL");
        let pairs: Vec<String> = rows.column(&sql).await;
        Self(
            pairs
                .iter()
                .filter_map(|pair| pair.split_once(' '))
                .map(|(mail, lease)| (bare(mail), bare(lease)))
                .collect(),
        )
    }

    /// Those of them that are leased as they were.
    pub(crate) fn still(mut self, later: &Self) -> Self {
        self.0.retain(|pair| later.0.contains(pair));
        self
    }

    pub(crate) fn add(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The next worker takes them at once, instead of when their leases end, in minutes.
    pub(crate) async fn free(&self, rows: &Rows) {
        for lease in self.0.iter().map(|(_, lease)| lease).collect::<BTreeSet<_>>() {
            let lease = rows.id(lease);
            rows.execute(&format!(
                "UPDATE mails SET lease_until = '2000-01-01T00:00:00.000Z' WHERE lease_id = {lease}"
            ))
            .await;
        }
    }

    /// Fails if a mail has arrived more often than once, and once more for each worker that was killed over it.
    pub(crate) fn assert_repeated_only_these(&self, arrived: &[Mail]) {
        let mut times = BTreeMap::<String, usize>::new();
        for mail in arrived {
            *times.entry(bare(&mail_id(mail))).or_default() += 1;
        }
        for (mail, times) in &times {
            let interrupted = self.0.iter().filter(|(of, _)| of == mail).count();
            assert!(*times <= 1 + interrupted, "a mail arrived {times} times, and {interrupted} workers lost it");
        }
        let repeated = times.values().filter(|times| **times > 1).count();
        say(&format!(
            "{} mails, {} lost by their workers, of which {repeated} arrived again",
            times.len(),
            self.0.len()
        ));
    }
}

/// As one database or the other writes it.
fn bare(id: &str) -> String {
    id.replace('-', "").to_lowercase()
}
