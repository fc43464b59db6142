use actix_web::http::Method;
use actix_web::test::TestRequest;
use countersign_application::testing::{Mocks, NOW, session, team, user};
use countersign_domain::session::Session;

use crate::routes::{Credential, Endpoint, table};
use crate::testing::{Answer, FORM_TOKEN, call, former_form_token, in_browser, sign_in, sign_in_to_team};

const NAME: [(&str, &str); 2] = [("first_name", "\"><script>'&"), ("last_name", "Last")];
const ESCAPED: &str = "&quot;&gt;&lt;script&gt;&#x27;&amp;";

/// The session of the cookie is over.
fn over() -> Mocks {
    let mut mocks = Mocks::default();
    let ended = Session { ended_at: Some(NOW), ..session(1) };
    mocks.sessions.expect_find_by_id().returning(move |_| Ok(Some(ended.clone())));
    mocks.users.expect_find_by_id().returning(|_| Ok(Some(user(1))));
    mocks
}

fn signed_in() -> Mocks {
    let mut mocks = Mocks::default();
    sign_in(&mut mocks, &user(1));
    mocks
}

fn form(path: &str, token: &str, typed: &[(&str, &str)]) -> TestRequest {
    in_browser(TestRequest::post().uri(path).set_form([&[("form_token", token)], typed].concat()))
}

fn has_hidden(answer: &Answer, name: &str, value: &str) -> bool {
    answer.text.contains(&format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">"))
}

/// And back to this page, if there is one.
fn leads_to_sign_in(answer: &Answer, next: &str) -> bool {
    let location = answer.header("location").unwrap().trim_start_matches("../").trim_start_matches("./");
    let to = if next.is_empty() { "sign-in".to_owned() } else { format!("sign-in?next={next}") };
    answer.status == 303 && location == to
}

fn is_refused_without_values(answer: &Answer) -> bool {
    let is_kept = NAME.iter().any(|(name, _)| answer.text.contains(&format!("name=\"{name}\"")));
    answer.status == 403 && answer.text.contains("Open the page again") && !is_kept && !answer.text.contains("script")
}

#[actix_web::test]
async fn what_was_typed_after_the_session_ended_is_kept_on_the_page_that_says_so_and_seen_by_nobody() {
    let former = former_form_token(&user(1));
    let answer = call(over(), form("/account", &former, &NAME)).await;
    assert_eq!((answer.status.as_u16(), answer.header("www-authenticate")), (401, Some("Bearer")));
    assert!(answer.text.contains("You are not signed in any more"), "{}", answer.text);
    assert!(has_hidden(&answer, "first_name", ESCAPED) && has_hidden(&answer, "last_name", "Last"), "{}", answer.text);
    assert!(has_hidden(&answer, "form_token", former.strip_prefix("former-token").unwrap()), "{}", answer.text);
    assert!(!answer.text.contains("former-token") && !answer.text.contains("<script"), "{}", answer.text);
    assert!(answer.text.contains("<form method=\"post\" action=\"account\">"), "{}", answer.text);
    let sign_in = "href=\"sign-in\" target=\"_blank\" rel=\"noopener\">";
    assert!(answer.text.contains(sign_in) && !answer.text.contains("<dd"), "{}", answer.text);
    assert_eq!((answer.header("set-cookie"), answer.header("location")), (None, None));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

#[actix_web::test]
async fn whoever_has_signed_in_anew_sees_it_and_sends_it_with_the_token_of_the_session() {
    for half in [former_form_token(&user(1)), former_form_token(&user(1)).replace("former-token", "")] {
        let answer = call(signed_in(), form("/account", &half, &NAME)).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (403, None));
        assert!(answer.text.contains("You have signed in anew"), "{}", answer.text);
        assert!(has_hidden(&answer, "first_name", ESCAPED) && has_hidden(&answer, "last_name", "Last"));
        assert!(
            answer.text.contains(&format!("<dt>First name</dt><dd class=\"typed\">{ESCAPED}</dd>")),
            "{}",
            answer.text
        );
        assert_eq!(answer.text.matches(&format!("name=\"form_token\" value=\"{FORM_TOKEN}.")).count(), 2);
        assert!(!answer.text.contains("former-token") && !answer.text.contains("_blank"), "{}", answer.text);
    }
}

