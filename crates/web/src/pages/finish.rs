//! What is done to the answer of every page: problems are pages too, and the cookie goes along.

use std::collections::HashSet;
use std::sync::LazyLock;

use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, HeaderValue, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse};

use crate::middleware::answer::OwnBody;
use crate::pages::{frame, send_again, session};
use crate::problem::Problem;
use crate::routes::{self, Credential};

/// Makes a page of a problem, and sets what is to be kept by the browser.
pub(crate) fn finish(response: ServiceResponse) -> ServiceResponse {
    let is_page = response.response().extensions().get::<OwnBody>().is_some();
    let problem = response.response().extensions().get::<Problem>().filter(|_| !is_page).cloned();
    let mut response = match problem.and_then(|problem| page_of(&response, &problem)) {
        Some(page) => ServiceResponse::new(response.request().clone(), page),
        None => response,
    };
    let cookie = session::outgoing(response.request());
    if let Some(value) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie.to_string()).ok()) {
        response.headers_mut().append(SET_COOKIE, value);
    }
    response
}

/// A page for people; a program that fills in forms gets what the API answers. Both are led to signing in.
fn page_of(response: &ServiceResponse, problem: &Problem) -> Option<HttpResponse<BoxBody>> {
    let (req, wants_pages) = (response.request(), wants_pages(response.request()));
    let is_page = problem.status == StatusCode::UNAUTHORIZED || wants_pages;
    let frame = frame::bare(req).ok().filter(|_| is_page)?;
    let kept = if wants_pages { send_again::page(&frame, req, problem) } else { None };
    Some(kept.unwrap_or_else(|| frame.problem(problem)))
}

/// What was answered before any page was asked, or where there is none: a page for people, unless it is where the API is.
/// Whoever is signed in is there, too; but not where a flood is held off, which is to cost next to nothing.
pub(crate) async fn problem_page(req: &HttpRequest, problem: &Problem) -> Option<HttpResponse<BoxBody>> {
    if !wants_pages(req) || is_of_api(req.path()) {
        return None;
    }
    if matches!(problem.status, StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED) {
        session::recognize(req).await;
    }
    frame::bare(req).ok().map(|frame| frame.problem(problem)).filter(|page| page.status() == problem.status)
}

/// Browsers say that they take HTML.
pub(crate) fn wants_pages(req: &HttpRequest) -> bool {
    req.headers().get_all(ACCEPT).filter_map(|line| line.to_str().ok()).any(|line| line.contains("text/html"))
}

/// By the first part of the path: the API and the pages share none.
fn is_of_api(path: &str) -> bool {
    static PARTS: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let calls = routes::table().into_iter().filter(|endpoint| endpoint.credential == Credential::Token);
        calls.map(|endpoint| first_part(&endpoint.pattern).to_owned()).collect()
    });
    PARTS.contains(first_part(path))
}

fn first_part(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{Mocks, outage, user};

    use crate::settings::WebSettings;
    use crate::testing::{Answer, call, in_browser, serve, settings, sign_in};

    const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

    fn assert_page(answer: &Answer, status: u16, says: &str) {
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, Some("text/html; charset=utf-8")));
        assert!(answer.text.contains("role=\"alert\"") && answer.text.contains(says), "{}", answer.text);
        assert!(answer.header("content-security-policy").unwrap().contains("style-src 'self'"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }

    #[actix_web::test]
    async fn where_there_is_nothing_people_get_a_page_and_programs_a_problem() {
        let long = format!("/{}", "a".repeat(600));
        for path in ["/nowhere", "/account/nowhere", "/sign-in/", &long] {
            let answer = call(Mocks::default(), TestRequest::get().uri(path).insert_header(BROWSER)).await;
            assert_page(&answer, 404, "The address may be cut short");
            assert_eq!(
                call(Mocks::default(), TestRequest::get().uri(path)).await.problem(),
                (404, "not_found".to_owned())
            );
        }
        let answer = call(Mocks::default(), TestRequest::put().uri("/sign-in").insert_header(BROWSER)).await;
        assert_page(&answer, 405, "Not from here");
        assert_eq!(answer.header("allow"), Some("GET, HEAD, POST"));
        assert_eq!(call(Mocks::default(), TestRequest::put().uri("/sign-in")).await.problem().0, 405);
    }

    #[actix_web::test]
    async fn the_api_answers_browsers_as_it_answers_programs() {
        for path in [
            "/auth/nowhere",
            "/teams/1/nowhere",
            "/admin/nowhere",
            "/health/nowhere",
            "/.well-known/nowhere",
            "/docs/no",
        ] {
            let answer = call(Mocks::default(), TestRequest::get().uri(path).insert_header(BROWSER)).await;
            assert_eq!(answer.problem(), (404, "not_found".to_owned()), "{path}");
        }
        let answer = call(Mocks::default(), TestRequest::get().uri("/auth/login").insert_header(BROWSER)).await;
        assert_eq!(answer.problem().0, 405);
    }

    #[actix_web::test]
    async fn whoever_is_signed_in_is_so_where_there_is_nothing_and_no_cookie_is_exchanged() {
        for request in [TestRequest::get().uri("/nowhere"), TestRequest::put().uri("/sign-in")] {
            let mut mocks = Mocks::default();
            sign_in(&mut mocks, &user(1));
            let answer = call(mocks, in_browser(request)).await;
            assert!([404, 405].contains(&answer.status.as_u16()), "{}", answer.status);
            assert!(
                answer.text.contains(">Account</a>") && answer.text.contains(">Sign out</button>"),
                "{}",
                answer.text
            );
            assert_eq!((answer.header("set-cookie"), answer.header("vary")), (None, Some("cookie")));
        }
        // Whose session cannot be looked up is shown the page all the same.
        let mut mocks = Mocks::default();
        mocks.sessions.expect_find_by_id().returning(|_| Err(outage()));
        mocks.users.expect_find_by_id().returning(|_| Err(outage()));
        let answer = call(mocks, in_browser(TestRequest::get().uri("/nowhere"))).await;
        assert_page(&answer, 404, "The address may be cut short");
        assert!(!answer.text.contains(">Sign out</button>"), "{}", answer.text);
    }

    #[cfg(feature = "edge-limits")]
    #[actix_web::test]
    async fn a_form_that_is_sent_too_often_is_answered_with_a_page() {
        let settings = || WebSettings { flood_per_second_per_ip: 1, ..settings() };
        let form = |path, accept| {
            let request = TestRequest::post().uri(path).peer_addr("192.0.2.1:4711".parse().unwrap());
            request.insert_header(("accept", accept)).set_form([("x", "y")])
        };
        let table = crate::routes::table();
        let twice = vec![form("/sign-in", BROWSER.1), form("/sign-in", BROWSER.1), form("/sign-in", "*/*")];
        let answers = serve(Mocks::default(), settings(), &table, twice).await;
        assert_page(&answers[1], 429, "Too often");
        assert_eq!(answers[1].header("retry-after"), Some("1"));
        assert_eq!(answers[2].problem(), (429, "rate_limited".to_owned()));
        let twice = vec![form("/auth/login", BROWSER.1), form("/auth/login", BROWSER.1)];
        let answers = serve(Mocks::default(), settings(), &table, twice).await;
        assert_eq!(answers[1].problem(), (429, "rate_limited".to_owned()));
    }
}
