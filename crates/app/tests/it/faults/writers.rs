//! Clients that write while something fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::faults::ledger::{Caller, Fate, NEW_PASSWORD, Story};
use crate::support::{PASSWORD, TestServer, Tokens};

/// For them to get something done between two faults.
const PATIENCE: Duration = Duration::from_mins(1);

/// Clients that write until their server is gone, or until they are told to stop.
pub(crate) struct Writers {
    writing: JoinSet<Vec<Story>>,
    is_over: Arc<AtomicBool>,
    registered: Arc<AtomicUsize>,
}

impl Writers {
    /// So many clients, in turn on these servers. Each leaves off at the first call without an answer.
    pub(crate) fn start(servers: &[&TestServer], count: u64, prefix: &str) -> Self {
        Self::of(servers.iter().map(|server| Caller::of(server)).collect(), count, prefix)
    }

    /// The same, but they go on after an outage.
    pub(crate) fn start_patient(servers: &[&TestServer], count: u64, prefix: &str) -> Self {
        Self::of(servers.iter().map(|server| Caller::of_faulty(server)).collect(), count, prefix)
    }

    fn of(callers: Vec<Caller>, count: u64, prefix: &str) -> Self {
        let mut writers = Self { writing: JoinSet::new(), is_over: Arc::default(), registered: Arc::default() };
        for (writer, caller) in (0..count).zip(callers.into_iter().cycle()) {
            let (is_over, registered) = (Arc::clone(&writers.is_over), Arc::clone(&writers.registered));
            writers.writing.spawn(write_on(caller, format!("{prefix}w{writer}"), is_over, registered));
        }
        writers
    }

    /// Until they have so many accounts: a machine that is busy takes longer.
    pub(crate) async fn have_registered(&self, count: usize) {
        let start = Instant::now();
        while self.registered.load(Ordering::Relaxed) < count {
            assert!(start.elapsed() < PATIENCE, "{count} accounts are not registered within {PATIENCE:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Every story, once all have left off.
    pub(crate) async fn join(self) -> Vec<Story> {
        self.writing.join_all().await.into_iter().flatten().collect()
    }

    /// Tells them to leave off after the story that they are in.
    pub(crate) async fn stop(self) -> Vec<Story> {
        self.is_over.store(true, Ordering::Relaxed);
        self.join().await
    }
}

async fn write_on(
    caller: Caller,
    prefix: String,
    is_over: Arc<AtomicBool>,
    registered: Arc<AtomicUsize>,
) -> Vec<Story> {
    let mut stories = Vec::new();
    for n in 0.. {
        let story = write(caller.clone(), format!("{prefix}n{n}@example.org")).await;
        let is_whole = story.logged_out == Fate::Done;
        registered.fetch_add(usize::from(story.registered == Fate::Done), Ordering::Relaxed);
        stories.push(story);
        if is_over.load(Ordering::Relaxed) || !is_whole && !caller.may_be_refused {
            break;
        }
    }
    stories
}

/// Registers, signs in, makes a team, refreshes, changes the password, signs out, until the server is gone.
async fn write(caller: Caller, email: String) -> Story {
    let mut story = Story {
        email,
        registered: Fate::NotTried,
        team: Fate::NotTried,
        tokens: None,
        refreshed: Fate::NotTried,
        password_changed: Fate::NotTried,
        logged_out: Fate::NotTried,
    };
    // Ends at the first call without an answer.
    let _cut_off = live(&caller, &mut story).await;
    story
}

async fn live(caller: &Caller, story: &mut Story) -> Option<()> {
    let answer = caller.register(&story.email).await;
    story.registered = Fate::of(answer.as_ref());
    answer?;
    let mut tokens = caller.login(&story.email).await?;
    story.tokens = Some(tokens.clone());
    let answer = caller.team(&tokens, &story.email).await;
    story.team = Fate::of(answer.as_ref());
    answer?;
    let refresh = json!({"refresh_token": tokens.refresh});
    let answer = caller.act(caller.post("/auth/refresh").json(&refresh), 200).await;
    story.refreshed = Fate::of(answer.as_ref());
    tokens = Tokens::of(&answer?);
    story.tokens = Some(tokens.clone());
    let change = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    let answer = caller.act(caller.post("/auth/change-password").bearer(&tokens.access).json(&change), 200).await;
    story.password_changed = Fate::of(answer.as_ref());
    tokens = Tokens::of(&answer?);
    story.tokens = Some(tokens.clone());
    let answer = caller.act(caller.post("/auth/logout").bearer(&tokens.access), 204).await;
    story.logged_out = Fate::of(answer.as_ref());
    answer.map(|_| ())
}
