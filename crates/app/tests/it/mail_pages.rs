//! The pages that mails lead to, followed as a browser without scripts would.

use serde_json::json;

use crate::support::{Answer, Call, Mail, PASSWORD, TestServer, Tokens, assert_problem};

/// What stands in a form: where it goes, and the fields that are filled in already.
struct ShownForm {
    action: String,
    hidden: Vec<(String, String)>,
}

/// Opens the link of a mail whose path is this, and reads the page.
async fn follow(server: &TestServer, mail: &Mail, page: &str) -> ShownForm {
    let link = mail.text.split_whitespace().find(|word| word.starts_with(&server.url(page)));
    let link = link.unwrap_or_else(|| panic!("no link to {page} in {}", mail.text));
    let path = link.strip_prefix(&server.url("")).unwrap();
    // Scanners of mail open links, some twice, and ask by HEAD before.
    server.call(reqwest::Method::HEAD, path).send().await.expect(200);
    server.get(path).send().await.expect(200);
    form(&server.get(path).send().await.expect(200))
}

#[track_caller]
fn form(page: &Answer) -> ShownForm {
    assert_page(page);
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("no {name} in {tag}"));
        rest.split('"').next().unwrap().replace("&#x2f;", "/").replace("&amp;", "&")
    };
    let (_, inner) = page.text.split_once("<form ").unwrap_or_else(|| panic!("no form in {}", page.text));
    let tag = inner.split('>').next().unwrap();
    assert_eq!(attribute(tag, "method"), "post");
    let hidden = inner.split("<input type=\"hidden\" ").skip(1);
    let hidden = hidden.map(|tag| (attribute(tag, "name"), attribute(tag, "value"))).collect();
    ShownForm { action: attribute(tag, "action"), hidden }
}

