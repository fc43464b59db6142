//! Looking at a replica now and then, and what follows from that.

use std::time::Duration;

use countersign_application::error::Fault;
use metrics::gauge;
use sea_orm::DbErr;
use tokio::time::Instant;

use crate::persistence::error::{fault, is_disconnection};
use crate::persistence::replica::Replica;
use crate::persistence::replica::log::Log;
use crate::persistence::replica::position::Written;

/// How often it is looked at.
const PAUSE: Duration = Duration::from_secs(1);

impl Replica {
    /// Looks at it now and then, for ever. Nothing else changes whether it is read.
    pub async fn watch(&self) {
        let mut looks = Looks::default();
        loop {
            let asked = Instant::now();
            match Log::of_primary(&self.primary).await {
                Ok(primary) => looks.note(asked, primary),
                // How far behind it is stays known for a while.
                Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "the primary was not asked"),
            }
            let found = Log::of(&self.follower).await;
            let now = Instant::now();
            let verdict = looks.judge(now, found, self.max_lag);
            if let Some(age) = looks.written.age(now) {
                // Also of one that is away: what it has grows older.
                gauge!("countersign_replica_lag_seconds").set(age.as_secs_f64());
            }
            match verdict {
                Verdict::Use => self.take_up(),
                Verdict::Leave(why) => self.leave(&why),
                Verdict::LookAgain => continue,
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[derive(Debug)]
enum Verdict {
    Use,
    Leave(Fault),
    /// Nothing is known, and at once it is to be.
    LookAgain,
}

/// What was seen so far.
#[derive(Debug, Default)]
struct Looks {
    /// Ends of the primary's log. By positions that the two have in common: the time of the last transaction stands still
    /// while nobody writes, and tells nothing of one that lost its primary.
    written: Written,
    /// Of the primary's log, once that was seen.
    origin: Option<String>,
    /// Whether the last look was in vain.
    missed: bool,
}

impl Looks {
    fn note(&mut self, asked: Instant, primary: Log) {
        self.written.note(asked, primary.position);
        self.origin = Some(primary.origin);
    }

    fn judge(&mut self, now: Instant, found: Result<Log, DbErr>, max_lag: Duration) -> Verdict {
        let log = match found {
            Ok(log) => log,
            Err(error) => return self.miss(now, error, max_lag),
        };
        self.missed = false;
        if !log.follows {
            return unfit("it takes writes itself");
        }
        if self.origin.as_ref().is_some_and(|origin| *origin != log.origin) {
            return unfit("it is a replica of another server, or has another database of the primary");
        }
        let Some(lag) = self.written.lag(now, log.position) else {
            return unfit("it does not have yet what the primary had");
        };
        if lag > max_lag { unfit("it is too far behind") } else { Verdict::Use }
    }

    /// One statement may be late where many are under way; a connection that ends is no such thing.
    fn miss(&mut self, now: Instant, error: DbErr, max_lag: Duration) -> Verdict {
        let missed_before = std::mem::replace(&mut self.missed, true);
        let may_be_too_old = self.written.age(now).is_none_or(|age| age > max_lag);
        if missed_before || may_be_too_old || is_disconnection(&error) {
            return Verdict::Leave(fault(error));
        }
        Verdict::LookAgain
    }
}

fn unfit(why: &'static str) -> Verdict {
    Verdict::Leave(Fault::unavailable("replica", why))
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use sea_orm::{ConnAcquireErr, RuntimeErr};

    use super::*;

    const MAX_LAG: Duration = Duration::from_secs(10);

    fn log(origin: &str, position: i64, follows: bool) -> Log {
        Log { origin: origin.to_owned(), position, follows }
    }

    fn late() -> Result<Log, DbErr> {
        Err(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))
    }

    fn lost() -> Result<Log, DbErr> {
        let reset = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        Err(DbErr::Conn(RuntimeErr::SqlxError(sea_orm::SqlxError::Io(reset).into())))
    }

    /// Of a primary that was seen at 100, and a replica that had got there.
    fn in_step(start: Instant) -> Looks {
        let mut looks = Looks::default();
        looks.note(start, log("1/2", 100, false));
        assert!(matches!(looks.judge(start, Ok(log("1/2", 100, true)), MAX_LAG), Verdict::Use));
        looks
    }

    fn why_left(verdict: Verdict) -> String {
        let Verdict::Leave(why) = verdict else { panic!("{verdict:?}") };
        why.source().unwrap().to_string()
    }

    #[test]
    fn a_server_that_takes_writes_is_left_however_long_its_log_is() {
        let start = Instant::now();
        let found = in_step(start).judge(start, Ok(log("1/2", 1_000, false)), MAX_LAG);
        assert_eq!(why_left(found), "it takes writes itself");
    }

    #[test]
    fn a_replica_of_another_server_or_of_another_database_is_left() {
        let start = Instant::now();
        for origin in ["9/2", "1/9"] {
            let found = in_step(start).judge(start, Ok(log(origin, 1_000, true)), MAX_LAG);
            assert_eq!(why_left(found), "it is a replica of another server, or has another database of the primary");
        }
    }

    #[test]
    fn one_look_in_vain_is_no_reason_and_two_in_a_row_are() {
        let start = Instant::now();
        let mut looks = in_step(start);
        assert!(matches!(looks.judge(start, late(), MAX_LAG), Verdict::LookAgain));
        assert!(matches!(looks.judge(start, Ok(log("1/2", 100, true)), MAX_LAG), Verdict::Use));
        assert!(matches!(looks.judge(start, late(), MAX_LAG), Verdict::LookAgain));
        assert!(matches!(looks.judge(start, late(), MAX_LAG), Verdict::Leave(_)));
    }

    #[test]
    fn a_lost_connection_is_a_reason_at_once() {
        let start = Instant::now();
        assert!(matches!(in_step(start).judge(start, lost(), MAX_LAG), Verdict::Leave(_)));
    }

    #[test]
    fn a_look_in_vain_is_not_excused_for_one_that_may_be_too_old_by_now() {
        let start = Instant::now();
        let later = start + MAX_LAG + Duration::from_secs(1);
        assert!(matches!(in_step(start).judge(later, late(), MAX_LAG), Verdict::Leave(_)));
        assert!(matches!(Looks::default().judge(start, late(), MAX_LAG), Verdict::Leave(_)));
    }
}
