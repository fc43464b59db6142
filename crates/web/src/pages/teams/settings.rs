//! `/account/teams/{team_id}/settings`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::teams::update_team::UpdateTeamCommand;
use countersign_domain::team::{Team, TeamChange};
use minijinja::context;

use crate::extract::form::Form;
use crate::extract::{RequestOrigin, TeamAdmin, TeamMember};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Page, Surrounded};
use crate::pages::submitted::Submitted;
use crate::pages::teams::describe::{Described, FIELDS};
use crate::pages::teams::path_of;
use crate::present::TeamBody;

const SETTINGS: Page = Page { name: "team_settings", fields: FIELDS };

fn page(member: &TeamMember) -> Surrounded {
    SETTINGS.within("teams_settings.html", context! { team => TeamBody::from(member.team.clone()), is_admin => true })
}

pub(crate) async fn show(frame: Frame, TeamAdmin(member): TeamAdmin) -> HttpResponse {
    page(&member).form(&frame, &stored(&member.team), None)
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    TeamAdmin(member): TeamAdmin,
    Submitted(form): Submitted,
) -> HttpResponse {
    page(&member)
        .submit(&frame, &form, async |Described { name, description }| {
            let change = TeamChange { name: Some(name), description: Some(description) };
            let command = UpdateTeamCommand { team_id: member.team_id(), change };
            application.teams.update_team.execute(&member.actor, &origin, command).await?;
            Ok(Done::Led(frame.go_saying(&format!("{}/settings", path_of(member.team_id())), "team_saved")))
        })
        .await
}

fn stored(team: &Team) -> Form {
    let description = team.description.as_ref().map_or("", |description| description.as_str());
    let values = [("name", team.name.as_str()), ("description", description)];
    Form(values.map(|(field, value)| (field.to_owned(), value.to_owned())).into())
}
