//! `/console/users/{id}/change/…`: says what will happen to an account, and asks once more.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use countersign_application::Application;
use countersign_application::actor::Actor;
use countersign_application::admin::show_user::ShowUserCommand;
use countersign_application::admin::update_user::UpdateUserCommand;
use countersign_domain::audit::Origin;
use countersign_domain::ids::UserId;

use crate::extract::form::Form;
use crate::extract::{RequestOrigin, Superuser, UserPath};
use crate::pages::console::user;
use crate::pages::frame::Frame;
use crate::pages::page::{Page, Surrounded};
use crate::pages::submitted::Submitted;
use crate::problem::{FieldError, Problem, sentence};

/// What is done to an account that stays.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Change {
    Activate,
    Deactivate,
    Appoint,
    Dismiss,
}

impl Change {
    fn parse(text: &str) -> Option<Self> {
        [Self::Activate, Self::Deactivate, Self::Appoint, Self::Dismiss].into_iter().find(|it| it.name() == text)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Deactivate => "deactivate",
            Self::Appoint => "appoint",
            Self::Dismiss => "dismiss",
        }
    }

    const fn page(self) -> Page {
        let name = match self {
            Self::Activate => "activate_user",
            Self::Deactivate => "deactivate_user",
            Self::Appoint => "appoint_superuser",
            Self::Dismiss => "dismiss_superuser",
        };
        Page { name, fields: &[] }
    }

    const fn of(self, user_id: UserId) -> UpdateUserCommand {
        let (is_active, is_superuser) = match self {
            Self::Activate => (Some(true), None),
            Self::Deactivate => (Some(false), None),
            Self::Appoint => (None, Some(true)),
            Self::Dismiss => (None, Some(false)),
        };
        UpdateUserCommand { user_id, is_active, is_superuser }
    }

    async fn within(
        self,
        application: &Application,
        actor: &Actor,
        origin: &Origin,
        user_id: UserId,
    ) -> Result<Surrounded, Problem> {
        let found = application.admin.show_user.execute(actor, origin, ShowUserCommand::Id(user_id)).await?;
        Ok(self.page().within("console_change.html", user::values(actor, found)))
    }
}

impl FromRequest for Change {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let named = req.path().rsplit('/').next().and_then(Self::parse);
        ready(named.ok_or_else(|| Problem::of_status(StatusCode::NOT_FOUND)))
    }
}

pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    UserPath(user_id): UserPath,
    change: Change,
) -> Result<HttpResponse, Problem> {
    Ok(change.within(&application, &actor, &origin, user_id).await?.form(&frame, &Form(vec![]), None))
}

pub(crate) async fn submit(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    UserPath(user_id): UserPath,
    Submitted(form): Submitted,
    change: Change,
) -> Result<HttpResponse, Problem> {
    let changed = application.admin.update_user.execute(&actor, &origin, change.of(user_id)).await;
    match changed.map_err(Problem::from) {
        // Nobody is sure to be let in here any more.
        Ok(_) if user_id == actor.id() => Ok(frame.go("account")),
        Ok(_) => Ok(frame.go_saying(&user::path_of(user_id), "user_updated")),
        Err(problem) if problem.status == StatusCode::NOT_FOUND || problem.status.is_server_error() => Err(problem),
        // What the rules refuse is told where it was asked for.
        Err(problem) => {
            let page = change.within(&application, &actor, &origin, user_id).await?;
            Ok(page.form(&frame, &form, Some(&told_whole(&frame, problem))))
        }
    }
}

/// There is no field at which it could be told.
fn told_whole(frame: &Frame, problem: Problem) -> Problem {
    let told = |error: &FieldError| sentence(&frame.field_words(error));
    let detail = problem.errors.first().map_or_else(|| problem.detail.to_string(), told);
    Problem { code: "other", detail: detail.into(), ..problem }
}
