//! Load by wrk.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail, ensure};

/// Answered requests a second of `GET url` with this token, 32 connections.
pub(crate) fn get(url: &str, token: &str) -> anyhow::Result<f64> {
    run(&["-t1", "-c32", "-d4s", "-H", &format!("Authorization: Bearer {token}"), url])
}

/// Answered requests a second of `GET url`, each with the next of these tokens, a line each; 32 connections. The requests
/// are written before the first is sent: that costs the generator nothing while it measures.
pub(crate) fn get_with_each(url: &str, tokens: &Path) -> anyhow::Result<f64> {
    let script = tempfile::NamedTempFile::new()?;
    let lua = format!(
        "local requests, sent = {{}}, 0\n\
         function init(args)\n  for token in io.lines(\"{}\") do\n    \
         requests[#requests + 1] = wrk.format(\"GET\", nil, {{Authorization = \"Bearer \" .. token}})\n  end\nend\n\
         function request()\n  sent = sent % #requests + 1\n  return requests[sent]\nend\n",
        tokens.display()
    );
    std::fs::write(script.path(), lua)?;
    run(&["-t1", "-c32", "-d3s", "-s", &script.path().to_string_lossy(), url])
}

/// Answered requests a second of `POST url` with this JSON body.
pub(crate) fn post(url: &str, body: &str, connections: u32) -> anyhow::Result<f64> {
    let script = tempfile::NamedTempFile::new()?;
    let lua = format!(
        "wrk.method = \"POST\"\nwrk.headers[\"Content-Type\"] = \"application/json\"\nwrk.body = [==[{body}]==]\n"
    );
    std::fs::write(script.path(), lua)?;
    let path = script.path().to_string_lossy();
    run(&["-t1", &format!("-c{connections}"), "-d10s", "--timeout", "10s", "-s", &path, url])
}

fn run(arguments: &[&str]) -> anyhow::Result<f64> {
    let output = Command::new("wrk").args(arguments).output().context("wrk: install it (apt-get install wrk)")?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(output.status.success(), "wrk failed: {}", String::from_utf8_lossy(&output.stderr));
    if let Some(line) = text.lines().find(|line| line.contains("Non-2xx") || line.contains("Socket errors")) {
        bail!("not every request was answered well:{line}");
    }
    let rate = text.lines().find_map(|line| line.strip_prefix("Requests/sec:")).context("wrk gave no rate")?;
    Ok(rate.trim().parse()?)
}
