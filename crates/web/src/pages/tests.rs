use actix_web::test::TestRequest;
use countersign_application::ports::rate_limiter::{LimitVerdict, MockRateLimiter};
use countersign_application::testing::{Mocks, StagedUnitOfWork, invitation, password_hasher, user};
use countersign_domain::one_time_token::Purpose;
use countersign_domain::team::role::Role;
use time::Duration;

use crate::auth::one_time_tokens::{self, TOKEN};
use crate::settings::WebSettings;
use crate::testing::{Answer, call, call_with, settings};

const PAGES: [&str; 5] =
    ["/accept-invitation", "/confirm-email-change", "/disown-account", "/reset-password", "/verify-email"];

/// As mails carry them.
const MAILED: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

async fn show(uri: &str) -> Answer {
    let mut mocks = Mocks::default();
    // The one page that looks its link up, to say into which team it leads.
    mocks.invitations.expect_find_by_digest().returning(|_| Ok(None));
    call(mocks, TestRequest::get().uri(uri)).await
}

async fn submit(path: &str, form: &[(&str, &str)]) -> Answer {
    submit_to(Mocks::default(), path, form).await
}

/// As browsers without Fetch Metadata do.
async fn submit_to(mocks: Mocks, path: &str, form: &[(&str, &str)]) -> Answer {
    call(mocks, TestRequest::post().uri(path).insert_header(("origin", "https://id.example")).set_form(form)).await
}

#[actix_web::test]
async fn looking_at_a_page_changes_nothing_and_shows_a_form() {
    for path in PAGES {
        // The doubles panic at any call that was not expected, and a panic is a 500.
        let page = show(&format!("{path}?token={MAILED}")).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("referrer-policy"), Some("strict-origin"));
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe"), "{policy}");
        assert!(!policy.contains("script-src"), "{policy}");
        assert!(page.text.contains(&format!("<form method=\"post\" action=\"{}\">", &path[1..])), "{path}");
        assert!(page.text.contains(&format!("<input type=\"hidden\" name=\"token\" value=\"{MAILED}\">")), "{path}");
        assert!(page.text.contains("<button type=\"submit\""), "{path}");
    }
}

#[actix_web::test]
async fn the_policy_of_a_page_names_who_hears_of_violations_where_that_is_set() {
    let policy = async |url: Option<&str>, path| {
        let settings = WebSettings { csp_report_url: url.map(str::to_owned), ..settings() };
        let answer = call_with(Mocks::default(), settings, TestRequest::get().uri(path)).await;
        answer.header("content-security-policy").unwrap().to_owned()
    };
    for path in PAGES.into_iter().chain(["/", "/docs"]) {
        let silent = policy(None, path).await;
        assert!(!silent.contains("report"), "{path}: {silent}");
        let reporting = policy(Some("https://reports.example.org/csp"), path).await;
        assert_eq!(reporting, format!("{silent}; report-uri https://reports.example.org/csp"), "{path}");
    }
    // A report would tell the token; and what is no page has nothing to report.
    for path in [&*format!("/reset-password?token={MAILED}"), "/openapi.json"] {
        let silent = policy(Some("https://reports.example.org/csp"), path).await;
        assert!(!silent.contains("report"), "{path}: {silent}");
    }
}

#[actix_web::test]
async fn without_a_token_the_page_asks_for_it() {
    for path in PAGES {
        assert!(show(path).await.text.contains("<input id=\"token\" name=\"token\" type=\"text\""), "{path}");
        assert_eq!(submit(path, &[]).await.status, 422, "{path}");
    }
}

#[actix_web::test]
async fn a_token_that_can_only_be_refused_gets_no_form() {
    let long = format!("{MAILED}A");
    for path in PAGES {
        for token in ["abc", &MAILED[1..], &long, "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh%2B"] {
            let page = show(&format!("{path}?token={token}")).await;
            assert_eq!(page.status, 400, "{path} {token}");
            assert!(page.text.contains("The link is incomplete.") && !page.text.contains("<form"), "{}", page.text);
        }
    }
    let dead = submit_to(one_time_tokens::none(), "/disown-account", &[("token", MAILED)]).await;
    assert_eq!(dead.status, 400);
    assert!(dead.text.contains("ask for a new mail") && !dead.text.contains("<form"), "{}", dead.text);
}

#[actix_web::test]
async fn a_token_cannot_carry_markup() {
    let hostile = "\"><script>alert(1)</script>";
    for path in PAGES {
        let page = show(&format!("{path}?token=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")).await;
        assert!(!page.text.contains("<script"), "{path}");
    }
    for (path, other) in [("/accept-invitation", "email"), ("/reset-password", "x"), ("/verify-email", "x")] {
        let page = submit(path, &[("token", hostile), (other, "x")]).await;
        assert_eq!(page.status, 422, "{path}");
        assert!(!page.text.contains("<script") && page.text.contains("&lt;script"), "{path}");
    }
}

