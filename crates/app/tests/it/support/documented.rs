//! Every answer of an API route, held against the committed OpenAPI document.

use std::sync::OnceLock;

use reqwest::Method;
use serde_json::Value;

use crate::support::schema::Schema;

const PROBLEM: &str = "application/problem+json";

/// Fails if the document does not have this status, or this code of a problem, for the call that it answers; or if
/// a refusal is no problem, or a body is not of the shape that the document gives it.
///
/// Paths and methods that no route has are left alone.
#[track_caller]
pub(crate) fn assert_documented(method: &Method, path: &str, status: u16, content_type: &str, body: &str) {
    if let Err(complaint) = judge(method, path, status, content_type, body) {
        panic!("docs/openapi.json: {method} {path} has {complaint}");
    }
}

fn judge(method: &Method, path: &str, status: u16, content_type: &str, body: &str) -> Result<(), String> {
    let Some(operation) = operation(method, path) else { return Ok(()) };
    let Some(response) = operation["responses"].get(status.to_string()) else {
        return Err(format!("no {status}: {body}"));
    };
    if *method == Method::HEAD {
        return Ok(());
    }
    // A refusal is a problem, unless the document gives it another body: readiness tells of its dependencies.
    if response["content"].get(PROBLEM).is_none() {
        return judge_body(response, content_type, body);
    }
    if content_type != PROBLEM {
        return Err(format!("no {status} of type {content_type:?}: {body}"));
    }
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let listed = response["x-codes"].as_array().is_some_and(|codes| codes.contains(&body["code"]));
    if !listed {
        return Err(format!("no {status} {}", body["code"]));
    }
    body["errors"].as_array().into_iter().flatten().try_for_each(judge_field)
}

/// A broken rule of a field is one that the page about the API names.
fn judge_field(error: &Value) -> Result<(), String> {
    let text = |member| error[member].as_str().unwrap_or_default();
    let row = format!("| `{}` | {} |", text("code"), text("message"));
    let listed = include_str!("../../../../../docs/api.md").contains(&row);
    if listed { Ok(()) } else { Err(format!("a field's code that docs/api.md lacks: {row}")) }
}

fn judge_body(response: &Value, content_type: &str, body: &str) -> Result<(), String> {
    let Some(content) = response["content"].as_object() else {
        return if body.is_empty() { Ok(()) } else { Err(format!("no body: {body}")) };
    };
    let Some(media) = content_type.split(';').next().and_then(|name| content.get(name)) else {
        return Err(format!("no body of type {content_type:?}: {body}"));
    };
    let value: Value = serde_json::from_str(body).map_err(|error| format!("a body of JSON, not {body}: {error}"))?;
    Schema::of(document(), &media["schema"]).check(&value, "").map_err(|complaint| format!("another body: {complaint}"))
}

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| serde_json::from_str(include_str!("../../../../../docs/openapi.json")).unwrap_or_default())
}

/// What the document says of a call; a literal segment goes before a parameter.
fn operation(method: &Method, path: &str) -> Option<&'static Value> {
    let paths = document()["paths"].as_object()?;
    let matching = paths.iter().filter(|(pattern, _)| matches(pattern, path));
    let (_, operations) = matching.min_by_key(|(pattern, _)| pattern.matches('{').count())?;
    let method = if *method == Method::HEAD { "get".to_owned() } else { method.as_str().to_lowercase() };
    operations.get(method)
}

fn matches(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.split('/'), path.split('/'));
    pattern.clone().count() == path.clone().count()
        && pattern.zip(path).all(|(expected, segment)| expected == segment || expected.starts_with('{'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_documented(method: &Method, path: &str, status: u16, code: &str) -> bool {
        let body = format!("{{\"code\":\"{code}\"}}");
        judge(method, path, status, PROBLEM, &body).is_ok()
    }

    #[test]
    fn a_status_or_code_that_the_document_lacks_is_found() {
        assert!(is_documented(&Method::POST, "/auth/login", 401, "invalid_credentials"));
        assert!(!is_documented(&Method::POST, "/auth/login", 401, "wrong_password"));
        assert!(!is_documented(&Method::POST, "/auth/login", 418, "invalid_credentials"));
        assert!(judge(&Method::POST, "/auth/login", 204, "", "").is_err());
        assert!(is_documented(&Method::GET, "/teams/x/members", 404, "team_not_found"));
        assert!(!is_documented(&Method::GET, "/teams/x/members", 404, "not_found"));
        assert!(is_documented(&Method::POST, "/teams/accept-invitation", 409, "account_required"));
    }

    #[test]
    fn a_broken_rule_that_the_page_about_the_api_lacks_is_found() {
        let judged = |code: &str, message: &str| {
            let error = serde_json::json!({ "field": "scope", "code": code, "message": message });
            let body = serde_json::json!({ "code": "validation_failed", "errors": [error] });
            judge(&Method::POST, "/auth/logout", 422, PROBLEM, &body.to_string())
        };
        judged("invalid_scope", "must be local, others or all").unwrap();
        assert!(judged("invalid_scope", "must be another").is_err());
        assert!(judged("no_scope", "must be local, others or all").is_err());
    }

    #[test]
    fn a_success_of_another_shape_is_found() {
        let judged = |path, status, content_type, body| judge(&Method::POST, path, status, content_type, body);
        let json = "application/json";
        judged("/auth/password-reset", 200, json, r#"{"message":"Done."}"#).unwrap();
        for (content_type, body) in [
            (json, r#"{"message":"Done.","user_id":1}"#),
            (json, r#"{"message":null}"#),
            (json, "{}"),
            (json, ""),
            ("text/html", r#"{"message":"Done."}"#),
        ] {
            assert!(judged("/auth/password-reset", 200, content_type, body).is_err(), "{content_type} {body}");
        }
        judged("/auth/logout", 204, "", "").unwrap();
        assert!(judged("/auth/logout", 204, json, "{}").is_err());
    }

    #[test]
    fn a_refusal_that_is_no_problem_is_found_but_where_the_document_has_another_body() {
        let refused = r#"{"code":"invalid_credentials"}"#;
        judge(&Method::POST, "/auth/login", 401, PROBLEM, refused).unwrap();
        for content_type in ["text/plain", "text/html; charset=utf-8", "application/json", ""] {
            assert!(judge(&Method::POST, "/auth/login", 401, content_type, refused).is_err(), "{content_type}");
        }
        let ready = |content_type, body| judge(&Method::GET, "/health/ready", 503, content_type, body);
        let not_ready = r#"{"status":"not_ready","dependencies":[{"name":"database","status":"not_ready"}]}"#;
        ready("application/json", not_ready).unwrap();
        assert!(ready("application/json", r#"{"status":"away","dependencies":[]}"#).is_err());
        assert!(ready(PROBLEM, not_ready).is_err());
        assert!(ready("text/plain", "").is_err());
    }

    #[test]
    fn what_no_route_has_is_left_alone() {
        assert!(is_documented(&Method::PUT, "/auth/login", 405, "method_not_allowed"));
        assert!(is_documented(&Method::GET, "/nothing", 404, "not_found"));
        assert!(is_documented(&Method::POST, "/auth/login", 431, "head_too_large"));
        assert!(!is_documented(&Method::POST, "/auth/login", 431, "bad_request"));
    }
}
