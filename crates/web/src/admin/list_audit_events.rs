//! `GET /admin/audit`

use actix_web::web;
use countersign_application::Application;
use countersign_application::admin::list_audit_events::ListAuditEventsCommand;
use countersign_application::ports::audit_log::AuditFilter;
use countersign_domain::audit::AuditKind;
use countersign_domain::ids::{TeamId, UserId};
use countersign_domain::page::PageRequest;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use utoipa::IntoParams;

use crate::extract::query::PageParameters;
use crate::extract::{Fields, FromFields, QueryFields, RequestOrigin, Superuser};
use crate::present::{AuditEventBody, PageBody};
use crate::problem::FieldError;
use crate::problem::Problem;

/// Which events, and which page of them.
pub(crate) struct AuditQuery {
    pub(crate) filter: AuditFilter,
    pub(crate) page: PageRequest,
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

/// A moment of the years 0000 to 9999 in UTC: beyond them, texts of times do not sort. No leap second, of which the
/// parser takes some and refuses others.
fn time_of(text: &str) -> Option<OffsetDateTime> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?.checked_to_offset(UtcOffset::UTC)?;
    let is_leap_second = text.get(17..19) == Some("60");
    (at.year() >= 0 && !is_leap_second).then_some(at)
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

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn times_are_moments_of_four_digit_years_in_utc() {
        for (text, expected) in [
            ("2026-01-02T03:04:05Z", datetime!(2026-01-02 03:04:05 UTC)),
            ("2026-01-02T03:04:05.678+02:00", datetime!(2026-01-02 01:04:05.678 UTC)),
            ("0000-01-01T00:00:00Z", datetime!(0000-01-01 00:00:00 UTC)),
            ("9999-12-31T23:59:59Z", datetime!(9999-12-31 23:59:59 UTC)),
        ] {
            let at = time_of(text).unwrap();
            assert_eq!((at, at.offset()), (expected, UtcOffset::UTC), "{text}");
        }
        for text in [
            "9999-12-31T23:59:59-23:59",
            "0000-01-01T00:00:00+23:59",
            "2026-06-30T23:59:60Z",
            "2026-06-30T23:59:60.5Z",
            "2026-06-30T00:00:60Z",
            "2026-01-02",
            "yesterday",
            "",
        ] {
            assert_eq!(time_of(text), None, "{text}");
        }
    }
}
