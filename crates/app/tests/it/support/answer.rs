//! Calls and their answers.

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::support::confidences::Confidences;
use crate::support::documented::assert_documented;

/// A call that is being put together.
pub(crate) struct Call {
    request: reqwest::RequestBuilder,
    confidences: Confidences,
}

impl Call {
    /// A call of a server with these confidences.
    pub(crate) fn new(request: reqwest::RequestBuilder, confidences: &Confidences) -> Self {
        Self { request, confidences: confidences.clone() }
    }

    fn map(self, add: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder) -> Self {
        Self { request: add(self.request), confidences: self.confidences }
    }

    /// With this access token.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.map(|request| request.bearer_auth(token))
    }

    /// With this JSON.
    pub(crate) fn json(self, body: &Value) -> Self {
        self.map(|request| request.json(body))
    }

    /// With these fields, as a form of a page sends them.
    pub(crate) fn form(self, fields: &[(&str, &str)]) -> Self {
        self.map(|request| request.form(fields))
    }

    /// With this header.
    pub(crate) fn header(self, name: &str, value: &str) -> Self {
        self.map(|request| request.header(name, value.as_bytes()))
    }

    /// With exactly these octets, and no content type of their own.
    pub(crate) fn body(self, body: impl Into<Vec<u8>>) -> Self {
        self.map(|request| request.body(body.into()))
    }

    /// Sends it and reads the answer to its end.
    pub(crate) async fn send(self) -> Answer {
        self.try_send().await.unwrap()
    }

    /// The same where the connection may break.
    pub(crate) async fn try_send(self) -> Result<Answer, reqwest::Error> {
        let (client, request, expectation) = self.into_request()?;
        let response = client.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(expectation.met_by(Answer { status, headers, text: response.text().await? }))
    }

    /// The request for whoever sends it in a way of their own, and what its answer has to go through.
    pub(crate) fn into_request(self) -> Result<(reqwest::Client, reqwest::Request, Expectation), reqwest::Error> {
        let (client, request) = self.request.build_split();
        let request = request?;
        self.confidences.note_request(&request);
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        Ok((client, request, Expectation { method, path, confidences: self.confidences }))
    }
}

/// What every answer of a call is held against.
pub(crate) struct Expectation {
    method: reqwest::Method,
    path: String,
    confidences: Confidences,
}

impl Expectation {
    /// Hands the answer on; fails if the document does not have it.
    pub(crate) fn met_by(self, answer: Answer) -> Answer {
        self.confidences.note_answer(&answer.text);
        assert_documented(&self.method, &self.path, answer.status, answer.header("content-type"), &answer.text);
        answer
    }
}

/// A whole answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// A header as text; empty if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Fails unless the status is this; the answer itself for going on.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// The text at a JSON pointer such as `/items/0/email`.
    #[track_caller]
    pub(crate) fn text_at(&self, pointer: &str) -> String {
        let value = self.json().pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        value.unwrap_or_else(|| panic!("no text at {pointer} in {}", self.text))
    }

    /// Everything by which a client could tell this answer from another: not the time, not the request's own id.
    #[track_caller]
    pub(crate) fn comparable(&self) -> (u16, Vec<(String, String)>, Value) {
        let mut headers: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| !["date", "x-request-id"].contains(&name.as_str()))
            .map(|(name, value)| {
                // The order within a list differs from worker to worker and means nothing.
                let mut items: Vec<_> = value.to_str().unwrap().split(", ").collect();
                items.sort_unstable();
                (name.to_string(), items.join(", "))
            })
            .collect();
        headers.sort();
        let mut body = self.json();
        if let Some(id) = body.get_mut("request_id") {
            id.take();
        }
        (self.status, headers, body)
    }
}
