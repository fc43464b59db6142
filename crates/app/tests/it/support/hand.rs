//! A browser that is signed in, as far as cookie and forms go.

use crate::support::answer::Answer;
use crate::support::test_server::TestServer;

/// Keeps the cookie that it got last.
pub(crate) struct Hand<'a> {
    server: &'a TestServer,
    pub(crate) cookie: String,
}

impl<'a> Hand<'a> {
    /// Signs in by the form.
    pub(crate) async fn of(server: &'a TestServer, email: &str, password: &str) -> Self {
        let call = server.post("/sign-in").header("origin", &server.url(""));
        let answer = call.form(&[("email", email), ("password", password)]).send().await.expect(303);
        let mut hand = Self { server, cookie: String::new() };
        hand.keep(&answer);
        assert!(!hand.cookie.is_empty(), "no cookie: {answer:?}");
        hand
    }

    /// Looks at a page that is there.
    pub(crate) async fn open(&mut self, path: &str) -> Answer {
        self.look(path).await.expect(200)
    }

    /// Looks at whatever is there.
    pub(crate) async fn look(&mut self, path: &str) -> Answer {
        let answer = self.server.get(path).header("cookie", &self.cookie).send().await;
        self.keep(&answer);
        answer
    }

    /// Sends the form that goes to `path` from `page`.
    pub(crate) async fn send(&mut self, page: &str, path: &str, typed: &[(&str, &str)]) -> Answer {
        let token = self.form_token(page).await;
        self.submit(path, &token, typed).await
    }

    /// The token of the forms of a page.
    pub(crate) async fn form_token(&mut self, page: &str) -> String {
        let shown = self.open(page).await;
        let (_, token) = shown.text.split_once("name=\"form_token\" value=\"").unwrap();
        token.split('"').next().unwrap().to_owned()
    }

    /// Sends a form with this token.
    pub(crate) async fn submit(&mut self, path: &str, token: &str, typed: &[(&str, &str)]) -> Answer {
        let fields = [&[("form_token", token)], typed].concat();
        let call = self.server.post(path).header("cookie", &self.cookie).header("origin", &self.server.url(""));
        let answer = call.form(&fields).send().await;
        self.keep(&answer);
        answer
    }

    /// Another one, which holds the same cookie, at another node.
    pub(crate) fn at<'b>(&self, server: &'b TestServer) -> Hand<'b> {
        Hand { server, cookie: self.cookie.clone() }
    }

    /// Another one, which holds this cookie.
    pub(crate) const fn with(&self, cookie: String) -> Self {
        Self::holding(self.server, cookie)
    }

    /// One that was given this cookie before.
    pub(crate) const fn holding(server: &'a TestServer, cookie: String) -> Self {
        Self { server, cookie }
    }

    fn keep(&mut self, answer: &Answer) {
        if let Some(cookie) = answer.headers.get("set-cookie") {
            cookie.to_str().unwrap().split(';').next().unwrap().clone_into(&mut self.cookie);
        }
    }
}
