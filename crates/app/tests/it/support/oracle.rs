//! What must hold of every refusal.

use crate::support::answer::Answer;

/// Fails unless the answer is a problem (RFC 9457) of this status and code that gives nothing away.
#[track_caller]
pub(crate) fn assert_problem(answer: &Answer, status: u16, code: &str) {
    assert_eq!(answer.status, status, "{}", answer.text);
    assert!(answer.header("content-type").starts_with("application/problem+json"), "{answer:?}");
    let body = answer.json();
    assert_eq!(body["code"], code, "{body}");
    assert_eq!(body["status"], status, "{body}");
    for field in ["type", "title", "detail", "request_id"] {
        assert!(body[field].as_str().is_some_and(|text| !text.is_empty()), "{field} is missing in {body}");
    }
    assert_eq!(body["request_id"], answer.header("x-request-id"), "{answer:?}");
    assert_eq!(body.get("errors").is_some(), status == 422, "errors are there on 422 only: {body}");
    assert!(answer.header("cache-control").contains("no-store"), "{answer:?}");
    match status {
        401 => assert!(answer.header("www-authenticate").starts_with("Bearer"), "{answer:?}"),
        405 => assert!(!answer.header("allow").is_empty(), "{answer:?}"),
        429 | 503 => assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|s| s > 0), "{answer:?}"),
        _ => {}
    }
    assert_no_leak(answer);
}

/// Fails if the answer shows something of the machine behind it, or lacks what every answer has.
#[track_caller]
pub(crate) fn assert_no_leak(answer: &Answer) {
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{answer:?}");
    assert!(!answer.header("x-request-id").is_empty(), "{answer:?}");
    assert!(answer.header("server").is_empty() && answer.header("x-powered-by").is_empty(), "{answer:?}");
    for sign in [
        "SELECT ",
        "INSERT ",
        "UPDATE ",
        "DELETE FROM",
        "sqlx",
        "sea_orm",
        "SeaORM",
        "actix",
        "panicked",
        "backtrace",
        ".rs:",
        "/src/",
        "/tmp/",
        "/home/",
        "/root/",
        "$2b$",
        "bcrypt",
    ] {
        assert!(!answer.text.contains(sign), "{sign:?} in {}", answer.text);
    }
}
