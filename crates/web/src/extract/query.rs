//! Query parameters, read like the fields of a body.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use crate::extract::fields::{Fields, FromFields};
use crate::problem::Problem;

/// The parameters of the query, as the command they stand for. Unknown ones never take effect.
#[derive(Debug)]
pub(crate) struct QueryFields<T>(pub(crate) T);

impl<T: FromFields> FromRequest for QueryFields<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(pairs(req.query_string().as_bytes()).and_then(|pairs| Fields::of_pairs(pairs).read().map(Self)))
    }
}

/// `page` alone.
impl FromFields for countersign_domain::page::PageRequest {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        fields.page()
    }
}

/// Name and value of each pair of a query or a form, in order.
pub(crate) fn pairs(encoded: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    let text = std::str::from_utf8(encoded).unwrap_or_default();
    web::Query::<Vec<(String, String)>>::from_query(text)
        .map(web::Query::into_inner)
        .map_err(|_malformed| Problem::of_status(actix_web::http::StatusCode::BAD_REQUEST))
}

/// `limit` and `cursor`, for the documentation of calls that have them.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes what `Fields::page` reads")]
pub(crate) struct PageParameters {
    /// Most items, 50 when absent.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}
