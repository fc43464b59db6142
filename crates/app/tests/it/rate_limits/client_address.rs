//! Who a client is: its socket, or what a trusted proxy says.

use crate::support::{Call, Setup, TestServer, assert_problem};

const LIMIT: usize = 3;

async fn server(trusted: Option<&str>) -> TestServer {
    let setup = Setup::default().set("LIMITS__LOGIN_PER_MINUTE_PER_IP", "3");
    match trusted {
        Some(networks) => setup.set("SERVER__TRUSTED_PROXIES", networks).start().await,
        None => setup.start().await,
    }
}

fn sign_in(server: &TestServer) -> Call {
    server.sign_in("a@example.org", "wrong guess")
}

/// Fails unless all of these count for one network that nobody has used before.
async fn assert_one_network(calls: Vec<Call>) {
    assert!(calls.len() > LIMIT);
    for (n, call) in calls.into_iter().enumerate() {
        let answer = call.send().await;
        if n < LIMIT {
            assert_problem(&answer, 401, "invalid_credentials");
        } else {
            assert_problem(&answer, 429, "rate_limited");
        }
    }
}

#[tokio::test]
async fn headers_of_a_client_that_is_no_proxy_change_nothing() {
    for trusted in [None, Some("10.0.0.0/8")] {
        let server = server(trusted).await;
        let headers = [
            "x-forwarded-for",
            "x-real-ip",
            "forwarded",
            "cf-connecting-ip",
            "true-client-ip",
            "x-client-ip",
            "x-forwarded-for",
        ];
        let call = |(n, name): (usize, &str)| {
            let address = format!("198.51.100.{n}");
            sign_in(&server).header(name, &if name == "forwarded" { format!("for={address}") } else { address })
        };
        assert_one_network(headers.into_iter().enumerate().map(call).collect()).await;
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_right_most_hop_counts() {
    let server = server(Some("127.0.0.1/32")).await;
    let with = |value: String| sign_in(&server).header("x-forwarded-for", &value);
    assert_one_network((0..6).map(|n| with(format!("192.0.2.{n}, 203.0.113.5"))).collect()).await;
    assert_one_network((0..6).map(|n| with(format!("203.0.113.5, 192.0.2.{n}, 203.0.113.6, 127.0.0.1"))).collect())
        .await;
    let standard =
        |n| sign_in(&server).header("forwarded", &format!("for=192.0.2.{n}, for=\"203.0.113.7:{}\"", 4000 + n));
    assert_one_network((0..6).map(standard).collect()).await;
    // What the proxy does not set, the client may invent.
    let other =
        |n| sign_in(&server).header("x-real-ip", &format!("192.0.2.{n}")).header("x-forwarded-for", "203.0.113.8");
    assert_one_network((0..6).map(other).collect()).await;
    let two =
        |n| sign_in(&server).header("x-forwarded-for", "203.0.113.9").header("forwarded", &format!("for=192.0.2.{n}"));
    assert_one_network((0..6).map(two).collect()).await;
}

#[tokio::test]
async fn an_ipv6_network_of_64_bits_is_one_client() {
    let server = server(Some("127.0.0.1/32")).await;
    let with = |value: String| sign_in(&server).header("x-forwarded-for", &value);
    assert_one_network((0..6).map(|n| with(format!("2001:db8:1:1::{n:x}"))).collect()).await;
    assert_one_network((0..6).map(|n| with(format!("2001:db8:1:2:{n:x}::1"))).collect()).await;
    assert_problem(&with("2001:db8:1:1:ffff:ffff:ffff:ffff".to_owned()).send().await, 429, "rate_limited");
}

#[tokio::test]
async fn an_address_is_the_same_in_every_spelling() {
    let server = server(Some("127.0.0.1/32")).await;
    let with = |value: &str| sign_in(&server).header("x-forwarded-for", value);
    let v6 =
        ["2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001", "2001:DB8::1", "[2001:db8::1]:443", "2001:db8:0::1"];
    assert_one_network(v6.into_iter().map(with).collect()).await;
    let v4 = ["198.51.100.4", "::ffff:198.51.100.4", "::FFFF:c633:6404", "198.51.100.4:5555", "  198.51.100.4  "];
    assert_one_network(v4.into_iter().map(with).collect()).await;
}

#[tokio::test]
async fn other_spellings_of_the_path_are_not_a_way_around() {
    let server = server(None).await;
    for _ in 0..LIMIT {
        sign_in(&server).send().await.expect(401);
    }
    let body = serde_json::json!({"email": "a@example.org", "password": "wrong guess"});
    for path in [
        "/auth/login/",
        "//auth/login",
        "/auth//login",
        "/AUTH/LOGIN",
        "/auth/login.",
        "/auth/login?x=1",
        "/auth/./login",
        "/auth/%6cogin",
        "/auth/login;x=1",
        "/auth/login%2f",
        "/auth/login%00",
        "/x/../auth/login",
    ] {
        let answer = server.post(path).json(&body).send().await;
        let (status, code) = if answer.status == 429 { (429, "rate_limited") } else { (404, "not_found") };
        assert_problem(&answer, status, code);
    }
}

#[tokio::test]
async fn a_listener_that_others_reach_without_a_known_proxy_warns_at_the_start() {
    let open =
        Setup::default().set("DEV", "false").set("PASSWORD__BCRYPT_COST", "10").set("SERVER__LISTEN", "0.0.0.0:0");
    let mut warned = open.set("SERVER__PUBLIC_URL", "http://127.0.0.1:8080").start().await;
    warned.terminate().await;
    assert!(warned.log().contains("server.trusted_proxies"), "{}", warned.log());
    let mut quiet = server(None).await;
    quiet.terminate().await;
    assert!(!quiet.log().contains("server.trusted_proxies"));
}
