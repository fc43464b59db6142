use actix_web::test::TestRequest;
use countersign_application::testing::{
    Mocks, NOW, PASSWORD, StagedUnitOfWork, credentials, password_hasher, session, user,
};
use countersign_domain::session::Session;
use time::Duration;

use crate::settings::WebSettings;
use crate::testing::{Answer, FORM_TOKEN, call, call_with, in_browser, settings, sign_in};

fn login_mocks() -> Mocks {
    let mut mocks = Mocks::default();
    mocks.password_hasher = password_hasher();
    mocks.credentials.expect_find_by_email().returning(|_| Ok(Some(credentials(1))));
    mocks.networks.expect_knows().returning(|_, _| Ok(false));
    mocks.memberships.expect_list_active_by_user().returning(|_, _| Ok(vec![]));
    let mut uow = StagedUnitOfWork::default();
    uow.credentials.expect_lock().returning(|_| Ok(Some(credentials(1))));
    uow.sessions.expect_insert().returning(|_| Ok(()));
    uow.sessions.expect_end_oldest().returning(|_, _, _| Ok(vec![]));
    uow.networks.expect_remember().returning(|_, _, _| Ok(()));
    mocks.stage(uow);
    mocks
}

fn sign_in_form(password: &str, next: &str) -> TestRequest {
    TestRequest::post().uri("/sign-in").insert_header(("sec-fetch-site", "same-origin")).set_form([
        ("email", "user1@example.com"),
        ("password", password),
        ("next", next),
    ])
}

#[actix_web::test]
async fn signing_in_sets_a_cookie_that_no_script_and_no_other_host_gets() {
    let answer = call(login_mocks(), sign_in_form(PASSWORD, "")).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("./account")));
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-countersign=sealed-"), "{cookie}");
    for attribute in ["; HttpOnly", "; Secure", "; SameSite=Lax", "; Path=/", "; Max-Age=2592000"] {
        assert!(cookie.contains(attribute), "{cookie} lacks {attribute}");
    }
    assert!(!cookie.contains("Domain"), "{cookie}");
    // Over plain http, which is on loopback only, no browser would take such a name.
    let plain = WebSettings { public_url: "http://localhost:8080".to_owned(), ..settings() };
    let answer = call_with(login_mocks(), plain, sign_in_form(PASSWORD, "")).await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("countersign=sealed-"), "{cookie}");
    for attribute in ["; HttpOnly", "; SameSite=Lax", "; Path=/", "; Max-Age=2592000"] {
        assert!(cookie.contains(attribute), "{cookie} lacks {attribute}");
    }
    assert!(!cookie.contains("Secure") && !cookie.contains("Domain"), "{cookie}");
}

#[actix_web::test]
async fn whoever_signs_in_is_led_on_but_never_elsewhere() {
    for (next, location) in [
        ("/account/sessions", "./account/sessions"),
        ("https://other.example", "./account"),
        ("//other.example", "./account"),
        ("/\\other.example", "./account"),
    ] {
        let answer = call(login_mocks(), sign_in_form(PASSWORD, next)).await;
        assert_eq!(answer.header("location"), Some(location), "{next}");
    }
}

#[actix_web::test]
async fn a_wrong_password_keeps_the_address_and_sets_nothing() {
    let mut mocks = login_mocks();
    mocks.credentials.checkpoint();
    mocks.credentials.expect_find_by_email().returning(|_| Ok(None));
    let answer = call(mocks, sign_in_form("another one", "/account/sessions")).await;
    assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (401, None));
    for kept in ["value=\"user1@example.com\"", "value=\"&#x2f;account&#x2f;sessions\"", "role=\"alert\""] {
        assert!(answer.text.contains(kept), "{kept}: {}", answer.text);
    }
    assert!(!answer.text.contains("another one"));
}

fn signed_in_mocks() -> Mocks {
    let mut mocks = Mocks::default();
    sign_in(&mut mocks, &user(1));
    mocks
}

