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
    /// How many answers led here.
    pub(in crate::browser) redirects: usize,
    /// As it was sent, its head included; nothing while it is not there to its end.
    pub(in crate::browser) octets: Option<u64>,
    headers: Value,
}

impl Answered {
    /// The page that this event is about, if it is about one. The rest is told by others of the log.
    fn of(event: &Value, log: &[Value]) -> Option<Self> {
        let (message, page) = (&event["message"], &event["webview"]);
        let (what, answer) = (&message["params"], &message["params"]["response"]);
        if message["method"] != "Network.responseReceived" || what["type"] != "Document" {
            return None;
        }
        // The browser has pages of its own.
        let url = answer["url"].as_str().filter(|url| url.starts_with("http"))?.to_owned();
        // Where there is no content the browser stays where it is.
        let status = answer["status"].as_u64().filter(|status| *status != 204)?;
        let of_it = |method: &'static str| {
            let events = log.iter().map(|event| &event["message"]).filter(move |event| event["method"] == *method);
            events.map(|event| &event["params"]).filter(|params| params["requestId"] == what["requestId"])
        };
        let redirects = of_it("Network.requestWillBeSent").filter(|sent| !sent["redirectResponse"].is_null()).count();
        let octets = of_it("Network.loadingFinished").find_map(|ended| ended["encodedDataLength"].as_f64());
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of octets")]
        let octets = octets.map(|octets| octets as u64);
        let is_in_frame = what["frameId"] != *page;
        Some(Self { url, status, is_in_frame, redirects, octets, headers: answer["headers"].clone() })
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
        let log: Vec<Value> = told.map(|event| serde_json::from_str(event).unwrap()).collect();
        log.iter().filter_map(|event| Answered::of(event, &log)).collect()
    }
}
