//! The OpenAPI document, put together from the table of routes.

use std::collections::BTreeMap;

use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, Content, Info, License, OpenApi, OpenApiBuilder, Paths, Ref, RefOr, Response, Schema, Server,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use crate::problem::{FieldError, ProblemBody, catalogue};
use crate::routes::{Access, Endpoint, ProblemCode, table};

/// The document of this version of the API.
pub fn document() -> OpenApi {
    let mut paths = Paths::new();
    let mut schemas: BTreeMap<String, RefOr<Schema>> = BTreeMap::new();
    for endpoint in table() {
        let Some((operation, named)) = endpoint.document() else { continue };
        schemas.extend(named);
        let method = method_of(&endpoint);
        paths.add_path_operation(&endpoint.pattern, vec![method], complete(operation, &endpoint));
    }
    schemas.insert(ProblemBody::name().into_owned(), ProblemBody::schema());
    schemas.insert(FieldError::name().into_owned(), FieldError::schema());
    let mut components = Components::new();
    components.schemas.extend(schemas);
    components.add_security_scheme(
        "bearer",
        SecurityScheme::Http(Http::builder().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build()),
    );
    let mut info = Info::new("Countersign", env!("CARGO_PKG_VERSION"));
    info.description = Some("Accounts, sessions, teams and invitations.".to_owned());
    info.license = Some(License::new("MIT OR Apache-2.0"));
    OpenApiBuilder::new().info(info).servers(Some([Server::new("/")])).paths(paths).components(Some(components)).build()
}

/// The document as it is committed and served.
pub fn json() -> String {
    document().to_pretty_json().unwrap_or_default()
}

/// Every problem that the endpoint can answer with: its own, and those that follow from its access and shape.
pub fn problems_of(endpoint: &Endpoint) -> Vec<ProblemCode> {
    let mut problems = endpoint.problems.to_vec();
    problems.extend([(500, "internal_error"), (503, "service_unavailable")]);
    // What was sent is no request, or not all of one, or too much: judged before anybody looks for a call.
    problems.extend([(400, "bad_request"), (408, "request_timeout"), (431, "head_too_large")]);
    problems.extend(endpoint.guarded().map(|_| (429, "rate_limited")));
    if endpoint.access != Access::Open {
        problems.extend([(401, "authentication_required"), (401, "invalid_token")]);
    }
    if endpoint.access.is_of_team() {
        problems.push((404, "team_not_found"));
    }
    match endpoint.access {
        Access::TeamAdmin | Access::MemberRemoval => problems.push((403, "team_admin_required")),
        Access::Superuser => problems.push((403, "superuser_required")),
        Access::Open | Access::SignedIn | Access::TeamMember => {}
    }
    if let Some((operation, _)) = endpoint.document() {
        if operation.request_body.is_some() {
            problems.extend([
                (400, "malformed_body"),
                (413, "payload_too_large"),
                (415, "unsupported_media_type"),
                (422, "validation_failed"),
            ]);
        }
        let has_query = operation.parameters.iter().flatten().any(|parameter| {
            matches!(parameter, RefOr::T(parameter) if matches!(parameter.parameter_in, utoipa::openapi::path::ParameterIn::Query))
        });
        problems.extend(has_query.then_some((422, "validation_failed")));
    }
    problems.sort_unstable();
    problems.dedup();
    problems
}

fn complete(mut operation: Operation, endpoint: &Endpoint) -> Operation {
    operation.operation_id = Some(endpoint.name.to_owned());
    operation.security = match endpoint.access {
        // Stated by the annotation where a token is welcome but not needed.
        Access::Open => operation.security,
        _ => Some(vec![SecurityRequirement::new("bearer", Vec::<String>::new())]),
    };
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for (status, code) in problems_of(endpoint) {
        by_status.entry(status).or_default().push(code);
    }
    for (status, codes) in by_status {
        // What the annotation says of a status stays: a readiness report is no problem.
        let responses = &mut operation.responses.responses;
        responses.entry(status.to_string()).or_insert_with(|| RefOr::T(problem_response(&codes)));
    }
    operation
}

fn problem_response(codes: &[&str]) -> Response {
    let lines: Vec<String> = codes
        .iter()
        .map(|code| format!("`{code}`: {}", catalogue::find(code).map_or("", |entry| entry.title)))
        .collect();
    let mut response = Response::new(lines.join("; "));
    let content = Content::new(Some(Ref::from_schema_name(ProblemBody::name())));
    response.content.insert("application/problem+json".to_owned(), RefOr::T(content));
    response.extensions = Some([("x-codes".to_owned(), serde_json::Value::from(codes.to_vec()))].into_iter().collect());
    response
}

fn method_of(endpoint: &Endpoint) -> utoipa::openapi::path::HttpMethod {
    use utoipa::openapi::path::HttpMethod;
    match endpoint.method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_document_is_the_one_that_is_served() {
        let committed = include_str!("../../../docs/openapi.json");
        assert!(committed.trim_end() == json(), "run: cargo run -- openapi > docs/openapi.json");
    }

    /// The calls of the contract that other people's code relies on; nothing here may go.
    const CALLS: &str = "
        POST /auth/register, POST /auth/login, POST /auth/refresh, POST /auth/logout, POST /auth/password-reset-request,
        POST /auth/password-reset, GET /auth/me, PATCH /auth/me, GET /auth/me/export, GET /auth/teams,
        POST /auth/verify-email, POST /auth/verify-email-request, POST /auth/disown-account, POST /auth/change-email,
        POST /auth/confirm-email-change, POST /auth/change-password, POST /auth/delete-account, GET /auth/sessions,
        DELETE /auth/sessions/{id}, POST /teams, POST /teams/accept-invitation, GET /teams/{team_id},
        PATCH /teams/{team_id}, DELETE /teams/{team_id}, POST /teams/{team_id}/invite, GET /teams/{team_id}/members,
        PATCH /teams/{team_id}/members/{user_id}, DELETE /teams/{team_id}/members/{user_id},
        GET /teams/{team_id}/invitations, POST /teams/{team_id}/invitations/{id}/resend,
        DELETE /teams/{team_id}/invitations/{id}, GET /admin/users, GET /admin/users/{id}, PATCH /admin/users/{id},
        DELETE /admin/users/{id}, DELETE /admin/users/{id}/sessions, GET /admin/teams, GET /admin/audit,
        PATCH /admin/teams/{team_id}/members/{user_id}, GET /.well-known/jwks.json, GET /health/live,
        GET /health/ready, GET /openapi.json, GET /docs";

    #[test]
    fn no_promised_call_is_missing() {
        let table = crate::routes::table();
        for call in CALLS.split(',').map(str::trim) {
            let (method, pattern) = call.split_once(' ').unwrap();
            assert!(table.iter().any(|e| e.method == method && e.pattern == pattern), "{call}");
        }
    }

    #[test]
    fn the_page_about_the_api_has_every_call_and_every_code() {
        let page = include_str!("../../../docs/api.md");
        for endpoint in crate::routes::table().iter().filter(|endpoint| endpoint.document().is_some()) {
            let call = format!("| `{} {}` |", endpoint.method, endpoint.pattern);
            assert!(page.contains(&call), "docs/api.md lacks {call}");
        }
        for entry in crate::problem::catalogue::ENTRIES {
            let statuses: Vec<String> = entry.statuses.iter().map(ToString::to_string).collect();
            let row = format!("| `{}` | {} | {} | {} |", entry.code, statuses.join(", "), entry.title, entry.advice);
            assert!(page.contains(&row), "docs/api.md lacks {row}");
        }
    }
}
