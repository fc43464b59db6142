use std::collections::HashSet;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use countersign_application::testing::{Mocks, team, user};
use countersign_domain::audit::AuditKind;
use countersign_domain::team::role::Role;

use crate::openapi;
use crate::problem::catalogue;
use crate::routes::{Access, Endpoint, table};
use crate::testing::{call, sign_in, sign_in_to_team, signed_in};

const STRANGE: &str = "0190a5d0-7c1e-7e7a-9a53-1f2e3d4c5b6a";

fn path(endpoint: &Endpoint, team: &str) -> String {
    let path = endpoint.pattern.replace("{team_id}", team);
    path.split('/')
        .map(|segment| if segment.starts_with('{') { STRANGE } else { segment })
        .collect::<Vec<_>>()
        .join("/")
}

fn request(endpoint: &Endpoint, team: &str) -> TestRequest {
    TestRequest::default().method(endpoint.method.clone()).uri(&path(endpoint, team))
}

#[actix_web::test]
async fn every_route_that_is_not_open_asks_for_a_token() {
    for endpoint in table().iter().filter(|endpoint| endpoint.access != Access::Open) {
        let answer = call(Mocks::default(), request(endpoint, STRANGE)).await;
        assert_eq!(answer.problem(), (401, "authentication_required".to_owned()), "{}", endpoint.name);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        let mut mocks = Mocks::default();
        sign_in(&mut mocks, &user(1));
        let forged = request(endpoint, STRANGE).insert_header(("authorization", "Bearer forged"));
        let answer = call(mocks, forged).await;
        assert_eq!(answer.problem(), (401, "invalid_token".to_owned()), "{}", endpoint.name);
        assert_eq!(answer.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
    }
}

#[actix_web::test]
async fn to_a_stranger_a_team_does_not_exist() {
    for endpoint in table().iter().filter(|endpoint| endpoint.pattern.contains("{team_id}")) {
        assert!(endpoint.access.is_of_team() || endpoint.access == Access::Superuser, "{}", endpoint.name);
        for strange in [STRANGE, "not-an-id"] {
            if endpoint.access.is_of_team() {
                let answer = call(sign_in_to_team(Role::Admin), signed_in(request(endpoint, strange))).await;
                assert_eq!(answer.problem(), (404, "team_not_found".to_owned()), "{}", endpoint.name);
            }
        }
    }
}

#[actix_web::test]
async fn what_takes_an_admin_is_refused_to_members() {
    let admins = [Access::TeamAdmin, Access::MemberRemoval];
    for endpoint in table().iter().filter(|endpoint| admins.contains(&endpoint.access)) {
        let request = request(endpoint, &team(1).id.to_string());
        let mocks = sign_in_to_team(Role::Member);
        let recorded = mocks.recorded.clone();
        let answer = call(mocks, signed_in(request)).await;
        assert_eq!(answer.problem(), (403, "team_admin_required".to_owned()), "{}", endpoint.name);
        assert_eq!(recorded.audited(), [AuditKind::AccessDenied], "{}", endpoint.name);
    }
}

#[actix_web::test]
async fn what_takes_a_superuser_is_refused_to_others() {
    for endpoint in table().iter().filter(|endpoint| endpoint.access == Access::Superuser) {
        let mocks = sign_in_to_team(Role::Admin);
        let recorded = mocks.recorded.clone();
        let answer = call(mocks, signed_in(request(endpoint, STRANGE))).await;
        assert_eq!(answer.problem(), (403, "superuser_required".to_owned()), "{}", endpoint.name);
        assert_eq!(recorded.audited(), [AuditKind::AccessDenied], "{}", endpoint.name);
    }
}

#[actix_web::test]
async fn everything_under_admin_takes_a_superuser_and_nothing_else_does() {
    for endpoint in table() {
        let is_admin = endpoint.pattern.starts_with("/admin/");
        assert_eq!(is_admin, endpoint.access == Access::Superuser, "{}", endpoint.name);
    }
}

#[actix_web::test]
async fn other_methods_are_refused_with_those_that_there_are() {
    for endpoint in &table() {
        for method in [Method::PUT, Method::TRACE, Method::OPTIONS, Method::CONNECT] {
            let request = TestRequest::default().method(method).uri(&path(endpoint, STRANGE));
            let answer = call(Mocks::default(), request).await;
            assert_eq!(answer.problem(), (405, "method_not_allowed".to_owned()), "{}", endpoint.name);
            let allow: HashSet<_> = answer.header("allow").unwrap().split(", ").map(ToOwned::to_owned).collect();
            let mut expected: HashSet<_> = table()
                .iter()
                .filter(|other| other.pattern == endpoint.pattern)
                .map(|other| other.method.to_string())
                .collect();
            if expected.contains("GET") {
                expected.insert("HEAD".to_owned());
            }
            assert_eq!(allow, expected, "{}", endpoint.pattern);
        }
    }
}

#[test]
fn names_are_given_once_and_so_are_method_and_pattern() {
    let table = table();
    let names: HashSet<_> = table.iter().map(|endpoint| endpoint.name).collect();
    assert_eq!(names.len(), table.len());
    let routes: HashSet<_> = table.iter().map(|endpoint| (&endpoint.method, &endpoint.pattern)).collect();
    assert_eq!(routes.len(), table.len());
}

#[test]
fn every_stated_problem_is_in_the_catalogue() {
    for endpoint in &table() {
        for (status, code) in openapi::problems_of(endpoint) {
            assert!(catalogue::lists(status, code), "{}: {status} {code}", endpoint.name);
        }
    }
}

#[test]
fn the_openapi_document_has_the_table_and_nothing_else() {
    let document = serde_json::to_value(openapi::document()).unwrap();
    let mut documented = HashSet::new();
    for (pattern, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            documented.insert((method.to_uppercase(), pattern.clone()));
            for parameter in pattern.split('/').filter_map(|s| s.strip_prefix('{')?.strip_suffix('}')) {
                let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
                assert!(parameters.iter().any(|p| p["name"] == parameter && p["in"] == "path"), "{method} {pattern}");
            }
        }
    }
    let expected: HashSet<_> = table()
        .iter()
        .filter(|endpoint| endpoint.document().is_some())
        .map(|endpoint| (endpoint.method.to_string(), endpoint.pattern.clone()))
        .collect();
    assert_eq!(documented, expected);
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(document["components"]["schemas"].get(name).is_some(), "{name} is named but not there");
    }
}
