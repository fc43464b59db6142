//! What the service says about itself: the OpenAPI document, a page to read and try it, the codes of problems.

mod assets;
mod errors;
mod index;
mod openapi;

use actix_web::web;

use crate::routes::Endpoint;

/// The pages of this module.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::file("openapi", "/openapi.json", || web::to(openapi::handle)),
        Endpoint::file("docs", "/docs", || web::to(index::handle)),
        Endpoint::file("docs_slash", "/docs/", || web::to(index::without_slash)),
        Endpoint::file("docs_assets", "/docs/assets/{file}", || web::to(assets::handle)),
        Endpoint::file("docs_errors", "/docs/errors", || web::to(errors::handle)),
    ]
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::Mocks;

    use crate::problem::catalogue::ENTRIES;
    use crate::testing::call;

    #[actix_web::test]
    async fn the_page_asks_for_nothing_from_outside_and_gets_what_it_asks_for() {
        let page = call(Mocks::default(), TestRequest::get().uri("/docs")).await;
        assert!(page.header("content-security-policy").unwrap().contains("script-src 'self';"));
        for attribute in ["src=\"", "href=\""] {
            for address in page.text.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap()) {
                assert!(!address.contains("//"), "{address}");
                let answer = call(Mocks::default(), TestRequest::get().uri(&format!("/{address}"))).await;
                assert_eq!(answer.status, 200, "{address}");
                assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            }
        }
    }

    #[actix_web::test]
    async fn with_a_slash_at_its_end_the_address_leads_to_the_page() {
        let answer = call(Mocks::default(), TestRequest::get().uri("/docs/")).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (308, Some("../docs")));
    }

    #[actix_web::test]
    async fn every_code_has_a_place_to_point_to() {
        let page = call(Mocks::default(), TestRequest::get().uri("/docs/errors")).await;
        for entry in ENTRIES {
            assert!(page.text.contains(&format!("id=\"{}\"", entry.code)), "{}", entry.code);
        }
    }

    #[actix_web::test]
    async fn no_other_file_is_served() {
        for file in ["index.html", "oauth2-redirect.html", "..%2f..%2fetc%2fpasswd", "swagger-ui.css.map"] {
            let answer = call(Mocks::default(), TestRequest::get().uri(&format!("/docs/assets/{file}"))).await;
            assert_eq!(answer.status, 404, "{file}");
        }
    }
}
