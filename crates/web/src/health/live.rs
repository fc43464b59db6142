//! `GET /health/live`

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::schema::Object;

use crate::present::words::one_of;

/// That the process serves.
#[derive(Serialize, ToSchema)]
#[schema(as = Liveness)]
pub(crate) struct LivenessBody {
    #[schema(schema_with = liveness)]
    status: &'static str,
}

const LIVE: &str = "live";

fn liveness() -> Object {
    one_of([LIVE]).build()
}

/// Tell that the process serves. Asks no dependency: a restart mends none of them.
#[utoipa::path(get, path = "/health/live", tag = "service",
    responses((status = 200, description = "It serves.", body = LivenessBody)))]
pub(crate) async fn handle() -> web::Json<LivenessBody> {
    web::Json(LivenessBody { status: LIVE })
}
