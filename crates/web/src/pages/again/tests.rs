use actix_web::test::TestRequest;
use countersign_application::testing::{Mocks, NOW, session, user};
use countersign_domain::session::Session;

use super::*;
use crate::testing::{Answer, FORM_TOKEN, call, in_browser, sign_in};

const BROWSER: (&str, &str) = ("accept", "text/html,*/*;q=0.8");

async fn send(mocks: Mocks, path: &str, form: &[(&str, &str)]) -> Answer {
    let request = in_browser(TestRequest::post().uri(path).set_form(form)).insert_header(BROWSER);
    let answer = call(mocks, request).await;
    Answer { text: answer.text.replace("&#x2f;", "/"), ..answer }
}

fn signed_in() -> Mocks {
    let mut mocks = Mocks::default();
    sign_in(&mut mocks, &user(1));
    mocks
}

fn over() -> Mocks {
    let mut mocks = Mocks::default();
    let ended = Session { ended_at: Some(NOW), ..session(1) };
    mocks.sessions.expect_find_by_id().returning(move |_| Ok(Some(ended.clone())));
    mocks.users.expect_find_by_id().returning(|_| Ok(Some(user(1))));
    mocks
}

const NEW_ADDRESS: [(&str, &str); 3] =
    [("form_token", "of-before"), ("current_password", "seven green bottles"), ("new_email", "n&w=\"@example.org")];

#[test]
fn what_is_written_reads_back_and_leads_nowhere_else() {
    let typed = vec![("name".to_owned(), "a&b=c?ü\r\n\"".to_owned()), ("x".to_owned(), String::new())];
    let again = Again::to("account/teams/new", typed).unwrap();
    assert_eq!(Again::read(&again.written()), Some(again));
    for elsewhere in
        ["https://x.example?a=b", "//x.example?a=b", "account?a=b", "/account", "/account?", "/a:b?a=b", ""]
    {
        assert_eq!(Again::read(elsewhere), None, "{elsewhere}");
    }
    assert_eq!(Again::read("/account?current_password=x&form_token=y"), None);
}

#[actix_web::test]
async fn a_form_of_a_session_before_comes_back_with_what_was_typed_and_without_passwords() {
    let page = send(signed_in(), "/account/email", &NEW_ADDRESS).await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("The form was not taken") && page.text.contains("role=\"alert\""), "{}", page.text);
    assert!(page.text.contains("You have signed in anew") && !page.text.contains("fill it in"), "{}", page.text);
    assert!(page.text.contains("<form method=\"post\" action=\"../account/email\">"), "{}", page.text);
    let typed = "<input type=\"hidden\" name=\"new_email\" value=\"n&amp;w=&quot;@example.org\">";
    assert!(page.text.contains(typed), "{}", page.text);
    assert!(page.text.contains(&format!("name=\"form_token\" value=\"{FORM_TOKEN}\"")), "{}", page.text);
    assert!(!page.text.contains("of-before") && !page.text.contains("bottles"), "{}", page.text);
    // Of passwords alone nothing is left.
    let page = send(signed_in(), "/account/delete", &NEW_ADDRESS[..2]).await;
    assert_eq!(page.status, 403);
    assert!(!page.text.contains("Send it again"), "{}", page.text);
}

#[actix_web::test]
async fn what_another_site_has_sent_is_nothing_that_was_typed() {
    let form = TestRequest::post().uri("/account/email").set_form(NEW_ADDRESS);
    let foreign = in_browser(form).insert_header(BROWSER).insert_header(("sec-fetch-site", "cross-site"));
    let page = call(signed_in(), foreign).await;
    assert_eq!(page.status, 403);
    assert!(!page.text.contains("example.org\"") && !page.text.contains("Send it again"), "{}", page.text);
}

#[actix_web::test]
async fn where_the_session_is_over_signing_in_takes_along_what_was_typed() {
    let page = send(over(), "/account/email", &NEW_ADDRESS).await;
    assert_eq!((page.status.as_u16(), page.header("set-cookie")), (401, None));
    assert!(page.text.contains("<h1>Sign in</h1>") && page.text.contains("role=\"alert\""), "{}", page.text);
    assert!(page.text.contains("<form method=\"post\" action=\"../sign-in\">"), "{}", page.text);
    let along = "name=\"again\" value=\"/account/email?new_email=n%26w%3D%22%40example.org\"";
    assert!(page.text.contains(along), "{}", page.text);
    assert!(!page.text.contains("bottles") && !page.text.contains("of-before"), "{}", page.text);
    for pressed in [("session_id", "x"), ("member", "y"), ("next", "/account")] {
        assert_eq!(send(over(), "/account/sessions", &[("form_token", "of-before"), pressed]).await.status, 303);
    }
    // With nothing typed, and for programs, it is as with every page.
    assert_eq!(send(over(), "/account/delete", &NEW_ADDRESS[..2]).await.status, 303);
    let program = in_browser(TestRequest::post().uri("/account/email").set_form(NEW_ADDRESS));
    assert_eq!(call(over(), program.insert_header(("accept", "*/*"))).await.status, 303);
    // Whoever never had a session is not even listened to.
    let stranger = TestRequest::post().uri("/account/email").insert_header(("sec-fetch-site", "same-origin"));
    assert_eq!(call(Mocks::default(), stranger.insert_header(BROWSER).set_form(NEW_ADDRESS)).await.status, 303);
}
