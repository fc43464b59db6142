//! What passed between a test and its server and is nobody else's business: the log must not have it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use reqwest::Url;
use serde_json::Value;

use crate::support::mailbox::Mail;

/// Fields whose values are personal or secret, wherever they stand; and every field that ends in `token`. The last two
/// are a team's.
const FIELDS: [&str; 9] = [
    "email",
    "new_email",
    "password",
    "new_password",
    "current_password",
    "first_name",
    "last_name",
    "name",
    "description",
];

/// Below this a value is found everywhere by chance.
const SHORTEST: usize = 6;

/// Octets that a token of this service has at least, in base64url.
const TOKEN: usize = 43;

/// Everything that was sent and received in confidence.
#[derive(Clone, Debug, Default)]
pub(crate) struct Confidences(Arc<Mutex<BTreeSet<String>>>);

impl Confidences {
    /// Takes note of a value, unless it is so short or ordinary that the log may well have it for another reason.
    pub(crate) fn note(&self, value: &str) {
        let is_a_word = value.bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'_');
        // Some tests show an id in place of a token.
        let is_an_id = value.len() == 36 && value.matches('-').count() == 4;
        if value.trim().chars().count() >= SHORTEST && !is_a_word && !is_an_id {
            let mut values = self.0.lock().unwrap();
            values.insert(value.to_owned());
            if value.contains('@') {
                values.insert(value.to_lowercase());
            }
        }
    }

    /// Takes note of what a request says in its head, its query and its body.
    pub(crate) fn note_request(&self, request: &reqwest::Request) {
        let authorization = request.headers().get("authorization").and_then(|value| value.to_str().ok());
        if let Some(token) = authorization.and_then(|value| value.strip_prefix("Bearer ")) {
            self.note_token(token);
        }
        self.note_pairs(request.url());
        let Some(body) = request.body().and_then(reqwest::Body::as_bytes) else { return };
        let text = String::from_utf8_lossy(body);
        match serde_json::from_str::<Value>(&text) {
            Ok(value) => self.note_json(&value),
            // A form, if anything; what is neither has no fields.
            Err(_) => {
                if let Ok(form) = Url::parse(&format!("http://form/?{text}")) {
                    self.note_pairs(&form);
                }
            }
        }
    }

    /// Takes note of what an answer says.
    pub(crate) fn note_answer(&self, text: &str) {
        match serde_json::from_str::<Value>(text) {
            // The description of the API is public.
            Ok(value) if value.get("openapi").is_none() => self.note_json(&value),
            _ => {}
        }
    }

    /// Takes note of what octets say that may be requests, or answers, or neither.
    pub(crate) fn note_octets(&self, octets: &[u8]) {
        let text = String::from_utf8_lossy(octets);
        for line in text.lines() {
            let target = line.split(' ').nth(1).filter(|_| line.contains(" HTTP/1."));
            if let Some(url) = target.and_then(|target| Url::parse(&format!("http://x{target}")).ok()) {
                self.note_pairs(&url);
            }
            match line.split_once(' ') {
                Some((name, rest)) if name.eq_ignore_ascii_case("authorization:") => {
                    self.note_token(rest.split(' ').next_back().unwrap_or_default());
                }
                _ => {}
            }
        }
        // A body starts where a line does, and may be followed by anything.
        for (start, _) in text.match_indices("\n{") {
            if let Some(Ok(value)) = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>().next() {
                self.note_json(&value);
            }
        }
    }

    /// Takes note of a mail's recipient and token.
    pub(crate) fn note_mail(&self, mail: &Mail) {
        self.note(&mail.to);
        if mail.text.contains("token=") {
            self.note_token(&mail.token());
        }
    }

    fn note_pairs(&self, url: &Url) {
        for (name, value) in url.query_pairs() {
            self.note_field(&name, &value);
        }
    }

    fn note_json(&self, value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    match member {
                        Value::String(text) => self.note_field(name, text),
                        other => self.note_json(other),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.note_json(item)),
            _ => {}
        }
    }

    fn note_field(&self, name: &str, value: &str) {
        if name.ends_with("token") {
            self.note_token(value);
        } else if FIELDS.contains(&name) {
            self.note(value);
        }
    }

    fn note_token(&self, token: &str) {
        self.note(token);
        // The signature of a JWT would do for whoever knows the rest.
        if let Some((_, signature)) = token.rsplit_once('.') {
            self.note(signature);
        }
    }

    /// Fails if a line of what was told has one of them, or something of the shape of a token or hash.
    #[track_caller]
    pub(crate) fn assert_untold(&self, told: &str) {
        if let Some(finding) = self.find(told) {
            panic!("told in the log: {finding}");
        }
    }

    fn find(&self, told: &str) -> Option<String> {
        let line_with = |sign: &str| told.lines().find(|line| line.contains(sign)).unwrap_or_default();
        let values = self.0.lock().unwrap();
        if let Some(value) = values.iter().find(|value| told.contains(value.as_str())) {
            return Some(format!("{value:?} in {}", line_with(value)));
        }
        // The id of a key is public and random: its thumbprint (RFC 7638), of a token's length, may even have such a sign.
        let of_keys = |line: &&str| line.contains("key_rotated") || line.contains("key_retired");
        let mut lines = told.lines().filter(|line| !of_keys(line));
        let is_secret =
            |line: &&str| SIGNS.iter().any(|sign| line.contains(sign)) || line.split(is_no_base64url).any(looks_random);
        lines.find(is_secret).map(|line| format!("a token or hash in {line}"))
    }
}

