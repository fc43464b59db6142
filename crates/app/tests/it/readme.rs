//! The walk-through of the README, line by line.

use std::process::Command;

use crate::support::{Setup, TestServer};

const README: &str = include_str!("../../../../README.md");

/// The blocks of this language beneath the heading.
fn blocks(heading: &str, language: &str) -> Vec<String> {
    let section = README.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let fence = format!("```{language}\n");
    section.split(fence.as_str()).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_walk_through_of_the_readme_works_as_written() {
    let server: TestServer = Setup::bare()
        .embedded()
        .set("DEV", "true")
        .set("SERVER__LISTEN", "127.0.0.1:0")
        .set("SERVER__METRICS_LISTEN", "127.0.0.1:0")
        .set("PASSWORD__BCRYPT_COST", "4")
        .start()
        .await;
    let steps = blocks("Walk through it", "sh");
    assert!(steps.len() >= 9, "{} steps", steps.len());
    let script = format!("set -euo pipefail\n{}", steps.join("\n"));
    assert!(script.contains("http://127.0.0.1:8080\n"));
    let script = script.replace("http://127.0.0.1:8080\n", &format!("{}\n", server.url("")));
    let folder = server.data_dir().parent().unwrap().to_owned();

    let run = tokio::task::spawn_blocking(move || {
        Command::new("bash").arg("-c").arg(script).current_dir(folder).output().unwrap()
    });
    let output = run.await.unwrap();
    let (said, complained) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert!(output.status.success(), "{said}\n{complained}\n{}", server.log());
    for line in blocks("Walk through it", "text").concat().lines() {
        assert!(said.lines().any(|said| said == line), "{line:?} is missing in:\n{said}");
    }
    assert!(said.lines().last().unwrap().contains("\"access_token\""), "{said}");
    let is_whole = |line: &&str| serde_json::from_str::<serde_json::Value>(line).is_ok();
    assert!(
        said.lines().filter(|line| line.starts_with(['{', '['])).all(|line| is_whole(&line)),
        "two on a line:\n{said}"
    );
}
