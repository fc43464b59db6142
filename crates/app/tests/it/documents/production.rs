//! The ten lines that lead to production, run as they stand but for where the servers are. On the production profile only.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::documents::root;
use crate::support::{FreshDatabase, FreshKeyspace, MailServer, lasting_address, said, told};

fn lines() -> Vec<String> {
    let operations = std::fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let (_, section) = operations.split_once("## Production in ten lines\n").unwrap();
    let (_, block) = section.split_once("```sh\n").unwrap();
    block.split("```").next().unwrap().lines().map(str::to_owned).collect()
}

/// The line sets this variable to something else.
fn with(line: &str, variable: &str, value: &str) -> String {
    assert!(line.starts_with(&format!("export {variable}=")), "{line}");
    format!("export {variable}='{value}'")
}

/// Both nodes are ready, and one takes the access token that the other has issued.
const LOOK: &str = r#"
for node in $first $second; do for try in $(seq 300); do curl -sf "http://$node/health/ready" && break; sleep 0.1; done; done
login='{"email":"you@example.org","password":"seven green bottles"}'
tokens=$(curl -sf -H 'content-type: application/json' -d "$login" "http://$first/auth/login")
curl -sf -H "authorization: Bearer $(echo "$tokens" | grep -o '"access_token":"[^"]*"' | cut -d'"' -f4)" "http://$second/auth/me"
"#;

#[tokio::test]
async fn ten_lines_lead_from_nothing_to_two_nodes() {
    let lines = lines();
    assert_eq!(lines.len(), 10);
    assert!(lines[9].contains("caddy run --config docs/operations/Caddyfile"), "{}", lines[9]);
    let (Some(database), Some(redis)) = (told("TEST_DATABASE_URL"), told("TEST_REDIS_URL")) else { return };
    let Some(mails) = MailServer::start() else { return };
    let (database, redis) = (FreshDatabase::empty(&database).await, FreshKeyspace::next(&redis));
    let (first, second) = (lasting_address(), lasting_address());
    let nodes = format!("{}\n{}", lines[6], lines[7]);
    let nodes = nodes.replace("127.0.0.1:8080", &first).replace("127.0.0.1:8082", &second);
    let nodes = nodes.replace("127.0.0.1:9090", &lasting_address()).replace("127.0.0.1:9091", &lasting_address());
    let script = [
        "set -euo pipefail; trap 'kill $(jobs -p); wait' EXIT",
        &lines[0],
        &with(&lines[1], "DATABASE_URL", &database.url()),
        &with(&lines[2], "REDIS_URL", &redis.url()),
        &with(&lines[3], "SMTP_URL", &mails.url("smtp", "")),
        &lines[4],
        &lines[5],
        &nodes,
        &lines[8],
        &format!("first={first} second={second}{LOOK}"),
    ]
    .join("\n");
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_countersign"), folder.path().join("countersign")).unwrap();
    let path = format!("{}:{}", folder.path().display(), told("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-c", &script]).current_dir(folder.path()).env_clear().env("PATH", path);
    let mut bash = bash.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    bash.stdin.take().unwrap().write_all(b"seven green bottles\n").unwrap();
    let ended = tokio::task::spawn_blocking(move || bash.wait_with_output().unwrap()).await.unwrap();
    let (code, output, errors) = said(&ended);
    assert_eq!(code, Some(0), "{output}{errors}");
    assert!(!output.contains("\nwarning ") && !output.contains("\nskipped "), "{output}");
    assert!(output.contains("\"email\":\"you@example.org\""), "{output}");
    drop((database, redis));
}
