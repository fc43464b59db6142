//! `GET /auth/teams`

use actix_web::http::header::LINK;
use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::teams::list_my_teams::ListMyTeamsCommand;
use countersign_domain::page::PageRequest;

use crate::extract::{Authenticated, Fields, FromFields, QueryFields};
use crate::present::TeamMembershipBody;
use crate::problem::{FieldError, Problem};

/// Which part of the list: as much as one answer holds, unless the client wants less.
pub(crate) struct Part(PageRequest);

impl FromFields for Part {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let limit = fields.optional_text("limit").unwrap_or_else(|| PageRequest::MAX_LIMIT.to_string());
        let cursor = fields.optional_text("cursor");
        match PageRequest::parse(Some(&limit), cursor.as_deref()) {
            Ok(page) => Some(Self(page)),
            Err(error) => fields.refuse(FieldError::of(error.field(), &error)),
        }
    }
}

/// List the account's teams by when it joined them, those included that await the verification of its address.
#[utoipa::path(get, path = "/auth/teams", tag = "account",
    params(
        ("limit" = Option<u16>, Query, minimum = 1, maximum = 200, description = "Most teams, 200 when absent."),
        ("cursor" = Option<String>, Query, description = "As in the `Link` of the part before.")),
    responses((status = 200, description = "At most 200 of them.", body = Vec<TeamMembershipBody>,
        headers(("Link" = String, description = "`rel=\"next\"`: where the list goes on; absent at its end.")))))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    Authenticated(actor): Authenticated,
    QueryFields(Part(page)): QueryFields<Part>,
) -> Result<HttpResponse, Problem> {
    let teams = application.teams.list_my_teams.execute(&actor, ListMyTeamsCommand { page }).await?;
    let mut response = HttpResponse::Ok();
    if let Some(next) = teams.next {
        let next = format!("</auth/teams?limit={}&cursor={}>; rel=\"next\"", page.limit(), next.encode());
        response.insert_header((LINK, next));
    }
    Ok(response.json(teams.items.into_iter().map(TeamMembershipBody::from).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{Mocks, membership, team, user, user_id};
    use countersign_domain::page::{Cursor, Page, PageRequest};
    use countersign_domain::team::membership::TeamMembership;
    use countersign_domain::team::role::Role;
    use serde_json::json;

    use crate::testing::{call, sign_in, signed_in};

    fn request(query: &str) -> TestRequest {
        signed_in(TestRequest::get().uri(&format!("/auth/teams{query}")))
    }

    /// Two teams, one a page, however many are asked for; only if `asked` is asked.
    fn mocks(asked: PageRequest) -> Mocks {
        let mut mocks = Mocks::default();
        sign_in(&mut mocks, &user(1));
        let first = Cursor::after(team(1).id.as_uuid());
        mocks.memberships.expect_list_by_user().withf(move |id, page| *id == user_id(1) && *page == asked).returning(
            move |_, page| {
                let item = TeamMembership { team: team(1), membership: membership(1, Role::Admin) };
                Ok(Page { items: vec![item], next: page.after().is_none().then_some(first) })
            },
        );
        mocks
    }

    #[actix_web::test]
    async fn it_is_a_bare_array_and_says_where_it_goes_on() {
        let answer = call(mocks(PageRequest::first(200)), request("")).await;
        assert_eq!(answer.status, 200);
        let at = "2026-01-02T03:04:05.678Z";
        let expected = json!([{"id": team(1).id.to_string(), "name": "Engines", "description": null, "created_at": at,
            "updated_at": at, "role": "admin", "status": "active", "joined_at": at}]);
        assert_eq!(answer.json(), expected);
        let cursor = Cursor::after(team(1).id.as_uuid());
        let next = format!("/auth/teams?limit=200&cursor={}", cursor.encode());
        assert_eq!(answer.header("link"), Some(&*format!("<{next}>; rel=\"next\"")));

        let last = mocks(PageRequest::first(200).starting(cursor));
        let answer = call(last, signed_in(TestRequest::get().uri(&next))).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("link"), None);
    }

    #[actix_web::test]
    async fn who_wants_less_gets_less() {
        let answer = call(mocks(PageRequest::first(1)), request("?limit=1")).await;
        assert!(answer.header("link").unwrap().starts_with("</auth/teams?limit=1&cursor="));
    }

    #[actix_web::test]
    async fn a_bad_limit_or_cursor_is_a_422() {
        for (query, field) in [("?limit=201", "limit"), ("?limit=0", "limit"), ("?cursor=x", "cursor")] {
            let answer = call(mocks(PageRequest::first(200)), request(query)).await;
            assert_eq!(answer.violations()[0].0, field, "{query}");
        }
    }
}
