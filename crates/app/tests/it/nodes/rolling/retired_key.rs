//! A key that is retired on one node is refused by all.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::nodes::rolling::{pass_announcement, rotate, setup};
use crate::support::{Account, Schema, TestServer, Tokens, assert_problem, header_of, said};

const PATIENCE: Duration = Duration::from_secs(15);

fn kid(tokens: &Tokens) -> String {
    header_of(&tokens.access)["kid"].as_str().unwrap().to_owned()
}

/// Tokens of this node, once another key signs there.
async fn signed_anew(node: &TestServer, account: &Account, former: &str) -> Tokens {
    let start = Instant::now();
    loop {
        let tokens = node.login(account).await;
        if kid(&tokens) != former {
            return tokens;
        }
        assert!(start.elapsed() < PATIENCE, "the new key does not sign");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_retired_key_is_refused_by_every_node_once_the_command_has_ended() {
    let Some(nodes) = setup().start_nodes(3, Schema::Migrated).await else { return };
    let account = nodes[0].register("owner@example.org").await;
    let former = nodes[0].login(&account).await;
    rotate(&nodes[0], &[]);
    pass_announcement(&nodes[0]).await;
    let latter = signed_anew(&nodes[1], &account, &kid(&former)).await;
    let look = |node: &TestServer, tokens: &Tokens| node.get("/auth/me").bearer(&tokens.access);
    for node in &nodes {
        look(node, &former).send().await.expect(200);
    }
    let (code, _, errors) = said(&nodes[2].run(&["keys", "retire", &kid(&former)], ""));
    assert_eq!(code, Some(0), "{errors}");
    for node in &nodes {
        assert_problem(&look(node, &former).send().await, 401, "invalid_token");
        look(node, &latter).send().await.expect(200);
    }
}
