//! What is asked of whichever node.

use reqwest::Method;
use serde_json::Value;

use crate::support::{Call, Confidences, Tokens};

#[derive(Clone, Debug)]
pub(crate) struct Request {
    method: Method,
    path: String,
    bearer: Option<String>,
    body: Option<Value>,
}

impl Request {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), bearer: None, body: None }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(crate) fn post(path: impl Into<String>, body: Value) -> Self {
        Self::new(Method::POST, path).with(body)
    }

    pub(crate) fn by(self, tokens: &Tokens) -> Self {
        Self { bearer: Some(tokens.access.clone()), ..self }
    }

    pub(crate) fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }

    /// To the node at this URL.
    pub(crate) fn to(&self, http: &reqwest::Client, url: &str, confidences: &Confidences) -> Call {
        let call = Call::new(http.request(self.method.clone(), format!("{url}{}", self.path)), confidences);
        let call = match &self.bearer {
            Some(token) => call.bearer(token),
            None => call,
        };
        match &self.body {
            Some(body) => call.json(body),
            None => call,
        }
    }
}
