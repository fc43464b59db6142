//! `/account/teams/{team_id}/delete`: takes the name of the team, so that nobody deletes another than they mean.

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::teams::delete_team::DeleteTeamCommand;
use minijinja::context;

use crate::extract::form::Form;
use crate::extract::{Fields, FromFields, RequestOrigin, TeamAdmin, TeamMember};
use crate::pages::frame::Frame;
use crate::pages::page::{Done, Field, Page, Surrounded};
use crate::pages::submitted::Submitted;
use crate::present::TeamBody;
use crate::problem::{FieldError, Problem};

pub(crate) const DELETION: Page = Page { name: "team_deletion", fields: &[Field::text("confirmation", "off")] };

struct Typed(String);

impl FromFields for Typed {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        Some(Self(fields.optional_text("confirmation").unwrap_or_default()))
    }
}

fn page(member: &TeamMember) -> Surrounded {
    DELETION.within("teams_delete.html", context! { team => TeamBody::from(member.team.clone()), is_admin => true })
}

pub(crate) async fn show(frame: Frame, TeamAdmin(member): TeamAdmin) -> HttpResponse {
    page(&member).form(&frame, &Form(vec![]), None)
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    TeamAdmin(member): TeamAdmin,
    Submitted(form): Submitted,
) -> HttpResponse {
    page(&member)
        .submit(&frame, &form, async |Typed(typed)| {
            if !is_named(&typed, member.team.name.as_str()) {
                return Err(Problem::validation(vec![FieldError::of_page("confirmation", "not_confirmed")]));
            }
            let command = DeleteTeamCommand { team_id: member.team_id() };
            application.teams.delete_team.execute(&member.actor, &origin, command).await?;
            Ok(Done::Led(frame.go_saying("account/teams", "team_deleted")))
        })
        .await
}

/// Case and white space, of which pages show several blanks as one, do not matter.
fn is_named(typed: &str, name: &str) -> bool {
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    plain(typed) == plain(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_counts_as_it_is_seen() {
        for typed in ["Engines of  Loom", " engines of loom ", "Engines of\tLoom"] {
            assert!(is_named(typed, "Engines  of Loom"), "{typed}");
        }
        for typed in ["", "Engines", "EnginesofLoom"] {
            assert!(!is_named(typed, "Engines  of Loom"), "{typed}");
        }
    }
}