async fn page(mocks: Mocks, uri: &str) -> Answer {
    call(mocks, in_browser(TestRequest::get().uri(uri))).await
}

#[actix_web::test]
async fn the_cookie_opens_the_pages_and_its_form_token_is_in_every_form() {
    for uri in ["/account", "/account/email", "/account/password", "/account/delete"] {
        let mut mocks = signed_in_mocks();
        mocks.roster.expect_teams_depending_on().returning(|_| Ok(vec![]));
        let answer = page(mocks, uri).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (200, None), "{uri}: {}", answer.text);
        let forms = answer.text.matches("<form ").count();
        let tokens = answer.text.matches(&format!("name=\"form_token\" value=\"{FORM_TOKEN}.")).count();
        assert!(forms >= 2 && forms == tokens, "{uri}: {forms} forms, {tokens} tokens");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{uri}");
    }
}

#[actix_web::test]
async fn no_page_carries_what_the_cookie_does() {
    let answer = page(signed_in_mocks(), "/account").await;
    assert!(!answer.text.contains("refresh-token") && !answer.text.contains("sealed-"), "{}", answer.text);
}

fn over() -> Mocks {
    let mut mocks = Mocks::default();
    let ended = Session { ended_at: Some(NOW), ..session(1) };
    mocks.sessions.expect_find_by_id().returning(move |_| Ok(Some(ended.clone())));
    mocks.users.expect_find_by_id().returning(|_| Ok(Some(user(1))));
    mocks
}

#[actix_web::test]
async fn a_session_that_is_over_leads_to_signing_in_and_is_forgotten_there() {
    let answer = page(over(), "/account/sessions").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("../sign-in?next=/account/sessions")));
    let answer = page(over(), "/sign-in").await;
    let cookie = answer.header("set-cookie").unwrap();
    assert!(cookie.starts_with("__Host-countersign=; ") && cookie.contains("Max-Age=0"), "{cookie}");
    assert!(cookie.contains("Secure") && cookie.contains("Path=/"), "browsers ignore it otherwise: {cookie}");
    let stranger = call(Mocks::default(), TestRequest::get().uri("/sign-in")).await;
    assert_eq!((stranger.status.as_u16(), stranger.header("set-cookie")), (200, None));
}

/// With a cookie that wants to be renewed, as a browser says where the link stood.
fn stale(site: &str, uri: &str) -> TestRequest {
    let (user, session, until) = (user(1).id, session(1).id, NOW.unix_timestamp() - 60);
    let token = countersign_domain::secret::RefreshToken::new([1; 16], [1; 32]);
    let sealed = format!("sealed-{user}.{session}.{until}.{FORM_TOKEN}.{}", token.secret().expose());
    let request = TestRequest::get().uri(uri).insert_header(("cookie", format!("__Host-countersign={sealed}")));
    request.insert_header(("sec-fetch-site", site))
}

#[actix_web::test]
async fn where_another_site_leads_a_stale_cookie_is_asked_for_again_from_here() {
    for site in ["cross-site", "same-site", "?"] {
        for uri in ["/account", "/sign-in", "/", "/verify-email?token=%22%3E%3Cb%3E", "/console", "/account/teams/x"] {
            // Nothing is looked up: neither whose it is nor whether it counts.
            let answer = call(Mocks::default(), stale(site, uri)).await;
            assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (200, None), "{site} {uri}");
            assert!(answer.text.contains("<meta http-equiv=\"refresh\" content=\"0\">"), "{}", answer.text);
            assert!(answer.text.contains("href=\"\">Continue</a>"), "{}", answer.text);
            assert_eq!(answer.header("cache-control"), Some("no-store"), "{uri}");
            assert!(answer.header("content-security-policy").unwrap().starts_with("default-src 'none'"), "{uri}");
            assert!(!answer.text.contains("user1@") && !answer.text.contains(FORM_TOKEN), "{}", answer.text);
        }
    }
    for site in ["same-origin", "none"] {
        let mut mocks = signed_in_mocks();
        mocks.sessions.expect_find_by_family().returning(|_| Ok(Some(session(1))));
        let mut uow = StagedUnitOfWork::default();
        uow.sessions.expect_rotate().times(1).returning(|_| Ok(true));
        let written = mocks.stage(uow);
        let answer = call(mocks, stale(site, "/account")).await;
        assert!(answer.header("set-cookie").is_some() && written.committed(), "{site}: {answer:?}");
    }
}

