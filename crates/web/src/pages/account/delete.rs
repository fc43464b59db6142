//! `/account/delete`

use actix_web::{HttpRequest, HttpResponse, web};
use countersign_application::Application;
use countersign_application::account::delete_account::DeleteAccountCommand;
use minijinja::context;

use crate::account::delete_account::DeleteAccountBody;
use crate::extract::{Authenticated, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Page};
use crate::pages::session;
use crate::pages::submitted::Submitted;
use crate::present::TeamBody;
use crate::problem::Problem;

const PAGE: Page = Page { name: "delete_account", fields: &[Field::password("current_password")] };

/// The form; where it can only be refused, the teams that would be left without an admin, and what to do about them.
pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    Authenticated(actor): Authenticated,
) -> Result<HttpResponse, Problem> {
    let teams = application.account.list_dependent_teams.execute(&actor).await?;
    if teams.is_empty() {
        return Ok(PAGE.show(&frame));
    }
    let teams: Vec<_> = teams.into_iter().map(TeamBody::from).collect();
    Ok(frame.page("account_delete.html", context! { teams }))
}

pub(crate) async fn submit(
    req: HttpRequest,
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
    Submitted(form): Submitted,
) -> HttpResponse {
    PAGE.submit(&frame, &form, async |DeleteAccountBody { current_password }| {
        let command = DeleteAccountCommand { current_password };
        application.account.delete_account.execute(&actor, &origin, command).await?;
        session::forget(&req);
        Ok(Done::Led(frame.go_saying("sign-in", "deleted")))
    })
    .await
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use countersign_application::testing::{Mocks, team, user, user_id};

    use crate::testing::{call, in_browser, sign_in};

    #[actix_web::test]
    async fn the_last_admin_of_a_team_is_told_which_and_what_to_do_instead() {
        let show = async |depending: bool| {
            let mut mocks = Mocks::default();
            sign_in(&mut mocks, &user(1));
            mocks.roster.expect_teams_depending_on().returning(move |user| {
                assert_eq!(user, user_id(1));
                Ok(if depending { vec![team(1).id] } else { vec![] })
            });
            mocks.teams.expect_find_many().returning(|_| Ok(vec![team(1)]));
            let page = call(mocks, in_browser(TestRequest::get().uri("/account/delete"))).await;
            page.text.replace("&#x2f;", "/")
        };
        let page = show(true).await;
        assert!(page.contains("You are the only admin of teams that others are in."), "{page}");
        assert!(page.contains(&format!("<a href=\"../account/teams/{}\">Engines</a>", team(1).id)), "{page}");
        assert!(!page.contains("type=\"password\""), "it could only be refused: {page}");
        let page = show(false).await;
        assert!(page.contains("type=\"password\"") && !page.contains("only admin"), "{page}");
    }
}
