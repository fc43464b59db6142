//! `/account/teams/new`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::teams::create_team::CreateTeamCommand;

use crate::extract::{Authenticated, RequestOrigin};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Page};
use crate::pages::submitted::Submitted;
use crate::pages::teams::describe::{Described, FIELDS};
use crate::pages::teams::path_of;

const PAGE: Page = Page { name: "create_team", fields: FIELDS };

pub(crate) async fn show(frame: Frame) -> HttpResponse {
    PAGE.show(&frame)
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Authenticated(actor): Authenticated,
    Submitted(form): Submitted,
) -> HttpResponse {
    PAGE.submit(&frame, &form, async |Described { name, description }| {
        let command = CreateTeamCommand { name, description };
        let team = application.teams.create_team.execute(&actor, &origin, command).await?;
        Ok(Done::Led(frame.go_saying(&path_of(team.id), "team_created")))
    })
    .await
}
