//! Killed at any moment under mixed writes: what was answered is there, and nothing is there by half.

mod scene;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use crate::faults::delivered::Delivered;
use crate::faults::interrupted::Interrupted;
use crate::faults::kill::scene::{Act, Scene};
use crate::faults::ledger::{Caller, Chance, Fate, Story, check_all, check_retries, check_rows, report, say};
use crate::faults::smtp_sink::SmtpSink;
use crate::faults::writers::Writers;
use crate::support::{PASSWORD, Setup, TestServer, number};

const ROUNDS: u64 = 50;
const WRITERS: u64 = 4;
/// Within how many milliseconds the server is killed, and more where it answers slowly; what is done to people begins in
/// the first third.
const PERIOD: u64 = 300;

/// Every team that is needed, its people having their mail.
async fn scenes(server: &TestServer, sink: &SmtpSink, count: u64) -> Vec<Scene> {
    let caller = Caller::of(server);
    let mut scenes = Vec::new();
    for n in 0..count {
        scenes.push(Scene::prepare(&caller, format!("s{n}")).await.unwrap());
    }
    let delivered = Delivered::by(server, sink).await;
    for scene in &mut scenes {
        scene.read_mail(&delivered);
    }
    scenes
}

/// Fails where too little happened for the test to say anything.
fn report_acts(played: &[Scene]) {
    for act in Act::ALL {
        let mut fates = HashMap::new();
        for scene in played {
            *fates.entry(format!("{:?}", scene.fate(act))).or_insert(0) += 1;
        }
        say(&format!("{act:?}: {fates:?}"));
        assert!(fates.contains_key("Done"), "{act:?} was never answered");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_answered_survives_a_kill_and_nothing_is_there_by_half() {
    let rounds = number("KILL_ROUNDS").unwrap_or(ROUNDS);
    let seed = number("KILL_SEED").unwrap_or(u64::from(std::process::id()));
    println!("KILL_ROUNDS={rounds} KILL_SEED={seed}");
    let mut chance = Chance(seed);
    // Its own address changes with each start; access tokens are to outlive that.
    let setup = Setup::default().set("TOKENS__ISSUER", "http://localhost");
    // A mailbox would not show what arrives twice.
    let sink = SmtpSink::start();
    let mut server = setup.variable("SMTP_URL", &sink.url()).start().await;
    let begun = Instant::now();
    let scenes = scenes(&server, &sink, rounds).await;
    // As long as bringing the people of one together took.
    let period = u64::try_from(begun.elapsed().as_millis()).unwrap() / rounds.max(1);
    let period = period.clamp(PERIOD, 3 * PERIOD);
    let (mut stories, mut played, mut interrupted) = (Vec::<Story>::new(), Vec::new(), Interrupted::default());
    for (round, scene) in (0..rounds).zip(scenes) {
        let writers = Writers::start(&[&server], WRITERS, &format!("r{round}"));
        let acts = Act::ALL.map(|act| (act, Duration::from_millis(chance.below(period / 3))));
        let playing = tokio::spawn(scene.play(Caller::of(&server), acts));
        tokio::time::sleep(Duration::from_millis(10 + chance.below(period))).await;
        server.kill();
        let told = writers.join().await;
        played.push(playing.await.unwrap());
        server = server.restart().await;
        interrupted.add(Interrupted::leased(&server.rows().await).await);
        check_rows(&server, round).await;
        for story in told.iter().filter(|story| story.logged_out != Fate::Done) {
            check_retries(&server, story).await;
        }
        stories.extend(told);
    }
    say(&format!("killed within {period} ms each time"));
    let done = report(&stories);
    assert!(done > 20, "too little happened for this test to say anything: {done}");
    report_acts(&played);
    check_all(&server, &stories).await;
    let rows = server.rows().await;
    interrupted.free(&rows).await;
    let delivered = Delivered::by(&server, &sink).await;
    interrupted.assert_repeated_only_these(&sink.mails_after(0));
    for story in &stories {
        assert!(delivered.has(&story.email, "verify your e-mail address"), "{story:?}");
    }
    for scene in &played {
        scene.check(&server, &rows, &delivered).await;
    }
}

#[tokio::test]
async fn a_one_time_token_works_once_also_across_a_kill() {
    let mut server = TestServer::start().await;
    for n in 0..5 {
        let account = server.register(&format!("once{n}@example.org")).await;
        let token = server.mailbox().wait_for(&account.email, 1).await[0].token();
        let body = json!({"token": token, "password": PASSWORD});
        let caller = Caller::of(&server);
        let mut uses = JoinSet::new();
        for _ in 0..4 {
            let (caller, body) = (caller.clone(), body.clone());
            uses.spawn(
                async move { caller.post("/auth/verify-email").json(&body).try_send().await.ok().map(|a| a.status) },
            );
        }
        tokio::time::sleep(Duration::from_millis(3 * n)).await;
        server.kill();
        let answers = uses.join_all().await;
        server = server.restart().await;
        let again = server.post("/auth/verify-email").json(&body).send().await.status;
        let successes = answers.iter().filter(|status| **status == Some(200)).count() + usize::from(again == 200);
        assert!(successes <= 1, "{answers:?}, then {again}");
        let tokens = server.login(&account).await;
        let me = server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json();
        assert_eq!(me["email_verified"], true, "{answers:?}, then {again}");
    }
}
