//! The hits of one key within its window.

use std::collections::VecDeque;

use countersign_application::ports::rate_limiter::{Hit, LimitVerdict};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// Hits come in the order of their times but for what requests overtake each other by, and what the clocks of nodes
/// differ by. A time further back than this is a clock that was set back.
pub(crate) const OVERTAKING: Duration = Duration::seconds(30);

/// Times and ids of the counted hits, oldest first; never more than the limit allows.
#[derive(Debug, Default)]
pub(crate) struct SlidingLog {
    hits: VecDeque<(OffsetDateTime, Uuid)>,
}

impl SlidingLog {
    /// Whether there is room for this hit.
    pub(crate) fn judge(&mut self, hit: &Hit) -> LimitVerdict {
        let now = self.settle(hit);
        let max = usize::try_from(hit.rule.max).unwrap_or(usize::MAX);
        if self.hits.len() < max {
            return LimitVerdict::Allowed;
        }
        // The one that has to leave before there are fewer than `max`.
        let leaving = self.hits.get(self.hits.len() - max).map_or(now, |(at, _)| *at);
        LimitVerdict::Refused { retry_after: leaving + hit.rule.window - now }
    }

    /// Counts it, and says when it leaves the window.
    pub(crate) fn count(&mut self, hit: &Hit) -> OffsetDateTime {
        let at = self.settle(hit);
        self.hits.push_back((at, hit.id));
        at.saturating_add(hit.rule.window)
    }

    /// Takes it back.
    pub(crate) fn refund(&mut self, id: Uuid) {
        self.hits.retain(|(_, counted)| *counted != id);
    }

    pub(crate) fn len(&self) -> usize {
        self.hits.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.hits.is_empty()
    }

    /// Forgets what has left the window, and says what time it is for this log: never earlier than the newest hit, so
    /// that a hit which was overtaken does not reopen a window. After the clock was set back, hits that lie ahead are
    /// taken as of now: otherwise they would count until the clock has caught up.
    fn settle(&mut self, hit: &Hit) -> OffsetDateTime {
        let newest = self.hits.back().map_or(hit.at, |(at, _)| *at);
        let now = if newest - hit.at > OVERTAKING { hit.at } else { newest.max(hit.at) };
        for (at, _) in &mut self.hits {
            *at = (*at).min(now);
        }
        while self.hits.front().is_some_and(|(at, _)| *at + hit.rule.window <= now) {
            self.hits.pop_front();
        }
        now
    }
}