#[actix_web::test]
async fn a_wrong_password_is_told_once_at_its_field() {
    let mut mocks = one_time_tokens::good_for(Purpose::EmailVerification, user(1));
    mocks.password_hasher = password_hasher();
    mocks.credentials.expect_find_by_user().returning(|_| Ok(None));
    let page = submit_to(mocks, "/verify-email", &[("token", TOKEN), ("password", "not this one")]).await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("<h1>Verify your e-mail address</h1>"), "{}", page.text);
    let error = "<p class=\"error\" id=\"password-error\">This is not the password of the account.</p>";
    assert!(page.text.contains(error), "{}", page.text);
    assert!(page.text.contains("role=\"alert\">Please correct what is marked below.") && page.text.contains("<form"));
}

#[actix_web::test]
async fn of_several_wrong_fields_the_first_has_the_focus() {
    for path in ["/register", "/accept-invitation"] {
        let page = submit(path, &[("token", TOKEN), ("email", "nobody@example.com")]).await;
        let fields: Vec<_> = page.text.split("<input ").skip(1).map(|rest| rest.split('>').next().unwrap()).collect();
        let wrong: Vec<_> = fields.iter().filter(|field| field.contains("aria-invalid=\"true\"")).collect();
        assert_eq!((page.status.as_u16(), wrong.len() >= 2), (422, true), "{path}: {}", page.text);
        assert!(wrong[0].contains(" autofocus"), "{path}: {wrong:?}");
        assert_eq!(page.text.matches(" autofocus").count(), 1, "{path}: {}", page.text);
    }
}

#[actix_web::test]
async fn the_front_page_says_what_this_is_and_its_links_lead_on() {
    let page = show("/").await;
    assert_eq!((page.status.as_u16(), page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(!page.header("content-security-policy").unwrap().contains("script-src") && !page.text.contains("<script"));
    let links: Vec<_> = page.text.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(links.contains(&"docs") && links.contains(&"openapi.json"), "{links:?}");
    for link in links.iter().filter(|link| !link.starts_with("data:") && !link.starts_with('#')) {
        let link = link.replace("&#x2f;", "/");
        assert_eq!(show(&format!("/{}", link.trim_start_matches("./"))).await.status, 200, "{link}");
    }
    for (accept, status) in [("application/json", 404), ("application/problem+json", 404), ("*/*", 200)] {
        let request = TestRequest::get().uri("/").insert_header(("accept", accept));
        assert_eq!(call(Mocks::default(), request).await.status, status, "{accept}");
    }
    let browser = ("accept", "text/html,application/json;q=0.9");
    assert_eq!(call(Mocks::default(), TestRequest::get().uri("/").insert_header(browser)).await.status, 200);
}

#[actix_web::test]
async fn every_input_has_a_label_and_none_is_inline_styled() {
    for path in PAGES {
        let page = show(path).await;
        for input in page.text.split("<input id=\"").skip(1) {
            let id = input.split('"').next().unwrap();
            assert!(page.text.contains(&format!("<label for=\"{id}\">")), "{path} {id}");
        }
        assert!(!page.text.contains("style=") && !page.text.contains("<script"), "{path}");
    }
}

#[actix_web::test]
async fn what_was_typed_is_kept_but_never_a_password() {
    let typed = [
        ("token", "abc"),
        ("first_name", "Firstname"),
        ("last_name", ""),
        ("email", "<b>firstname"),
        ("password", "correct horse"),
    ];
    let page = submit("/accept-invitation", &typed).await;
    assert_eq!(page.status, 422);
    for kept in ["value=\"Firstname\"", "value=\"abc\"", "&lt;b&gt;firstname"] {
        assert!(page.text.contains(kept), "{kept}");
    }
    assert!(!page.text.contains("correct horse"));
    assert!(page.text.contains("id=\"last_name-error\"") && page.text.contains("aria-describedby=\"last_name-error\""));
    assert!(page.text.contains("<title>Error: "));
    let page = submit("/reset-password", &[("token", "abc"), ("new_password", "short1!")]).await;
    assert_eq!(page.status, 422);
    assert!(page.text.contains("id=\"new_password-error\"") && !page.text.contains("short1!"));
    assert!(page.text.contains("aria-describedby=\"new_password-hint new_password-error\""), "{}", page.text);
}

#[actix_web::test]
async fn a_form_is_sent_as_a_form() {
    for path in PAGES {
        let post = || TestRequest::post().uri(path).insert_header(("sec-fetch-site", "same-origin"));
        let request = post().set_json(serde_json::json!({"token": "abc"}));
        let answer = call(Mocks::default(), request).await;
        assert_eq!(answer.problem(), (415, "unsupported_media_type".to_owned()), "{path}");
        let by_a_browser = post().insert_header(("accept", "text/html,*/*;q=0.8"));
        let page = call(Mocks::default(), by_a_browser.set_json(serde_json::json!({}))).await;
        assert_eq!((page.status.as_u16(), page.header("content-type")), (415, Some("text/html; charset=utf-8")));
        assert!(page.text.contains("role=\"alert\""), "{path}");
    }
}

#[actix_web::test]
async fn the_stylesheet_is_served() {
    let answer = show("/assets/pages.css").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, Some("text/css; charset=utf-8")));
}

