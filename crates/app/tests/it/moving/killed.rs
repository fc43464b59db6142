//! An import that was killed goes on where it was.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::moving::lines::sealed;
use crate::moving::scene::Scene;
use crate::moving::target::{Target, tally};

const MANY: i64 = 40_000;

#[tokio::test]
async fn an_import_that_was_killed_is_finished_by_the_same_command() {
    let scene = Scene::start().await;
    let lines = scene.export("out", &[]);
    let user = lines.of_kind("user")[0];
    let many = (0..MANY).map(|n| {
        let mut user = user.clone();
        user["id"] = format!("01890000-0000-7000-8000-{n:012}").into();
        user["email"] = format!("user{n}@example.org").into();
        user
    });
    let file = scene.file("many");
    std::fs::write(&file, sealed(lines.header(), &many.collect::<Vec<Value>>())).unwrap();
    let there = Target::of_this_run().await;
    assert_eq!(there.run(&["migrate", "up"]).0, Some(0));
    let (rows, mut import) = (there.rows().await, there.spawn(&["import", file.to_str().unwrap()]));
    let begun = Instant::now();
    while rows.count("users").await < MANY / 20 {
        assert!(begun.elapsed() < Duration::from_mins(1) && import.try_wait().unwrap().is_none());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    import.kill().unwrap();
    import.wait().unwrap();
    let stored = rows.count("users").await;
    assert!(stored > 0 && stored < MANY, "{stored} were stored when it was killed");

    let report = there.import(&file, &[]);
    let [read, imported, present, refused] = tally(&report, "accounts").map(i64::try_from).map(Result::unwrap);
    assert_eq!((read, imported + present, refused), (MANY, MANY, 0));
    // A batch may have been stored in the moment of the kill.
    assert!(imported > 0 && present >= stored, "{report}");
    assert_eq!(rows.count("users").await, MANY);
}