#[actix_web::test]
async fn the_form_of_another_account_or_of_nobody_is_refused_without_what_was_typed() {
    for token in [&former_form_token(&user(2)), "former-token", "", "former-token.", ".", "former-token.x"] {
        let answer = call(signed_in(), form("/account", token, &NAME)).await;
        assert!(is_refused_without_values(&answer), "{token}: {}", answer.text);
    }
}

#[actix_web::test]
async fn nothing_that_another_site_sends_is_shown_whoever_is_signed_in_or_not() {
    for site in ["cross-site", "same-site", "?"] {
        for mocks in [over(), signed_in()] {
            let foreign = form("/account", &former_form_token(&user(1)), &NAME);
            let answer = call(mocks, foreign.insert_header(("sec-fetch-site", site))).await;
            assert!(is_refused_without_values(&answer), "{site}: {}", answer.text);
        }
    }
}

#[actix_web::test]
async fn what_is_no_whole_form_of_somebody_who_was_signed_in_leads_to_signing_in() {
    let former = former_form_token(&user(1));
    let long = "a".repeat(70_000);
    for (next, request) in [
        ("/account", form("/account", "former-token", &NAME)),
        ("/account", form("/account", "", &NAME)),
        ("/account", form("/account", &former, &[("first_name", &long)])),
        // Nothing was typed.
        ("/account", form("/account", &former, &[("first_name", ""), ("unknown", "x")])),
        ("/account", form("/account", &former, &[])),
        ("/account/password", form("/account/password", &former, &[("current_password", "x"), ("new_password", "y")])),
        ("", form("/sign-out", &former, &[("next", "/account")])),
        ("/account/sessions", form("/account/sessions", &former, &[("scope", "others")])),
        ("/account", form("/account", &former, &NAME).insert_header(("content-type", "text/plain"))),
        ("/account", form("/account", &former, &NAME).set_payload(b"first_name=\xff&form_token=".to_vec())),
        // On the page above.
        ("/account", form("/account/verification", &former, &[])),
        ("/account", form("/account/export", &former, &[])),
        // A program.
        ("/account", form("/account", &former, &NAME).insert_header(("accept", "*/*"))),
    ] {
        let answer = call(over(), request).await;
        assert!(leads_to_sign_in(&answer, next) && answer.text.is_empty(), "{answer:?}");
    }
    let program = form("/account", &former, &NAME).insert_header(("accept", "application/json"));
    assert_eq!(call(signed_in(), program).await.problem(), (403, "form_refused".to_owned()));
}

#[actix_web::test]
async fn a_button_of_a_former_session_is_refused_as_before() {
    for (path, typed) in [("/sign-out", ("next", "/account")), ("/account/sessions", ("scope", "others"))] {
        let answer = call(signed_in(), form(path, &former_form_token(&user(1)), &[typed])).await;
        assert!(is_refused_without_values(&answer), "{path}: {}", answer.text);
    }
}

/// Every field that has a name, with a value of its own.
fn filled(endpoint: &Endpoint) -> Vec<(&'static str, String)> {
    endpoint.fields.iter().map(|field| (field.name, format!("typed {}", field.name))).collect()
}

