//! Forms that are sent when their session is over: what becomes of what was typed.

use crate::support::{Account, Answer, Hand, PASSWORD, TestServer, Tokens};

const TYPED: [(&str, &str); 2] = [("first_name", "\"><script>alert('&')</script>"), ("last_name", "Last & Name")];
const PAGES: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// As a browser sends a form.
async fn send(server: &TestServer, path: &str, cookie: &str, fields: &[(String, String)], origin: &str) -> Answer {
    let call = server.post(path).header("cookie", cookie).header("accept", PAGES).header("origin", origin);
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    call.form(&fields).send().await
}

fn filled(token: &str, typed: &[(&str, &str)]) -> Vec<(String, String)> {
    let fields = [&[("form_token", token)], typed].concat();
    fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What the form to this path would send as it is shown.
fn kept(answer: &Answer, path: &str) -> Vec<(String, String)> {
    let path = path.trim_start_matches('/').replace('/', "&#x2f;");
    let (_, form) = answer.text.split_once(&format!("{path}\">")).unwrap_or_else(|| panic!("no form: {answer:?}"));
    let form = form.split("</form>").next().unwrap();
    let fields = form.split("<input type=\"hidden\" name=\"").skip(1);
    let field = |field: &str| {
        let (name, rest) = field.split_once("\" value=\"").unwrap();
        let value = rest.split('"').next().unwrap();
        (name.to_owned(), read(value))
    };
    fields.map(field).collect()
}

/// As a browser reads an attribute.
fn read(value: &str) -> String {
    let escapes = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")];
    escapes.iter().fold(value.to_owned(), |text, (escape, meant)| text.replace(escape, meant))
}

fn value<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
}

fn has_typed(answer: &Answer) -> bool {
    ["first_name", "script", "Last &amp; Name", "last_name"].iter().any(|typed| answer.text.contains(typed))
}

/// Ends every session but this one.
async fn end_others(server: &TestServer, tokens: &Tokens) {
    server.post("/auth/logout?scope=others").bearer(&tokens.access).send().await.expect(204);
}

async fn somebody(server: &TestServer, email: &str) -> (Account, Tokens) {
    let account = server.verified(email).await;
    let tokens = Tokens::of(&server.sign_in(email, PASSWORD).send().await.expect(200));
    (account, tokens)
}

async fn first_name(server: &TestServer, tokens: &Tokens) -> String {
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).text_at("/first_name")
}

#[tokio::test]
async fn what_was_typed_before_the_session_ended_is_sent_again_after_signing_in_anew() {
    let server = TestServer::start().await;
    let (account, tokens) = somebody(&server, "person@example.org").await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    let token = hand.form_token("/account").await;
    let typed = filled(&token, &TYPED);
    end_others(&server, &tokens).await;

    let here = server.url("");
    let told = send(&server, "/account", &hand.cookie, &typed, &here).await.expect(401);
    assert_eq!((told.header("set-cookie"), told.header("cache-control")), ("", "no-store"));
    assert!(!told.text.contains("<script") && !told.text.contains(token.split('.').next().unwrap()), "{told:?}");
    let first = kept(&told, "/account");
    for (name, typed) in TYPED {
        assert_eq!(value(&first, name), Some(typed), "{told:?}");
    }
    // Whoever is still not signed in keeps it, with the cookie of a session that is over and without any.
    for cookie in [&*hand.cookie, "other=1"] {
        let again = send(&server, "/account", cookie, &first, &here).await.expect(401);
        assert_eq!(kept(&again, "/account"), first);
    }
    let anew = Hand::of(&server, &account.email, PASSWORD).await;
    let told = send(&server, "/account", &anew.cookie, &first, &here).await.expect(403);
    assert!(told.text.contains("You have signed in anew") && !told.text.contains("<script"), "{told:?}");
    let second = kept(&told, "/account");
    let saved = send(&server, "/account", &anew.cookie, &second, &here).await.expect(303);
    assert!(saved.header("location").contains("done=name_saved"), "{saved:?}");
    assert_eq!(first_name(&server, &tokens).await, TYPED[0].1);
}

#[tokio::test]
async fn a_password_is_asked_for_again_and_all_else_is_kept() {
    let server = TestServer::start().await;
    let (account, tokens) = somebody(&server, "person@example.org").await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    let token = hand.form_token("/account/email").await;
    let typed = filled(&token, &[("new_email", "other@example.org"), ("current_password", PASSWORD)]);
    end_others(&server, &tokens).await;
    let (path, here) = ("/account/email", server.url(""));
    let mut answer = send(&server, path, &hand.cookie, &typed, &here).await.expect(401);
    let anew = Hand::of(&server, &account.email, PASSWORD).await;
    for status in [403, 422] {
        assert!(!answer.text.contains(PASSWORD) && answer.text.contains("Passwords are not kept"), "{answer:?}");
        let fields = kept(&answer, path);
        assert_eq!(value(&fields, "new_email"), Some("other@example.org"));
        assert_eq!(value(&fields, "current_password"), None);
        answer = send(&server, path, &anew.cookie, &fields, &here).await.expect(status);
    }
    assert!(answer.text.contains("id=\"current_password-error\""), "{answer:?}");
    assert!(answer.text.contains("value=\"other@example.org\""), "{answer:?}");
}

