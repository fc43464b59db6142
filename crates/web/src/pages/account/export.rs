//! `POST /account/export`: the export of the API, as a file. It counts and is audited, so no link leads to it.

use actix_web::http::header::{CONTENT_DISPOSITION, HeaderValue};
use actix_web::{HttpResponse, web};
use countersign_application::Application;

use crate::account::export_account;
use crate::extract::{Authenticated, RequestOrigin};
use crate::pages::submitted::Submitted;
use crate::problem::Problem;

pub(crate) async fn submit(
    application: web::Data<Application>,
    origin: RequestOrigin,
    authenticated: Authenticated,
    Submitted(_form): Submitted,
) -> Result<HttpResponse, Problem> {
    let mut answer = export_account::handle(application, origin, authenticated).await?;
    let file = HeaderValue::from_static("attachment; filename=\"account.json\"");
    answer.headers_mut().insert(CONTENT_DISPOSITION, file);
    Ok(answer)
}
