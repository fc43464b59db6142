use actix_web::test::TestRequest;
use countersign_application::testing::Mocks;

use crate::settings::WebSettings;
use crate::testing::{Answer, call, call_with, settings};

/// A form that anybody may send, as a browser says where it comes from: what it lacks is told at its fields.
async fn signing_in(settings: WebSettings, said: &[(&'static str, &str)]) -> u16 {
    let request = TestRequest::post().uri("/sign-in").insert_header(("host", "10.0.0.7:8080"));
    let request = said.iter().fold(request, |request, (name, value)| request.insert_header((*name, *value)));
    call_with(Mocks::default(), settings, request.set_form([("email", "")])).await.status.as_u16()
}

#[actix_web::test]
async fn every_browser_says_of_a_form_where_it_comes_from() {
    let behind_a_proxy = "https://id.example";
    for (said, status) in [
        // With Fetch Metadata.
        (vec![("sec-fetch-site", "same-origin"), ("origin", behind_a_proxy)], 422),
        (vec![("sec-fetch-site", "same-origin"), ("origin", "null")], 422),
        (vec![("sec-fetch-site", "same-site"), ("origin", "https://other.id.example")], 403),
        (vec![("sec-fetch-site", "cross-site"), ("origin", "null")], 403),
        // Without, as Firefox before 90 and Safari before 16.4.
        (vec![("origin", behind_a_proxy)], 422),
        (vec![("origin", "https://10.0.0.7:8080")], 422),
        (vec![("origin", "null")], 403),
        (vec![("origin", "null"), ("referer", "https://id.example/sign-in")], 403),
        (vec![("origin", "https://other.example"), ("referer", "https://id.example/")], 403),
        (vec![("origin", "http://id.example")], 403),
        (vec![("origin", "https://id.example:8443")], 403),
        (vec![("origin", "https://id.example.other.example")], 403),
        (vec![("origin", "")], 403),
        // As Firefox before 70.
        (vec![("referer", "https://id.example/")], 422),
        (vec![("referer", "https://id.example/sign-in?next=/account")], 422),
        (vec![("referer", "https://other.example/https://id.example/")], 403),
        (vec![("referer", "https://id.example@other.example/")], 403),
        (vec![], 403),
    ] {
        assert_eq!(signing_in(settings(), &said).await, status, "{said:?}");
    }
}

#[actix_web::test]
async fn the_port_of_the_scheme_is_none() {
    for (public_url, origin, status) in [
        ("https://id.example:443/below", "https://id.example", 422),
        ("http://localhost:80", "http://localhost", 422),
        ("http://localhost:8080", "http://localhost:8080", 422),
        ("http://localhost:8080", "http://localhost:8081", 403),
        ("http://localhost:8080", "http://LOCALHOST:8080", 422),
    ] {
        let settings = WebSettings { public_url: public_url.to_owned(), ..settings() };
        assert_eq!(signing_in(settings, &[("origin", origin)]).await, status, "{public_url} {origin}");
    }
}

/// Under `no-referrer` a browser says `null` of the page's own forms.
#[actix_web::test]
async fn a_page_lets_browsers_tell_its_forms_of_its_host_and_of_nothing_else() {
    let policy = async |path| {
        let answer: Answer = call(Mocks::default(), TestRequest::get().uri(path)).await;
        answer.header("referrer-policy").unwrap().to_owned()
    };
    for page in ["/", "/sign-in", "/reset-password?token=x"] {
        assert_eq!(policy(page).await, "strict-origin", "{page}");
    }
    for other in ["/openapi.json", "/assets/pages.css", "/auth/me", "/nowhere"] {
        assert_eq!(policy(other).await, "no-referrer", "{other}");
    }
}