#[tokio::test]
async fn another_account_at_the_same_browser_is_given_nothing_of_it() {
    let server = TestServer::start().await;
    let (account, tokens) = somebody(&server, "person@example.org").await;
    let other = server.verified("other@example.org").await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    let token = hand.form_token("/account").await;
    let whole = filled(&token, &TYPED);
    end_others(&server, &tokens).await;
    let here = server.url("");
    let told = send(&server, "/account", &hand.cookie, &whole, &here).await.expect(401);
    assert!(!told.text.contains("<dd"), "only the browser has it, nobody sees it: {told:?}");
    let mut next = Hand::of(&server, &other.email, PASSWORD).await;
    let theirs = next.form_token("/account").await;
    let swapped = format!("{}{}", token.split('.').next().unwrap(), theirs.split_at(theirs.find('.').unwrap()).1);
    for form in [&whole, &kept(&told, "/account")] {
        let refused = send(&server, "/account", &next.cookie, form, &here).await.expect(403);
        assert!(!has_typed(&refused) && refused.text.contains("Open the page again"), "{refused:?}");
    }
    // That it tells whose form it was is all that the second half is for.
    let shown = send(&server, "/account", &next.cookie, &filled(&swapped, &TYPED), &here).await.expect(403);
    assert!(has_typed(&shown), "{shown:?}");
    let theirs = Tokens::of(&server.sign_in(&other.email, PASSWORD).send().await.expect(200));
    assert_eq!(first_name(&server, &theirs).await, "Firstname");
}

#[tokio::test]
async fn another_site_and_a_program_are_answered_as_ever() {
    let server = TestServer::start().await;
    let (account, tokens) = somebody(&server, "person@example.org").await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    let form = filled(&hand.form_token("/account").await, &TYPED);
    end_others(&server, &tokens).await;
    let anew = Hand::of(&server, &account.email, PASSWORD).await;
    for cookie in [&hand.cookie, &anew.cookie] {
        for origin in ["https://other.example", "null", ""] {
            let refused = send(&server, "/account", cookie, &form, origin).await.expect(403);
            assert!(!has_typed(&refused), "{refused:?}");
        }
    }
    let token = value(&form, "form_token").unwrap().to_owned();
    let program = hand.submit("/account", &token, &TYPED).await.expect(303);
    assert!(program.header("location").ends_with("sign-in?next=/account") && program.text.is_empty(), "{program:?}");
}

/// The fields of a page's forms into which something is typed, with where they are sent.
fn fields_to_type_in(page: &Answer) -> Vec<(String, String)> {
    let forms = page.text.split("<form method=\"post\" action=\"").skip(1);
    let fields_of = |form: &str| {
        let form = form.split("</form>").next().unwrap().to_owned();
        let path = read(form.split('"').next().unwrap()).trim_start_matches("../").to_owned();
        let inputs = form.split('<').filter(|tag| {
            let is_text = ["type=\"text\"", "type=\"email\""].iter().any(|kind| tag.contains(kind));
            tag.starts_with("textarea ") || tag.starts_with("input ") && is_text
        });
        let name = |tag: &str| tag.split("name=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        inputs.map(|tag| (format!("/{path}"), name(tag))).collect::<Vec<_>>()
    };
    forms.flat_map(fields_of).collect()
}

#[tokio::test]
async fn no_page_forgets_what_is_typed_into_it() {
    let server = TestServer::start().await;
    server.create_superuser("super@example.org", PASSWORD);
    let tokens = Tokens::of(&server.sign_in("super@example.org", PASSWORD).send().await.expect(200));
    let team = server.team(&tokens, "Engines").await;
    let mut hand = Hand::of(&server, "super@example.org", PASSWORD).await;
    let of_team = |page: &str| format!("/account/teams/{team}{page}");
    let mut found = vec![];
    for page in [
        "/account".to_owned(),
        "/account/email".to_owned(),
        "/account/teams/new".to_owned(),
        "/forgot-password".to_owned(),
        of_team("/settings"),
        of_team("/invitations"),
        of_team("/delete"),
        format!("/console/teams/{team}/admin"),
    ] {
        let fields = fields_to_type_in(&hand.open(&page).await);
        assert!(!fields.is_empty(), "{page}");
        found.extend(fields);
    }
    let token = hand.form_token("/account").await;
    let anew = Hand::of(&server, "super@example.org", PASSWORD).await;
    for (path, name) in found {
        let form = filled(&token, &[(&name, "a text")]);
        let told = send(&server, &path, &anew.cookie, &form, &server.url("")).await.expect(403);
        assert_eq!(value(&kept(&told, &path), &name), Some("a text"), "{path} {name}: {told:?}");
    }
}
