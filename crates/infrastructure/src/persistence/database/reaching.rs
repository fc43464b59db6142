//! The first connection, and why there is none.

use std::time::Duration;

use countersign_application::error::Fault;
use sea_orm::DbBackend;

use crate::persistence::database::{Database, postgres};
use crate::persistence::error::is_turned_away;

const ATTEMPTS: u32 = 5;
/// Not every outage takes its time: a name that is not known yet is told at once.
const PAUSE: Duration = Duration::from_secs(1);

impl Database {
    /// Makes a first connection, and tells by it what [`Self::status`] does. A server may take its time: the usual bound is
    /// meant for requests, and a machine that has just started may be slower. A file is there or not, and a server that
    /// knows no such user, password or database will not either in a while.
    pub async fn reach(&self) -> Result<Vec<(String, bool)>, Fault> {
        let attempts = if self.backend() == DbBackend::Sqlite { 1 } else { ATTEMPTS };
        for attempt in 1..attempts {
            match self.status().await {
                Err(outage @ Fault::Unavailable { .. }) => {
                    let again = tokio::time::Instant::now() + PAUSE;
                    let outage = self.reason_of(outage).await;
                    if is_turned_away(&outage) {
                        return Err(outage);
                    }
                    tell(&outage, attempt);
                    tokio::time::sleep_until(again).await;
                }
                outcome => return outcome,
            }
        }
        self.reach_at_once().await
    }

    /// The same at the first try, for people who wait.
    pub async fn reach_at_once(&self) -> Result<Vec<(String, bool)>, Fault> {
        match self.status().await {
            Err(outage @ Fault::Unavailable { .. }) => Err(self.reason_of(outage).await),
            outcome => outcome,
        }
    }

    /// The pool tells that it waited for a connection, and not what became of those that it tried to make.
    pub(crate) async fn reason_of(&self, outage: Fault) -> Fault {
        if self.backend() == DbBackend::Sqlite {
            return outage;
        }
        let connecting = self.home.run(postgres::refusal(self.pool.clone(), PAUSE));
        connecting.await.unwrap_or(outage)
    }
}

fn tell(outage: &Fault, attempt: u32) {
    let error = outage as &dyn std::error::Error;
    tracing::warn!(error, attempt, of = ATTEMPTS, "the database is not there yet");
}