#[actix_web::test]
async fn no_password_and_no_token_is_kept_and_everything_else_is() {
    let endpoints: Vec<_> = table().into_iter().filter(|endpoint| !endpoint.fields.is_empty()).collect();
    assert!(endpoints.len() > 7, "{}", endpoints.len());
    for endpoint in endpoints {
        assert_eq!((endpoint.credential, &endpoint.method), (Credential::Cookie, &Method::POST), "{}", endpoint.name);
        let path = endpoint.pattern.replace("{team_id}", &team(1).id.to_string());
        let mut mocks = sign_in_to_team(countersign_domain::team::role::Role::Admin);
        if path.starts_with("/console") {
            mocks.users.checkpoint();
            let superuser = countersign_domain::user::User { is_superuser: true, ..user(1) };
            mocks.users.expect_find_by_id().returning(move |_| Ok(Some(superuser.clone())));
        }
        let filled = filled(&endpoint);
        let typed: Vec<_> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let answer = call(mocks, form(&path, &former_form_token(&user(1)), &typed)).await;
        assert_eq!(answer.status, 403, "{}", endpoint.name);
        for field in endpoint.fields {
            let value = format!("typed {}", field.name);
            let is_secret = ["password", "token"].iter().any(|word| field.name.contains(word));
            assert_eq!(has_hidden(&answer, field.name, &value), !is_secret, "{}: {}", endpoint.name, answer.text);
            assert_eq!(answer.text.contains(&value), !is_secret, "{}: {}", endpoint.name, answer.text);
            let shown = format!("<dd class=\"typed\">{value}</dd>");
            assert_eq!(answer.text.contains(&shown), !is_secret, "{}: {}", endpoint.name, answer.text);
        }
        let asks_again = endpoint.fields.iter().any(|field| field.name.contains("password"));
        assert_eq!(answer.text.contains("Passwords are not kept"), asks_again, "{}", answer.text);
    }
}

#[actix_web::test]
async fn all_that_is_sent_is_shown_and_whole_also_what_nobody_typed() {
    let path = format!("/account/teams/{}/invitations", team(1).id);
    let emails = format!("{} last@example.org", "first@example.org ".repeat(100).trim_end());
    for (role, shown) in [("admin", "Admin"), ("member", "Member"), ("<owner", "&lt;owner")] {
        let mocks = sign_in_to_team(countersign_domain::team::role::Role::Admin);
        let typed = [("emails", emails.as_str()), ("role", role)];
        let answer = call(mocks, form(&path, &former_form_token(&user(1)), &typed)).await;
        assert!(has_hidden(&answer, "emails", &emails), "{}", answer.text);
        assert!(
            answer.text.contains(&format!("<dt>E-mail addresses</dt><dd class=\"typed\">{emails}</dd>")),
            "{}",
            answer.text
        );
        assert!(answer.text.contains(&format!("<dt>Role</dt><dd class=\"typed\">{shown}</dd>")), "{}", answer.text);
    }
}

#[actix_web::test]
async fn the_largest_form_is_kept_and_of_a_larger_one_nothing() {
    let address = format!("{}@{}.example", "a".repeat(64), "b".repeat(181));
    let emails = vec![format!("{} <{address}>", "Name ".repeat(39)); 20].join("\r\n");
    let description = "\u{1f511}".repeat(1000);
    let invitations = format!("/account/teams/{}/invitations", team(1).id);
    let former = former_form_token(&user(1));
    for (path, name, value) in [(&*invitations, "emails", emails), ("/account/teams/new", "description", description)] {
        let answer = call(over(), form(path, &former, &[(name, &value)])).await;
        assert_eq!(answer.status, 401);
        assert!(answer.text.contains(&format!("name=\"{name}\"")), "{}", answer.text);
    }
    let most = "'".repeat(10 * 1024 - "Last".len());
    for (mocks, status) in [(over(), 401), (signed_in(), 403)] {
        let kept = call(mocks, form("/account", &former, &[("first_name", &most), ("last_name", "Last")])).await;
        assert_eq!(kept.status, status);
        assert!(has_hidden(&kept, "first_name", &"&#x27;".repeat(most.len())) && kept.text.len() < 150_000);
        assert!(!kept.text.contains("too long"), "{status}");
    }
    for (mocks, status) in [(over(), 401), (signed_in(), 403)] {
        let answer = call(mocks, form("/account", &former, &[("first_name", &most), ("last_name", "Last!")])).await;
        assert_eq!((answer.status.as_u16(), answer.header("set-cookie")), (status, None));
        assert!(answer.text.contains("What you typed is too long to be kept"), "{}", answer.text);
        assert!(!answer.text.contains("Last!") && !answer.text.contains("Send it again"), "{}", answer.text);
        assert!(!answer.text.contains("<dd") && answer.text.len() < 5_000, "{}", answer.text);
        assert_eq!(answer.text.contains("href=\"sign-in\" target"), status == 401, "{}", answer.text);
    }
}
