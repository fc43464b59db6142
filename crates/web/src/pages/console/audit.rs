//! `/console/audit`

use actix_web::{HttpResponse, web};
use countersign_application::Application;
use countersign_application::admin::list_audit_events::ListAuditEventsCommand;
use countersign_domain::audit::{AuditEvent, AuditKind};
use countersign_domain::page::{Cursor, Page, PageRequest};
use minijinja::context;

use crate::admin::list_audit_events::AuditQuery;
use crate::extract::{RequestOrigin, Superuser};
use crate::pages::console::asked::{Asked, EVERY, Filter, List};
use crate::pages::console::named_event::NamedEvent;
use crate::pages::frame::Frame;
use crate::present::PageBody;
use crate::problem::Problem;

const LIST: List = List {
    template: "console_audit.html",
    filters: &[
        Filter { name: "event", texts: "event", kind: "select" },
        Filter { name: "user_id", texts: "event_account", kind: "text" },
        Filter { name: "team_id", texts: "event_team", kind: "text" },
        Filter { name: "since", texts: "since", kind: "datetime-local" },
        Filter { name: "until", texts: "until", kind: "datetime-local" },
    ],
};

pub(crate) async fn show(
    application: web::Data<Application>,
    frame: Frame,
    RequestOrigin(origin): RequestOrigin,
    Superuser(actor): Superuser,
    Asked(mut form): Asked,
) -> Result<HttpResponse, Problem> {
    for (_, value) in form.0.iter_mut().filter(|(name, _)| ["since", "until"].contains(&name.as_str())) {
        *value = in_utc(value);
    }
    let asked = Asked(form);
    let kinds: Vec<_> = AuditKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let values = context! { kinds, every => EVERY, me => actor.id().to_string() };
    // Each look at a page is an event; they hide all others, and are shown to whoever asks for them.
    let leaves_out = asked.0.value("event").is_none();
    let find = async |AuditQuery { filter, page }| {
        let page = if leaves_out { in_reach(&page) } else { page };
        let command = ListAuditEventsCommand { filter, page };
        let events = application.admin.list_audit_events.execute(&actor, &origin, command).await?;
        let Page { items, next } = if leaves_out { without_looks(events) } else { events };
        let subjects = application.admin.name_subjects.execute(&actor, &origin, &items).await?;
        let items = items.into_iter().map(|event| NamedEvent::of(event, &subjects)).collect();
        Ok(PageBody { items, next_cursor: next.map(Cursor::encode) })
    };
    LIST.show(&frame, &asked, values, find).await
}

/// As many events as may be read at once.
fn in_reach(page: &PageRequest) -> PageRequest {
    let most = PageRequest::first(PageRequest::MAX_LIMIT);
    page.after().map_or(most, |cursor| most.starting(cursor))
}

/// A page of those that are no looks: a short one, or an empty one that goes on, where there were more looks than are read
/// at once. The database cannot leave them out without reading, maybe, all there are.
fn without_looks(mut events: Page<AuditEvent>) -> Page<AuditEvent> {
    events.items.retain(|event| event.kind != AuditKind::AdminViewed);
    let shown = usize::from(PageRequest::DEFAULT_LIMIT);
    if events.items.len() > shown {
        events.items.truncate(shown);
        events.next = events.items.last().map(|event| Cursor::after(event.id.as_uuid()));
    }
    events
}

/// What an input of times sends, `2026-01-02T03:04` with or without seconds, as a time in UTC; all else as it is.
fn in_utc(typed: &str) -> String {
    let is_clock = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit() || matches!(octet, b':' | b'.'));
    match typed.split_once('T') {
        Some((_, clock)) if is_clock(clock) && clock.len() == 5 => format!("{typed}:00Z"),
        Some((_, clock)) if is_clock(clock) => format!("{typed}Z"),
        _ => typed.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_without_a_zone_are_in_utc_and_all_else_stays() {
        for (typed, meant) in [
            ("2026-01-02T03:04", "2026-01-02T03:04:00Z"),
            ("2026-01-02T03:04:05", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05.678", "2026-01-02T03:04:05.678Z"),
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"),
            ("2026-01-02T03:04:05+02:00", "2026-01-02T03:04:05+02:00"),
            ("yesterday", "yesterday"),
        ] {
            assert_eq!(in_utc(typed), meant);
        }
    }
}
