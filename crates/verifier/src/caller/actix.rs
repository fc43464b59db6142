//! For actix-web.

use actix_web::body::BoxBody;
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderValue};
use actix_web::{FromRequest, HttpRequest, HttpResponse, ResponseError, web};
use futures_util::future::LocalBoxFuture;

use crate::caller::{Caller, PROBLEM, Refusal, bearer};
use crate::error::VerifyError;
use crate::issuer::Unreachable;
use crate::verifier::Verifier;

impl FromRequest for Caller {
    type Error = VerifyError;
    type Future = LocalBoxFuture<'static, Result<Self, VerifyError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let verifier = request.app_data::<web::Data<Verifier>>().cloned();
        let token = bearer(request.headers().get_all(AUTHORIZATION).map(HeaderValue::as_bytes)).map(str::to_owned);
        Box::pin(async move {
            let Some(verifier) = verifier else {
                return Err(VerifyError::Unavailable(Unreachable::because("the app has no web::Data<Verifier>")));
            };
            verifier.verify(&token?).await.map(Self)
        })
    }
}

impl ResponseError for VerifyError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(Refusal::from(self).status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let Refusal { header, body, .. } = Refusal::from(self);
        HttpResponse::build(self.status_code()).insert_header(header).content_type(PROBLEM).body(body)
    }
}
