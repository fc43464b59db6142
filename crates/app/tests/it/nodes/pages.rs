//! Pages by whichever node a balancer chooses.

use std::time::Duration;

use crate::support::{Answer, Hand, PASSWORD, Schema, Setup, TestServer};

async fn two_nodes(access_ttl: &str) -> Option<[TestServer; 2]> {
    let setup = Setup::default().set("TOKENS__ISSUER", "http://localhost").set("TOKENS__ACCESS_TTL", access_ttl);
    let nodes = setup.start_nodes(2, Schema::Migrated).await?;
    Some(nodes.try_into().unwrap_or_else(|_| panic!("two nodes")))
}

fn leads_to(answer: &Answer, page: &str) -> bool {
    answer.status == 303 && answer.header("location").contains(page)
}

#[tokio::test]
async fn a_form_of_one_node_is_taken_by_the_other_and_a_sign_out_counts_on_both_at_once() {
    let Some([here, there]) = two_nodes("15m").await else { return };
    for n in 0..10 {
        let account = here.register(&format!("user{n}@example.org")).await;
        let mut hand = Hand::of(&here, &account.email, PASSWORD).await;
        let mut other = hand.at(&there);
        let token = hand.form_token("/account").await;
        let saved = other.submit("/account", &token, &[("first_name", "Other"), ("last_name", "Name")]).await;
        assert!(leads_to(&saved, "done=name_saved"), "{saved:?}");
        assert!(hand.open("/account").await.text.contains("value=\"Other\""));
        // What the other node takes as a form of its own, it does not take of somebody else's page.
        let forged = other.submit("/account", "forged", &[("first_name", "Forged"), ("last_name", "Name")]).await;
        assert!(forged.status != 303, "{forged:?}");
        other.open("/account").await;
        // Of a former session they both know whose form it was.
        let anew = Hand::of(&there, &account.email, PASSWORD).await;
        let former = there.post("/account").header("cookie", &anew.cookie).header("origin", &there.url(""));
        let former = former.header("accept", "text/html").form(&[("form_token", &token), ("first_name", "Typed")]);
        let kept = former.send().await.expect(403);
        assert!(kept.text.contains("<dd class=\"typed\">Typed</dd>"), "{kept:?}");
        let out = hand.send("/account", "/sign-out", &[]).await;
        assert!(leads_to(&out, "sign-in"), "{out:?}");
        let refused = other.look("/account").await;
        assert!(leads_to(&refused, "sign-in"), "the other node shows it still: {refused:?}");
    }
}

#[tokio::test]
async fn a_session_that_two_nodes_renew_at_once_lives_on_with_what_either_gave() {
    let Some([here, there]) = two_nodes("1s").await else { return };
    let account = here.register("person@example.org").await;
    let mut hand = Hand::of(&here, &account.email, PASSWORD).await;
    for round in 0..4 {
        tokio::time::sleep(Duration::from_millis(1_100)).await;
        let (former, mut other) = (hand.cookie.clone(), hand.at(&there));
        tokio::join!(hand.open("/account"), other.open("/account"));
        assert!(hand.cookie != former && other.cookie != former, "it was not renewed");
        // Each goes on with the other's.
        std::mem::swap(&mut hand.cookie, &mut other.cookie);
        hand.open("/account").await;
        other.open("/account").await;
        if round % 2 == 1 {
            hand.cookie = other.cookie;
        }
    }
    let rows = here.rows().await;
    assert_eq!(rows.count("sessions").await, 1);
    let thefts = "SELECT COUNT(*) FROM audit_events WHERE kind = 'refresh_token_reused'";
    assert_eq!(rows.one::<i64>(thefts).await, 0);
}