const NEW_PASSWORD: [(&str, &str); 2] = [("token", TOKEN), ("new_password", "a far better password")];

#[actix_web::test]
async fn a_submitted_form_does_what_the_call_does() {
    let mut mocks = one_time_tokens::good_for(Purpose::PasswordReset, user(1));
    mocks.password_hasher = password_hasher();
    let mut uow = StagedUnitOfWork::default();
    one_time_tokens::consumed_in(&mut uow, Purpose::PasswordReset, user(1));
    uow.users.expect_update().returning(|_| Ok(()));
    uow.credentials.expect_replace().times(1).returning(|_, _| Ok(()));
    uow.sessions.expect_end_by_user().returning(|_, _, _, _| Ok(1));
    uow.one_time_tokens.expect_remove_by_user().returning(|_, _| Ok(()));
    uow.networks.expect_forget().times(1).returning(|_| Ok(()));
    let written = mocks.stage(uow);
    let page = submit_to(mocks, "/reset-password", &NEW_PASSWORD).await;
    assert_eq!((page.status.as_u16(), page.header("location")), (303, Some("./sign-in?done=password_set")));
    assert!(written.committed());
    assert!(show("/sign-in?done=password_set").await.text.contains("Your password is set."));
    for (site, says) in [("same-origin", true), ("none", true), ("same-site", false), ("cross-site", false)] {
        let led = TestRequest::get().uri("/sign-in?done=password_set").insert_header(("sec-fetch-site", site));
        let page = call(Mocks::default(), led).await;
        assert_eq!((page.status.as_u16(), page.text.contains("Your password is set.")), (200, says), "{site}");
    }
}

#[actix_web::test]
async fn a_link_that_is_dead_leads_on_to_a_new_one() {
    let page = submit_to(one_time_tokens::none(), "/reset-password", &NEW_PASSWORD).await;
    assert!(page.text.contains("<a class=\"button\" href=\"forgot-password\">"), "{}", page.text);
    let cut = show("/reset-password?token=abc").await;
    assert!(cut.text.contains("<a class=\"button\" href=\"forgot-password\">"), "{}", cut.text);
}

#[actix_web::test]
async fn a_dead_token_is_told_on_the_page() {
    let page = submit_to(one_time_tokens::none(), "/reset-password", &NEW_PASSWORD).await;
    assert_eq!(page.status, 400);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.text.contains("role=\"alert\"") && page.text.contains("expired"), "{}", page.text);
}

#[actix_web::test]
async fn too_many_bad_tokens_are_told_with_the_time_to_wait() {
    let mut limiter = MockRateLimiter::new();
    limiter.expect_peek().returning(|_| LimitVerdict::Refused { retry_after: Duration::seconds(42) });
    let mut mocks = Mocks::default();
    mocks.rate_limiter = limiter;
    let page = submit_to(mocks, "/reset-password", &NEW_PASSWORD).await;
    assert_eq!((page.status.as_u16(), page.header("retry-after")), (429, Some("42")));
    assert!(page.text.contains("That was too often. Try again in a minute."), "{}", page.text);
}

#[actix_web::test]
async fn who_has_no_account_yet_is_offered_one() {
    let mut mocks = Mocks::default();
    mocks.invitations.expect_find_by_digest().returning(|_| Ok(Some(invitation("new@example.com", Role::Member))));
    mocks.users.expect_find_by_email().returning(|_| Ok(None));
    let page = submit_to(mocks, "/accept-invitation", &[("token", "invitation-token")]).await;
    assert_eq!(page.status, 200);
    for name in ["first_name", "last_name", "email", "password"] {
        assert!(page.text.contains(&format!("<label for=\"{name}\">")), "{name}");
    }
    assert!(page.text.contains("value=\"invitation-token\""));
    assert!(!page.text.contains("new@example.com"), "the invited address is for its owner to know");
}
