//! Calls that arrive together.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Barrier;

use crate::support::answer::{Answer, Call};

/// Sends the calls at once, none before all are ready; their answers in the same order.
pub(crate) async fn at_once(calls: impl IntoIterator<Item = Call>) -> Vec<Answer> {
    let calls: Vec<Call> = calls.into_iter().collect();
    let barrier = Arc::new(Barrier::new(calls.len()));
    let sent: Vec<_> = calls
        .into_iter()
        .map(|call| {
            let barrier = Arc::clone(&barrier);
            tokio::spawn(async move {
                barrier.wait().await;
                call.send().await
            })
        })
        .collect();
    let mut answers = Vec::with_capacity(sent.len());
    for answer in sent {
        answers.push(answer.await.unwrap());
    }
    answers
}

/// How many of the answers have this status.
pub(crate) fn count(answers: &[Answer], status: u16) -> usize {
    answers.iter().filter(|answer| answer.status == status).count()
}

/// How often each status was answered.
pub(crate) fn tally(answers: &[Answer]) -> BTreeMap<u16, usize> {
    answers.iter().fold(BTreeMap::new(), |mut counts, answer| {
        *counts.entry(answer.status).or_default() += 1;
        counts
    })
}