#[actix_web::test]
async fn what_another_site_says_was_done_is_not_asked_for_again() {
    let answer = call(Mocks::default(), stale("cross-site", "/sign-in?done=signed_out&next=/account%22%27")).await;
    let again = "?next=&#x2f;account%22%27";
    assert!(answer.text.contains(&format!("content=\"0; url={again}\">")), "{}", answer.text);
    assert!(answer.text.contains(&format!("href=\"{again}\">Continue</a>")), "{}", answer.text);
}

#[actix_web::test]
async fn a_fresh_cookie_opens_the_page_also_where_another_site_leads() {
    for site in ["cross-site", "same-site"] {
        let request = in_browser(TestRequest::get().uri("/account")).insert_header(("sec-fetch-site", site));
        let answer = call(signed_in_mocks(), request).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (200, None), "{site}");
        assert!(answer.text.contains("user1@example.com"), "{}", answer.text);
        // One that is over is not taken back there.
        let request = in_browser(TestRequest::get().uri("/sign-in")).insert_header(("sec-fetch-site", site));
        let answer = call(over(), request).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (200, None), "{site}");
    }
}

#[actix_web::test]
async fn whoever_has_signed_in_is_led_on_also_where_the_session_before_could_not_be_ended() {
    let mut mocks = login_mocks();
    sign_in(&mut mocks, &user(1));
    let mut uow = StagedUnitOfWork { fail_commit: true, ..StagedUnitOfWork::default() };
    uow.sessions.expect_end().times(1).returning(|_, _, _| Ok(true));
    uow.one_time_tokens.expect_remove_requested_by().returning(|_, _| Ok(()));
    let written = mocks.stage(uow);
    let form = [("email", "user1@example.com"), ("password", PASSWORD), ("form_token", FORM_TOKEN)];
    let answer = call(mocks, in_browser(TestRequest::post().uri("/sign-in").set_form(form))).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("./account")));
    assert!(answer.header("set-cookie").unwrap().starts_with("__Host-countersign=sealed-"));
    assert!(!written.committed());
}

#[actix_web::test]
async fn an_answer_that_comes_late_takes_no_cookie_of_a_session_that_began_meanwhile() {
    for path in ["/", "/account", "/account/sessions", "/register", "/forgot-password", "/verify-email"] {
        assert_eq!(page(over(), path).await.header("set-cookie"), None, "{path}");
    }
    for path in ["/account", "/sign-out", "/account/sessions"] {
        let form = TestRequest::post().uri(path).set_form([("form_token", FORM_TOKEN)]);
        let answer = call(over(), in_browser(form)).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (303, None), "{path}");
    }
}

#[actix_web::test]
async fn signing_out_ends_the_session_and_forgets_it() {
    let mut mocks = signed_in_mocks();
    let mut uow = StagedUnitOfWork::default();
    uow.sessions.expect_end().times(1).returning(|_, _, _| Ok(true));
    uow.one_time_tokens.expect_remove_requested_by().returning(|_, _| Ok(()));
    let written = mocks.stage(uow);
    let form = TestRequest::post().uri("/sign-out").set_form([("form_token", FORM_TOKEN)]);
    let answer = call(mocks, in_browser(form)).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("./sign-in?done=signed_out")));
    assert!(written.committed());
    assert!(answer.header("set-cookie").unwrap().starts_with("__Host-countersign=; "));
    let page = call(Mocks::default(), TestRequest::get().uri("/sign-in?done=signed_out")).await;
    assert!(page.text.contains("You are signed out."), "{}", page.text);
}

