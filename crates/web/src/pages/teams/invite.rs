//! Inviting several addresses at once, each for itself: what cannot be invited stays in the form with the reason.

use actix_web::http::StatusCode;
use countersign_application::Application;
use countersign_application::teams::invite_member::InviteMemberCommand;
use countersign_domain::audit::Origin;
use countersign_domain::email_address::EmailAddress;
use countersign_domain::team::role::Role;
use serde::Serialize;

use crate::extract::TeamMember;
use crate::extract::form::Form;
use crate::pages::frame::Frame;
use crate::pages::page::Field;
use crate::problem::{FieldError, Problem};

/// At once: each is a transaction and a mail.
pub(crate) const MOST: usize = 20;

/// What the form has.
pub(crate) const FIELDS: &[Field] = &[Field::prose("emails"), Field::hidden("role")];

/// What came of it.
#[derive(Default, Serialize)]
pub(crate) struct Invited {
    /// To whom an invitation goes.
    sent: Vec<String>,
    pub(crate) refused: Vec<Refused>,
    /// What is still to be invited, as typed, one a line.
    typed: String,
    role: &'static str,
    /// What is wrong with the whole: nobody was invited for it.
    error: &'static str,
    /// Why nobody was invited, or not the rest.
    #[serde(skip)]
    pub(crate) problem: Option<Problem>,
}

#[derive(Serialize)]
pub(crate) struct Refused {
    typed: String,
    reason: String,
}

/// Invites whom the form names. A refusal that concerns the inviter, such as not being an admin any more, is an error.
pub(crate) async fn execute(
    application: &Application,
    frame: &Frame,
    member: &TeamMember,
    origin: &Origin,
    form: &Form,
) -> Result<Invited, Problem> {
    let text = form.value("emails").unwrap_or_default();
    let role = form.value("role").and_then(|role| Role::parse(role).ok());
    let role = role.ok_or_else(|| Problem::of_status(StatusCode::BAD_REQUEST))?;
    let typed = split(text);
    let error = match typed.len() {
        0 => Some("none"),
        1..=MOST => None,
        _ => Some("too_many"),
    };
    if let Some(error) = error {
        let problem = Some(Problem::validation(vec![]));
        return Ok(Invited { typed: text.to_owned(), role: role.as_str(), error, problem, ..Invited::default() });
    }
    let mut outcome = Invited { role: role.as_str(), ..Invited::default() };
    for typed in typed {
        match invite(application, member, origin, typed, role, &outcome).await {
            Ok(()) => outcome.sent.push(typed.to_owned()),
            Err(problem) if matches!(problem.code, "team_not_found" | "team_admin_required") => return Err(problem),
            Err(problem) => outcome.refuse(frame, typed, problem),
        }
    }
    // Once somebody was invited, the request must not be handled again from its beginning.
    if let Some(problem) = &mut outcome.problem {
        problem.is_contended &= outcome.sent.is_empty();
    }
    outcome.typed = outcome.refused.iter().map(|refused| refused.typed.as_str()).collect::<Vec<_>>().join("\n");
    Ok(outcome)
}

async fn invite(
    application: &Application,
    member: &TeamMember,
    origin: &Origin,
    typed: &str,
    role: Role,
    before: &Invited,
) -> Result<(), Problem> {
    // What failed for the service's sake fails for the rest too: they are kept, not tried.
    if let Some(fault) = before.problem.as_ref().filter(|problem| problem.status.is_server_error()) {
        return Err(fault.clone());
    }
    let email = EmailAddress::parse(address_in(typed))
        .map_err(|error| Problem::validation(vec![FieldError::of("emails", &error)]))?;
    let command = InviteMemberCommand { team_id: member.team_id(), email, role };
    Ok(application.teams.invite_member.execute(&member.actor, origin, command).await?)
}

impl Invited {
    fn refuse(&mut self, frame: &Frame, typed: &str, problem: Problem) {
        let error = problem.errors.first();
        let reason = error.map_or_else(|| frame.words(&problem), |error| frame.field_words(error));
        self.refused.push(Refused { typed: typed.to_owned(), reason });
        // The first stands for the answer, and a fault before all, for the log.
        if self.problem.as_ref().is_none_or(|first| problem.status.is_server_error() && !first.status.is_server_error())
        {
            self.problem = Some(problem);
        }
    }
}

/// What stands between line breaks, commas and semicolons, each once.
fn split(text: &str) -> Vec<&str> {
    let mut found: Vec<&str> = vec![];
    for typed in text.split(['\n', '\r', ',', ';']).map(str::trim).filter(|typed| !typed.is_empty()) {
        // More than that are not taken, so that it need not be known how many.
        if found.len() > MOST {
            break;
        }
        if !found.iter().any(|before| address_in(before).eq_ignore_ascii_case(address_in(typed))) {
            found.push(typed);
        }
    }
    found
}

/// The address of `name <address>`, as mail programs copy it.
fn address_in(typed: &str) -> &str {
    let address = typed.strip_suffix('>').and_then(|typed| typed.rsplit_once('<'));
    address.map_or(typed, |(_name, address)| address.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_however_they_are_listed_and_each_once() {
        let text =
            "a@example.com, b@example.com;c@example.com\r\n\r\nNobody <d@example.com>\n A@example.com ,<b@example.com>";
        let found: Vec<_> = split(text).into_iter().map(address_in).collect();
        assert_eq!(found, ["a@example.com", "b@example.com", "c@example.com", "d@example.com"]);
        assert!(split(" \r\n, ;").is_empty());
    }

    #[test]
    fn what_is_no_address_stays_as_it_was_typed() {
        assert_eq!(split("not an address\n<x"), ["not an address", "<x"]);
    }
}
