//! `GET /admin/audit`

use actix_web::web;
use countersign_application::Application;
use countersign_application::admin::list_audit_events::ListAuditEventsCommand;
use countersign_application::ports::audit_log::AuditFilter;
use countersign_domain::audit::AuditKind;
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::page::PageRequest;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::IntoParams;

use crate::extract::query::PageParameters;
use crate::extract::{Fields, FromFields, QueryFields, RequestOrigin, Superuser};
use crate::present::{AuditEventBody, PageBody};
use crate::problem::FieldError;
use crate::problem::Problem;

/// Which events, and which page of them.
pub(crate) struct AuditQuery {
    filter: AuditFilter,
    page: PageRequest,
}

/// For the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "only documents what `AuditQuery` reads")]
pub(crate) struct AuditParameters {
    /// Name of a kind of event, such as `login_failed`.
    event: Option<String>,
    /// By or about this account.
    user_id: Option<uuid::Uuid>,
    /// In this team.
    team_id: Option<uuid::Uuid>,
    /// At or after (RFC 3339).
    since: Option<String>,
    /// Before (RFC 3339).
    until: Option<String>,
}

impl FromFields for AuditQuery {
    fn from_fields(fields: &mut Fields) -> Option<Self> {
        let filter = AuditFilter {
            kind: narrow(fields, "event", AuditKind::parse, "this is not a kind of event"),
            user_id: narrow(fields, "user_id", UserId::parse, "this is not an id"),
            team_id: narrow(fields, "team_id", TeamId::parse, "this is not an id"),
            since: narrow(fields, "since", time_of, "write a time like 2026-01-02T03:04:05Z"),
            until: narrow(fields, "until", time_of, "write a time like 2026-01-02T03:04:05Z"),
        };
        Some(Self { filter, page: fields.page()? })
    }
}

fn narrow<T>(
    fields: &mut Fields,
    name: &'static str,
    parse: impl FnOnce(&str) -> Option<T>,
    message: &'static str,
) -> Option<T> {
    let text = fields.optional_text(name)?;
    parse(&text).or_else(|| fields.refuse(FieldError::new(name, "malformed", message)))
}

fn time_of(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// List audit events, newest first.
#[utoipa::path(get, path = "/admin/audit", tag = "admin", params(AuditParameters, PageParameters),
    responses((status = 200, description = "A page of events.", body = PageBody<AuditEventBody>)))]
pub(crate) async fn handle(
    application: web::Data<Application>,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    QueryFields(AuditQuery { filter, page }): QueryFields<AuditQuery>,
) -> Result<web::Json<PageBody<AuditEventBody>>, Problem> {
    let command = ListAuditEventsCommand { filter, page };
    let page = application.admin.list_audit_events.execute(&actor, &origin, command).await?;
    Ok(web::Json(PageBody::of(page)))
}
