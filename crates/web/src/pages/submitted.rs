//! A form that was sent from a page of this browser's session, or from a page without one.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use countersign_application::Application;
use countersign_application::auth::browser_session::FormOf;
use futures_util::future::LocalBoxFuture;

use crate::extract::form::Form;
use crate::pages::{send_again, session};
use crate::problem::Problem;

/// Field of the token of a session's forms.
pub(crate) const FORM_TOKEN: &str = "form_token";

/// What was typed. Where somebody is signed in, the form has shown that it comes from one of that session's pages: no
/// other site can read the token that it carries (ASVS 3.5.1).
#[derive(Debug)]
pub(crate) struct Submitted(pub(crate) Form);

impl FromRequest for Submitted {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, form) = (req.clone(), Form::from_request(req, payload));
        Box::pin(async move {
            let form = form.await?;
            let application = req.app_data::<web::Data<Application>>();
            let application = application.ok_or_else(|| Problem::internal("the application is not there"))?;
            if let Some(session) = session::resume(&req, application).await? {
                match session.form_token.judge(form.value(FORM_TOKEN).unwrap_or_default()) {
                    FormOf::Session => {}
                    // They have signed in anew since the page was opened.
                    FormOf::Account => {
                        send_again::keep(&req, &form);
                        return Err(Problem::form_refused());
                    }
                    // With another account perhaps, or another site has sent it.
                    FormOf::Another => return Err(Problem::form_refused()),
                }
            }
            Ok(Self(form))
        })
    }
}