#[actix_web::test]
async fn signing_out_for_another_account_leads_back_to_the_link_of_the_mail_and_nowhere_else() {
    let link = "/accept-invitation?token=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    for (next, location) in [
        (link, &*format!(".{link}")),
        ("https://other.example/", "./sign-in?done=signed_out"),
        ("//other.example/", "./sign-in?done=signed_out"),
        ("/accept-invitation?token=x&y", "./sign-in?done=signed_out"),
    ] {
        let mut mocks = signed_in_mocks();
        let mut uow = StagedUnitOfWork::default();
        uow.sessions.expect_end().times(1).returning(|_, _, _| Ok(true));
        uow.one_time_tokens.expect_remove_requested_by().returning(|_, _| Ok(()));
        mocks.stage(uow);
        let form = TestRequest::post().uri("/sign-out").set_form([("form_token", FORM_TOKEN), ("next", next)]);
        assert_eq!(call(mocks, in_browser(form)).await.header("location"), Some(location), "{next}");
    }
}

#[actix_web::test]
async fn what_was_done_is_told_also_to_whoever_is_signed_in_to_another_account() {
    let answer = page(signed_in_mocks(), "/sign-in?done=password_set").await;
    assert_eq!(answer.header("location"), Some("./account?done=password_set"));
}

#[actix_web::test]
async fn a_session_is_called_by_its_program_and_what_that_says_of_itself_stands_below() {
    let mut mocks = signed_in_mocks();
    let told = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let session = Session { user_agent: Some(told.to_owned()), ..session(1) };
    mocks.sessions.expect_list_live_by_user().returning(move |_, _| Ok(vec![session.clone()]));
    let answer = page(mocks, "/account/sessions").await;
    assert!(answer.text.contains("Firefox on Linux"), "{}", answer.text);
    assert!(answer.text.contains(&format!("<p class=\"long\">{}</p>", told.replace('/', "&#x2f;"))), "{}", answer.text);
}

/// What the page says of a session that was last used with Firefox from 192.0.2.7.
async fn said_of_a_session(sign_in_ip: [u8; 4], sign_in_user_agent: &str) -> String {
    let session = Session {
        created_at: NOW - Duration::days(1),
        ip: Some([192, 0, 2, 7].into()),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned()),
        sign_in_ip: Some(sign_in_ip.into()).filter(|_| !sign_in_user_agent.is_empty()),
        sign_in_user_agent: Some(sign_in_user_agent.to_owned()).filter(|agent| !agent.is_empty()),
        ..session(1)
    };
    let mut mocks = signed_in_mocks();
    mocks.sessions.expect_list_live_by_user().returning(move |_, _| Ok(vec![session.clone()]));
    let text = page(mocks, "/account/sessions").await.text;
    let (_, row) = text.split_once("<p class=\"name long\">").unwrap();
    let row = row.split("<details>").next().unwrap();
    row.split('<').map(|part| part.split_once('>').map_or(part, |(_, text)| text)).collect::<String>()
}

