use std::collections::HashSet;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use countersign_application::testing::{Mocks, team, user};
use countersign_domain::audit::AuditKind;
use countersign_domain::team::role::Role;
use countersign_domain::user::User;

use crate::openapi;
use crate::problem::catalogue;
use crate::routes::{Access, Credential, Endpoint, table};
use crate::testing::{Answer, FORM_TOKEN, call, in_browser, sign_in, sign_in_to_team, signed_in};

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
    for endpoint in table().iter().filter(|endpoint| closed(endpoint, Credential::Token)) {
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

fn closed(endpoint: &Endpoint, credential: Credential) -> bool {
    endpoint.access != Access::Open && endpoint.credential == credential
}

#[actix_web::test]
async fn every_page_that_is_not_open_leads_to_signing_in() {
    let pages: Vec<_> = table().into_iter().filter(|endpoint| closed(endpoint, Credential::Cookie)).collect();
    assert!(pages.len() > 10, "{}", pages.len());
    let shown = pages.iter().filter(|page| page.method == Method::GET).map(|page| path(page, STRANGE));
    let shown: Vec<String> = shown.collect();
    for endpoint in pages {
        let location = |answer: &Answer| answer.header("location").unwrap().trim_start_matches("../").to_owned();
        let own = |request: TestRequest| request.insert_header(("origin", "https://id.example"));
        let answer = call(Mocks::default(), own(request(&endpoint, STRANGE))).await;
        assert_eq!(answer.status, 303, "{}", endpoint.name);
        let location = location(&answer);
        let back = location.trim_start_matches("./").strip_prefix("sign-in").unwrap_or_else(|| panic!("{location}"));
        match back.strip_prefix("?next=") {
            Some(page) => assert!(shown.iter().any(|shown| shown == page), "{} leads back to {page}", endpoint.name),
            None => assert_eq!((back, &*endpoint.pattern), ("", "/sign-out")),
        }
        assert_eq!(answer.header("set-cookie"), None, "{}", endpoint.name);
        // Neither an access token nor what nobody sealed is a session of a browser.
        let mut mocks = Mocks::default();
        sign_in(&mut mocks, &user(1));
        let forged = signed_in(request(&endpoint, STRANGE)).insert_header(("cookie", "__Host-countersign=forged"));
        let answer = call(mocks, own(forged)).await;
        assert_eq!(answer.status, 303, "{}", endpoint.name);
    }
}

#[actix_web::test]
async fn no_cookie_opens_a_call_of_the_api() {
    for endpoint in table().iter().filter(|endpoint| closed(endpoint, Credential::Token)) {
        let mut mocks = Mocks::default();
        sign_in(&mut mocks, &user(1));
        let answer = call(mocks, in_browser(request(endpoint, STRANGE))).await;
        assert_eq!(answer.problem(), (401, "authentication_required".to_owned()), "{}", endpoint.name);
    }
}

#[actix_web::test]
async fn a_form_of_another_site_is_refused() {
    let forms: Vec<_> = table()
        .into_iter()
        .filter(|endpoint| endpoint.credential == Credential::Cookie && endpoint.method == Method::POST)
        .collect();
    assert!(forms.len() > 12, "{}", forms.len());
    for endpoint in forms {
        let refused = |answer: &Answer| answer.status == 403 && answer.text.contains("The form was not taken");
        let form = [("form_token", FORM_TOKEN)];
        // A team that they are in: the form is what is refused.
        let team = team(1).id.to_string();
        for site in ["cross-site", "same-site", "?"] {
            let foreign = in_browser(request(&endpoint, &team)).insert_header(("sec-fetch-site", site)).set_form(form);
            let answer = call(signed_in_mocks(), foreign).await;
            assert!(refused(&answer), "{} {site}: {}", endpoint.name, answer.text);
        }
        for form in [vec![], vec![("form_token", "")], vec![("form_token", "form-tokem")]] {
            let forged = in_browser(request(&endpoint, &team)).set_form(&form);
            let answer = call(signed_in_mocks(), forged).await;
            assert!(refused(&answer), "{} {form:?}: {}", endpoint.name, answer.text);
        }
    }
}

fn signed_in_mocks() -> Mocks {
    let mut mocks = sign_in_to_team(Role::Admin);
    mocks.users.checkpoint();
    let superuser = User { is_superuser: true, ..user(1) };
    mocks.users.expect_find_by_id().returning(move |_| Ok(Some(superuser.clone())));
    mocks
}

#[actix_web::test]
async fn to_a_stranger_a_team_does_not_exist() {
    for endpoint in table().iter().filter(|endpoint| endpoint.pattern.contains("{team_id}")) {
        assert!(endpoint.access.is_of_team() || endpoint.access == Access::Superuser, "{}", endpoint.name);
        for strange in [STRANGE, "not-an-id"] {
            if endpoint.access.is_of_team() {
                let answer = call(sign_in_to_team(Role::Admin), admitted(endpoint, strange)).await;
                assert_refused(endpoint, &answer, 404, "team_not_found");
            }
        }
    }
}

/// Shown by what the endpoint asks for.
fn admitted(endpoint: &Endpoint, team: &str) -> TestRequest {
    let request = request(endpoint, team);
    match endpoint.credential {
        Credential::Token => signed_in(request),
        Credential::Cookie => in_browser(request).set_form([("form_token", FORM_TOKEN)]),
    }
}

fn assert_refused(endpoint: &Endpoint, answer: &Answer, status: u16, code: &str) {
    match endpoint.credential {
        Credential::Token => assert_eq!(answer.problem(), (status, code.to_owned()), "{}", endpoint.name),
        Credential::Cookie => {
            assert_eq!(answer.status, status, "{}", endpoint.name);
            assert!(answer.text.contains("role=\"alert\""), "{}", answer.text);
        }
    }
}

#[actix_web::test]
async fn what_takes_an_admin_is_refused_to_members() {
    let admins = [Access::TeamAdmin, Access::MemberRemoval];
    for endpoint in table().iter().filter(|endpoint| admins.contains(&endpoint.access)) {
        let mocks = sign_in_to_team(Role::Member);
        let recorded = mocks.recorded.clone();
        let answer = call(mocks, admitted(endpoint, &team(1).id.to_string())).await;
        assert_refused(endpoint, &answer, 403, "team_admin_required");
        assert_eq!(recorded.audited(), [AuditKind::AccessDenied], "{}", endpoint.name);
    }
}

#[actix_web::test]
async fn what_takes_a_superuser_is_refused_to_others() {
    for endpoint in table().iter().filter(|endpoint| endpoint.access == Access::Superuser) {
        let mocks = sign_in_to_team(Role::Admin);
        let recorded = mocks.recorded.clone();
        let answer = call(mocks, admitted(endpoint, STRANGE)).await;
        assert_refused(endpoint, &answer, 403, "superuser_required");
        assert_eq!(recorded.audited(), [AuditKind::AccessDenied], "{}", endpoint.name);
    }
}

#[actix_web::test]
async fn everything_under_admin_takes_a_superuser_and_nothing_else_does() {
    for endpoint in table() {
        let is_admin = ["/admin/", "/console"].iter().any(|prefix| endpoint.pattern.starts_with(prefix));
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
