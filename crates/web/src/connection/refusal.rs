//! What the framework answers to what never became a request, completed to an answer of this service: a problem, with the
//! headers and the id that every answer has.

use std::fmt::Write as _;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;

use crate::middleware::security_headers::mark;
use crate::problem::Problem;
use crate::settings::WebSettings;

/// The octets of such an answer, at most.
const LONGEST: usize = 160;

/// An answer of a head alone, at the end of what is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BareAnswer<'a> {
    /// Octets before it.
    pub(super) at: usize,
    status: StatusCode,
    status_line: &'a str,
    date: &'a str,
}

impl<'a> BareAnswer<'a> {
    /// Those of this service have more headers, a body, or both.
    pub(super) fn ending(octets: &'a [u8]) -> Option<Self> {
        let head = octets.strip_suffix(b"\r\n\r\n")?;
        let from = head.len().saturating_sub(LONGEST);
        let at = from + head[from..].windows(7).rposition(|window| window == b"HTTP/1.")?;
        let mut lines = std::str::from_utf8(&head[at..]).ok()?.split("\r\n");
        let status_line = lines.next()?;
        let status: StatusCode = status_line.split(' ').nth(1)?.parse().ok()?;
        let lines: Vec<_> = lines.filter(|line| *line != "connection: close").collect();
        match lines[..] {
            ["content-length: 0", date] if date.starts_with("date: ") && (400..600).contains(&status.as_u16()) => {
                Some(Self { at, status, status_line, date })
            }
            _ => None,
        }
    }

    /// The whole answer in its place. The log has one line about it; one that only those see who look closely where the
    /// client has sent nothing: browsers open a connection more than they turn out to need.
    pub(super) fn completed(&self, settings: &WebSettings, is_used: bool) -> Bytes {
        let request_id = settings.ids.next_id().to_string();
        let problem = Problem::of_status(self.status);
        let status = self.status.as_u16();
        if is_used {
            tracing::info!(target: "countersign_web::access", status, request_id, "refused before it was a request");
        } else {
            tracing::debug!(target: "countersign_web::access", status, request_id, "given up without a request");
        }
        let body = problem.body(&settings.public_url, &request_id);
        let mut answer = format!(
            "{}\r\ncontent-length: {}\r\ncontent-type: application/problem+json\r\nx-request-id: {request_id}\r\n",
            self.status_line,
            body.len()
        );
        let mut headers = HeaderMap::new();
        mark(&mut headers, settings.is_https());
        for (name, value) in &headers {
            let _never_fails = write!(answer, "{name}: {}\r\n", value.to_str().unwrap_or_default());
        }
        let _never_fails = write!(answer, "connection: close\r\n{}\r\n\r\n", self.date);
        [answer.into_bytes(), body].concat().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{RecordedLog, settings};

    const BARE: &str = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n";

    #[test]
    fn a_bare_answer_is_found_at_the_end_of_others() {
        let closing = BARE.replace("\r\ndate", "\r\nconnection: close\r\ndate");
        for before in ["", "HTTP/1.1 204 No Content\r\nx-request-id: 1\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n"] {
            for bare in [BARE, &closing] {
                let octets = format!("{before}{bare}");
                let found = BareAnswer::ending(octets.as_bytes()).unwrap();
                assert_eq!((found.at, found.status), (before.len(), StatusCode::BAD_REQUEST), "{octets}");
            }
        }
    }

    #[test]
    fn every_other_answer_stays_as_it_is() {
        for other in [
            BARE.replace("400 Bad Request", "204 No Content"),
            BARE.replace("date", "x-request-id: 1\r\ndate"),
            BARE.replace("length: 0", "length: 1"),
            format!("{BARE}x"),
            "HTTP/1.1 100 Continue\r\n\r\n".to_owned(),
            "\r\n\r\n".to_owned(),
        ] {
            assert_eq!(BareAnswer::ending(other.as_bytes()), None, "{other}");
        }
    }

    #[test]
    fn it_becomes_a_problem_with_the_headers_of_every_answer() {
        let answer = BareAnswer::ending(BARE.as_bytes()).unwrap().completed(&settings(), true);
        let answer = std::str::from_utf8(&answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let body_length = format!("content-length: {}", body.len());
        let id = "x-request-id: 01900000-0000-7000-8000-000000000001";
        let date = "date: Sun, 06 Nov 1994 08:49:37 GMT";
        for line in ["HTTP/1.1 400 Bad Request", "connection: close", "cache-control: no-store", &body_length, id, date]
        {
            assert_eq!(head.split("\r\n").filter(|other| *other == line).count(), 1, "{line}: {head}");
        }
        assert!(head.contains("strict-transport-security: ") && head.contains("x-content-type-options: nosniff"));
        assert!(body.contains("\"code\":\"bad_request\"") && body.contains("01900000-0000-7000-8000-000000000001"));
    }

    #[test]
    fn a_connection_that_nobody_used_is_no_news() {
        let log = RecordedLog::start();
        let bare = BareAnswer::ending(BARE.as_bytes()).unwrap();
        for (is_used, level) in [(false, "level=DEBUG"), (true, "level=INFO")] {
            bare.completed(&settings(), is_used);
            assert!(log.lines().last().is_some_and(|line| line.contains(level)), "{:?}", log.lines());
        }
    }
}