/// Nothing of a page runs, nothing of it comes from elsewhere, and of its address nobody is told more than the host.
#[track_caller]
fn assert_page(page: &Answer) {
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{page:?}");
    assert_eq!(page.header("cache-control"), "no-store", "{page:?}");
    assert_eq!(page.header("referrer-policy"), "strict-origin", "{page:?}");
    assert_eq!(page.header("x-frame-options"), "DENY", "{page:?}");
    assert_eq!(page.header("x-content-type-options"), "nosniff", "{page:?}");
    let policy = page.header("content-security-policy");
    for directive in ["default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(directive), "{directive} is not in {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
    for active in ["<script", "javascript:", " onclick", " onload", "style=", "http://", "https://"] {
        assert!(!page.text.contains(active), "{active} in {}", page.text);
    }
}

impl ShownForm {
    /// Fills the rest in and sends it, as a browser without Fetch Metadata does.
    fn submit(&self, server: &TestServer, typed: &[(&str, &str)]) -> Call {
        let hidden = self.hidden.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let fields: Vec<_> = hidden.chain(typed.iter().copied()).collect();
        server.post(&format!("/{}", self.action)).header("origin", &server.url("")).form(&fields)
    }
}

#[tokio::test]
async fn an_address_is_verified_by_its_owner_and_not_by_looking() {
    let server = TestServer::start().await;
    let account = server.register("reader@example.org").await;
    let mail = server.mailbox().wait_for(&account.email, 1).await.remove(0);
    let form = follow(&server, &mail, "/verify-email").await;
    let me = async || {
        let tokens = server.login(&account).await;
        server.get("/auth/me").bearer(&tokens.access).send().await.expect(200).json()["email_verified"].clone()
    };
    assert_eq!(me().await, false);
    let wrong = form.submit(&server, &[("password", "a wrong marker")]).send().await.expect(403);
    assert_page(&wrong);
    assert!(!wrong.text.contains("a wrong marker"), "{}", wrong.text);
    assert_eq!(me().await, false);
    assert_page(&form.submit(&server, &[("password", PASSWORD)]).send().await.expect(200));
    assert_eq!(me().await, true);
    let again = form.submit(&server, &[("password", PASSWORD)]).send().await.expect(400);
    assert!(again.text.contains("role=\"alert\""), "{}", again.text);
}

#[tokio::test]
async fn a_password_is_reset_by_the_form() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("forgetful@example.org").await;
    server.post("/auth/password-reset-request").json(&json!({"email": account.email})).send().await.expect(202);
    let mail = server.mailbox().wait_for(&account.email, 2).await.pop().unwrap();
    let form = follow(&server, &mail, "/reset-password").await;
    server.get("/auth/me").bearer(&tokens.access).send().await.expect(200);
    let short = form.submit(&server, &[("new_password", "short1!")]).send().await.expect(422);
    assert_page(&short);
    assert!(!short.text.contains("short1!") && short.text.contains("new_password-error"), "{}", short.text);
    let set = form.submit(&server, &[("new_password", "quite another phrase")]).send().await.expect(303);
    assert_eq!(set.header("location"), "./sign-in?done=password_set");
    server.sign_in(&account.email, "quite another phrase").send().await.expect(200);
    assert_problem(&server.sign_in(&account.email, PASSWORD).send().await, 401, "invalid_credentials");
    assert_problem(&server.get("/auth/me").bearer(&tokens.access).send().await, 401, "invalid_token");
    form.submit(&server, &[("new_password", "a third phrase of it")]).send().await.expect(400);
    server.sign_in(&account.email, "quite another phrase").send().await.expect(200);
}

async fn invited(server: &TestServer, email: &str) -> (Tokens, String, Mail) {
    let (_, admin) = server.signed_in("admin@example.org").await;
    let team = server.team(&admin, "Teamname").await;
    let invitation = json!({"email": email, "role": "member"});
    server.post(&format!("/teams/{team}/invite")).bearer(&admin.access).json(&invitation).send().await.expect(200);
    let mail = server.mailbox().wait_for(email, 1).await.remove(0);
    (admin, team, mail)
}

async fn members(server: &TestServer, admin: &Tokens, team: &str) -> Vec<String> {
    let answer = server.get(&format!("/teams/{team}/members")).bearer(&admin.access).send().await.expect(200).json();
    answer["items"].as_array().unwrap().iter().map(|member| member["email"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_invited_stranger_registers_on_the_page_and_is_a_member() {
    let server = TestServer::start().await;
    let (admin, team, mail) = invited(&server, "invited@example.org").await;
    let join = follow(&server, &mail, "/accept-invitation").await;
    let register = form(&join.submit(&server, &[]).send().await.expect(200));
    assert_eq!(members(&server, &admin, &team).await, ["admin@example.org"]);
    let typed =
        |email| [("first_name", "Firstname"), ("last_name", "Lastname"), ("email", email), ("password", PASSWORD)];
    let other = register.submit(&server, &typed("other@example.org")).send().await.expect(403);
    assert_page(&other);
    register.submit(&server, &typed("invited@example.org")).send().await.expect(200);
    assert_eq!(members(&server, &admin, &team).await, ["admin@example.org", "invited@example.org"]);
    server.sign_in("invited@example.org", PASSWORD).send().await.expect(200);
    assert_problem(&server.sign_in("other@example.org", PASSWORD).send().await, 401, "invalid_credentials");
}

#[tokio::test]
async fn an_address_is_changed_by_the_form() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("before@example.org").await;
    let change = json!({"current_password": PASSWORD, "new_email": "after@example.org"});
    server.post("/auth/change-email").bearer(&tokens.access).json(&change).send().await.expect(202);
    let mail = server.mailbox().wait_for("after@example.org", 1).await.remove(0);
    let form = follow(&server, &mail, "/confirm-email-change").await;
    server.sign_in(&account.email, PASSWORD).send().await.expect(200);
    assert_problem(&server.sign_in("after@example.org", PASSWORD).send().await, 401, "invalid_credentials");
    assert_page(&form.submit(&server, &[]).send().await.expect(200));
    server.sign_in("after@example.org", PASSWORD).send().await.expect(200);
    assert_problem(&server.sign_in(&account.email, PASSWORD).send().await, 401, "invalid_credentials");
}

#[tokio::test]
async fn somebody_elses_account_is_disowned_by_the_form() {
    let server = TestServer::start().await;
    let account = server.register("mine@example.org").await;
    let mail = server.mailbox().wait_for(&account.email, 1).await.remove(0);
    let form = follow(&server, &mail, "/disown-account").await;
    server.sign_in(&account.email, PASSWORD).send().await.expect(200);
    let disowned = form.submit(&server, &[]).send().await.expect(303);
    assert_eq!(disowned.header("location"), "./?done=disowned");
    assert_problem(&server.sign_in(&account.email, PASSWORD).send().await, 401, "invalid_credentials");
    assert_eq!(server.rows().await.count("users").await, 0);
}

#[tokio::test]
async fn what_a_link_or_a_form_carries_is_never_markup() {
    let server = TestServer::start().await;
    let hostile = "\"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}";
    let query: String = hostile.bytes().map(|octet| format!("%{octet:02x}")).collect();
    for page in ["/verify-email", "/reset-password", "/accept-invitation", "/confirm-email-change", "/disown-account"] {
        let shown = server.get(&format!("{page}?token={query}")).send().await;
        let fields =
            ["token", "password", "new_password", "first_name", "last_name", "email"].map(|name| (name, hostile));
        let submitted = server.post(page).header("origin", &server.url("")).form(&fields).send().await;
        for answer in [shown, submitted] {
            assert!(answer.status < 500, "{answer:?}");
            assert_page(&answer);
            assert!(!answer.text.contains("<img") && !answer.text.contains(">49"), "{}", answer.text);
        }
        let plain = server.post(page).header("origin", &server.url("")).json(&json!({"token": "x"})).send().await;
        assert_problem(&plain, 415, "unsupported_media_type");
    }
}