/// How a JWT and the forms of a password's hash begin.
const SIGNS: [&str; 3] = ["eyJ", "$2b$", "$bcrypt-sha256$"];

fn is_no_base64url(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// As long as a token, and with every kind of character, which a name in the log never has.
fn looks_random(word: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| word.bytes().any(|octet| kind(&octet));
    word.len() >= TOKEN && has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::support::TestServer;

    fn is_told(confidences: &Confidences, line: &str) -> bool {
        confidences.find(&format!("a line\n{line}\nanother")).is_some()
    }

    #[test]
    fn whatever_was_said_in_confidence_is_found() {
        let confidences = Confidences::default();
        let client = reqwest::Client::new();
        let body = json!({"email": "Given@Example.org", "nested": [{"first_name": "Firstname"}], "role": "Rolename"});
        let call = client.post("http://x/?token=Queried").bearer_auth("head.claims.Signature").json(&body);
        confidences.note_request(&call.build().unwrap());
        let form = client.post("http://x/").form(&[("new_password", "green & bottles")]);
        confidences.note_request(&form.build().unwrap());
        confidences.note_answer(r#"{"access_token": "answered.Answered"}"#);
        confidences.note_answer(r#"{"items": [{"name": "Teamname", "description": "Of the team"}]}"#);
        confidences.note_answer(r#"{"openapi": "3.1.0", "info": {"description": "Rolename"}}"#);
        let head = "POST /x?token=Queried2 HTTP/1.1\r\nAuthorization: Bearer head.claims.Written\r\n\r\n";
        let octets = format!("{head}{{\"last_name\": \"Lastname\"}}GET / HTTP/1.1\r\n\r\n");
        confidences.note_octets(octets.as_bytes());
        for value in [
            "Given@Example.org",
            "given@example.org",
            "Firstname",
            "Queried",
            "Signature",
            "green & bottles",
            "Answered",
            "Teamname",
            "Of the team",
            "Queried2",
            "Written",
            "Lastname",
        ] {
            assert!(is_told(&confidences, &format!("{{\"field\":\"{value}\"}}")), "{value}");
        }
        assert!(!is_told(&confidences, "Rolename, told at GET /auth/me"));
    }

    #[test]
    fn what_looks_like_a_token_or_a_hash_is_found() {
        let confidences = Confidences::default();
        for shape in ["eyJhbGciOiJFUzI1NiJ9", "$2b$04$", "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYm1"] {
            assert!(is_told(&confidences, &format!("x={shape}")), "{shape}");
        }
        for harmless in ["0190a5d0-7c1e-7e7a-9a53-1f2e3d4c5b6a", "countersign_infrastructure_persistence_migrations_x"]
        {
            assert!(!is_told(&confidences, harmless), "{harmless}");
        }
        let thumbprint = "yf7sne-1qNB5gG_erCBdTNYQMc3FnDJ9XeyJURYytj8";
        assert!(!is_told(&confidences, &format!("event=key_rotated detail={thumbprint}")));
        assert!(is_told(&confidences, &format!("event=key_rotated\ndetail={thumbprint}")));
    }

    #[tokio::test]
    #[should_panic(expected = "told in the log: \"listening")]
    async fn a_server_that_tells_fails_its_test() {
        let server = TestServer::start().await;
        server.confidences().note("listening\"");
    }
}
