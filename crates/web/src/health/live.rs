//! `GET /health/live`

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

/// That the process serves.
#[derive(Serialize, ToSchema)]
#[schema(as = Liveness)]
pub(crate) struct LivenessBody {
    /// `live`.
    status: &'static str,
}

/// Tell that the process serves. Asks no dependency: a restart mends none of them.
#[utoipa::path(get, path = "/health/live", tag = "service",
    responses((status = 200, description = "It serves.", body = LivenessBody)))]
pub(crate) async fn handle() -> web::Json<LivenessBody> {
    web::Json(LivenessBody { status: "live" })
}
