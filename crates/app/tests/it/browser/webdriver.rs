//! The protocol that browsers are driven by (W3C WebDriver), as much of it as the tests need. Libraries for it change how
//! serde_json orders what the service answers in every build with tests, or stand on one under another kind of licence.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

/// A browser that hangs is one that failed.
const PATIENCE: Duration = Duration::from_mins(1);

/// What an element is called in the protocol.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser, and the commands that it takes.
pub(in crate::browser) struct Session {
    client: reqwest::Client,
    port: u16,
    id: String,
    process: Option<u64>,
}

/// Whose certificates a browser takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::browser) enum Trust {
    /// Of those that this machine knows.
    Known,
    /// Of everybody.
    Any,
}

/// A part of the page that is shown.
#[derive(Clone, Debug)]
pub(in crate::browser) struct Element(String);

impl Session {
    /// Starts a browser by the driver at this port.
    pub(in crate::browser) async fn begin(port: u16, arguments: &[String], trust: Trust) -> Self {
        let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build().unwrap();
        let mut session = Self { client, port, id: String::new(), process: None };
        let wanted = json!({
            "browserName": "chrome",
            "acceptInsecureCerts": trust == Trust::Any,
            "goog:chromeOptions": {"args": arguments, "perfLoggingPrefs": {"enablePage": false}},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        });
        let begun = session.send("session", &json!({"capabilities": {"alwaysMatch": wanted}})).await;
        let begun = begun.unwrap_or_else(|error| panic!("no browser: {error}"));
        begun["sessionId"].as_str().unwrap().clone_into(&mut session.id);
        session.process = begun["capabilities"]["goog:processID"].as_u64();
        session
    }

    /// The process of the browser.
    pub(in crate::browser) fn process(&self) -> Option<u64> {
        self.process
    }

    /// A command with what belongs to it; what came of it, or what the driver says against it.
    pub(in crate::browser) async fn command(&self, name: &str, what: &Value) -> Result<Value, String> {
        self.send(&format!("session/{}/{name}", self.id), what).await
    }

    async fn send(&self, path: &str, what: &Value) -> Result<Value, String> {
        let call = self.client.post(format!("http://127.0.0.1:{}/{path}", self.port)).json(what);
        Self::read(call).await
    }

    /// What the browser has of this name, such as `url`.
    pub(in crate::browser) async fn get(&self, name: &str) -> Result<Value, String> {
        Self::read(self.client.get(format!("http://127.0.0.1:{}/session/{}/{name}", self.port, self.id))).await
    }

    async fn read(call: reqwest::RequestBuilder) -> Result<Value, String> {
        let answer = call.send().await.map_err(|error| error.to_string())?;
        let is_success = answer.status().is_success();
        let mut answer: Value = answer.json().await.map_err(|error| error.to_string())?;
        let value = answer["value"].take();
        if is_success { Ok(value) } else { Err(format!("{}: {}", value["error"], value["message"])) }
    }

    /// A command of Chromium's own protocol for developers.
    pub(in crate::browser) async fn develop(&self, command: &str, parameters: &Value) -> Value {
        let what = json!({"cmd": command, "params": parameters});
        self.command("goog/cdp/execute", &what).await.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// Runs a script in the page, which is not asked whether its policy allows it; what it returns, or its promise keeps.
    pub(in crate::browser) async fn run(&self, script: &str, arguments: &[Value]) -> Value {
        let what = json!({"script": script, "args": arguments});
        let name = script.chars().take(200).collect::<String>();
        self.command("execute/sync", &what).await.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// What matches this XPath, in the order of the page.
    pub(in crate::browser) async fn elements(&self, xpath: &str) -> Vec<Element> {
        let found = self.command("elements", &json!({"using": "xpath", "value": xpath})).await;
        let found = found.unwrap_or_else(|error| panic!("{xpath}: {error}"));
        found.as_array().unwrap().iter().map(Element::of).collect()
    }

    /// The element that has the focus.
    pub(in crate::browser) async fn focused(&self) -> Element {
        Element::of(&self.get("element/active").await.unwrap())
    }

    /// A command to an element.
    pub(in crate::browser) async fn tell(&self, element: &Element, name: &str, what: &Value) -> Result<(), String> {
        self.command(&format!("element/{}/{name}", element.0), what).await.map(drop)
    }

    /// What an element has of this name; nothing if the page it was on is gone.
    pub(in crate::browser) async fn ask(&self, element: &Element, name: &str) -> Value {
        self.get(&format!("element/{}/{name}", element.0)).await.unwrap_or_default()
    }

    /// Ends the browser; whether it took that.
    pub(in crate::browser) fn end(&self) -> bool {
        let asked = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.set_read_timeout(Some(Duration::from_secs(5)))?;
            let host = format!("host: 127.0.0.1:{}\r\nconnection: close", self.port);
            write!(stream, "DELETE /session/{} HTTP/1.1\r\n{host}\r\n\r\n", self.id)?;
            let mut answer = [0; 12];
            stream.read_exact(&mut answer)?;
            Ok(String::from_utf8_lossy(&answer).into_owned())
        };
        asked().is_ok_and(|answer| answer == "HTTP/1.1 200")
    }
}

impl Element {
    /// As commands name it.
    pub(in crate::browser) fn reference(&self) -> Value {
        json!({ELEMENT: self.0})
    }

    fn of(reference: &Value) -> Self {
        Self(reference[ELEMENT].as_str().unwrap_or_else(|| panic!("no element: {reference}")).to_owned())
    }
}