#[actix_web::test]
async fn a_session_says_from_where_and_with_what_it_was_begun_and_last_used_and_once_where_that_is_the_same() {
    let (begun, seen) = ("2026-01-01 03:04 UTC", "2026-01-02 03:04 UTC");
    // The same browser, updated since.
    let stayed =
        said_of_a_session([192, 0, 2, 7], "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko Firefox/130.0").await;
    assert!(stayed.starts_with("Firefox on Linux"), "{stayed}");
    assert!(stayed.contains(&format!("Signed in {begun} and last used {seen}, both from 192.0.2.7")), "{stayed}");
    assert_eq!(stayed.matches("192.0.2.7").count(), 1, "{stayed}");
    let elsewhere = said_of_a_session([198, 51, 100, 7], "curl/8.14.1").await;
    assert!(elsewhere.starts_with("curl "), "{elsewhere}");
    assert!(elsewhere.contains(&format!("Signed in {begun} from 198.51.100.7 with curl\n")), "{elsewhere}");
    assert!(elsewhere.contains(&format!("Last used {seen} from 192.0.2.7 with Firefox on Linux\n")), "{elsewhere}");
    let moved = said_of_a_session([198, 51, 100, 7], "Mozilla/5.0 (X11; Linux x86_64) Gecko Firefox/140.0").await;
    assert!(moved.contains(&format!("Signed in {begun} from 198.51.100.7 with Firefox on Linux\n")), "{moved}");
    let other_program = said_of_a_session([192, 0, 2, 7], "curl/8.14.1").await;
    assert!(other_program.contains(&format!("Signed in {begun} from 192.0.2.7 with curl\n")), "{other_program}");
    let unknown = said_of_a_session([0; 4], "").await;
    assert!(unknown.contains(&format!("Last used {seen} from 192.0.2.7 · signed in {begun}\n")), "{unknown}");
    assert!(unknown.starts_with("Firefox on Linux"), "{unknown}");
}

#[actix_web::test]
async fn whoever_is_signed_in_need_not_sign_in() {
    for uri in ["/sign-in", "/register"] {
        let answer = page(signed_in_mocks(), uri).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("./account")), "{uri}");
    }
}

#[actix_web::test]
async fn an_outage_is_told_on_a_page_and_signs_nobody_out() {
    let mut mocks = Mocks::default();
    mocks.sessions.expect_find_by_id().returning(|_| Err(countersign_application::testing::outage()));
    let answer = page(mocks, "/account").await;
    assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (503, None));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(answer.text.contains("Not available at the moment"), "{}", answer.text);
    // By which whoever runs the service finds it in the log.
    let named = format!("<code>{}</code>", answer.header("x-request-id").unwrap());
    assert!(answer.text.contains(&named), "{}", answer.text);
    let nowhere = page(signed_in_mocks(), "/account/nowhere").await;
    assert!(nowhere.status == 404 && !nowhere.text.contains("<code>"), "{}", nowhere.text);
}

#[actix_web::test]
async fn only_the_cookie_that_browsers_hold_to_this_host_counts_and_only_once() {
    let (user, session, until) = (user(1).id, session(1).id, NOW.unix_timestamp() + 60);
    let sealed = format!("sealed-{user}.{session}.{until}.{FORM_TOKEN}.refresh-token");
    for (cookies, status) in [
        (format!("other=1; __Host-countersign={sealed}"), 200),
        (format!("%5F%5FHost-countersign={sealed}"), 303),
        (format!("countersign={sealed}"), 303),
        (format!("__host-countersign={sealed}"), 303),
        (format!("__Host-countersign={sealed}; __Host-countersign={sealed}"), 303),
    ] {
        let request = TestRequest::get().uri("/account").insert_header(("cookie", cookies.as_str()));
        let answer = call(signed_in_mocks(), request).await;
        assert_eq!(answer.status, status, "{cookies}");
    }
    let tossed = format!("%5F%5FHost-countersign=forged; __Host-countersign={sealed}");
    let request = TestRequest::get().uri("/account").insert_header(("cookie", tossed));
    assert_eq!(call(signed_in_mocks(), request).await.status, 200);
}

#[actix_web::test]
async fn what_is_no_session_ends_none() {
    for fields in [vec![], vec![("session_id", "x")], vec![("scope", "all")]] {
        let mut form = vec![("form_token", FORM_TOKEN)];
        form.extend(fields);
        let request = in_browser(TestRequest::post().uri("/account/sessions").set_form(&form));
        assert_eq!(call(signed_in_mocks(), request).await.status, 400, "{form:?}");
    }
}

#[actix_web::test]
async fn the_export_is_no_link_that_other_sites_could_follow() {
    let answer = page(signed_in_mocks(), "/account/export").await;
    assert_eq!(answer.status, 405);
}
