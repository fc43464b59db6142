//! What the service said when a page was asked for, as the browser heard it.

use serde_json::{Value, json};

use crate::browser::person::Browser;

/// The head of the answer that a page came with.
#[derive(Debug)]
pub(in crate::browser) struct Answered {
    /// The address of the page.
    pub(in crate::browser) url: String,
    /// Whether the page stands in a frame of another one.
    pub(in crate::browser) is_in_frame: bool,
    pub(in crate::browser) status: u64,
    headers: Value,
}

impl Answered {
    fn of(event: &Value) -> Option<Self> {
        let (message, page) = (&event["message"], &event["webview"]);
        let (what, answer) = (&message["params"], &message["params"]["response"]);
        if message["method"] != "Network.responseReceived" || what["type"] != "Document" {
            return None;
        }
        // The browser has pages of its own.
        let url = answer["url"].as_str().filter(|url| url.starts_with("http"))?.to_owned();
        let status = answer["status"].as_u64()?;
        Some(Self { url, status, is_in_frame: what["frameId"] != *page, headers: answer["headers"].clone() })
    }

    /// The header of this name; nothing if it was not sent.
    pub(in crate::browser) fn header(&self, name: &str) -> &str {
        let headers = self.headers.as_object().unwrap();
        let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.and_then(|(_, value)| value.as_str()).unwrap_or_default()
    }
}

impl Browser {
    /// The status that the page which is shown came with.
    pub(in crate::browser) async fn status(&self) -> u64 {
        let script = "return performance.getEntriesByType('navigation')[0].responseStatus";
        self.session().run(script, &[]).await.as_u64().unwrap()
    }

    /// Every page that came since this was last asked, the first one first.
    pub(in crate::browser) async fn answers(&self) -> Vec<Answered> {
        let log = self.session().command("se/log", &json!({"type": "performance"})).await.unwrap();
        let told = log.as_array().unwrap().iter().filter_map(|entry| entry["message"].as_str());
        told.filter_map(|event| Answered::of(&serde_json::from_str(event).unwrap())).collect()
    }
}
