//! The audit trail.

use std::cmp::Reverse;

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::audit_log::{AuditFilter, AuditLog};
use countersign_domain::audit::{AuditEvent, AuditKind};
use countersign_domain::ids::{AuditEventId, TeamId, UserId};
use countersign_domain::network::Network;
use countersign_domain::page::{Page, PageRequest};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, Select, Set,
};
use time::{Duration, OffsetDateTime};
use uuid::{Builder, Uuid};

use crate::persistence::entities::audit_events::{ActiveModel, Column, Entity, Model};
use crate::persistence::error::{fault, unreadable};
use crate::persistence::store::Store;

fn event(row: Model) -> Result<AuditEvent, Fault> {
    let network = row.network.map(|text| Network::parse(&text).ok_or_else(|| unreadable("audit_events.network")));
    Ok(AuditEvent {
        id: AuditEventId::new(row.id),
        at: row.at,
        kind: AuditKind::parse(&row.kind).ok_or_else(|| unreadable("audit_events.kind"))?,
        actor_id: row.actor_id.map(UserId::new),
        user_id: row.user_id.map(UserId::new),
        team_id: row.team_id.map(TeamId::new),
        network: network.transpose()?,
        user_agent: row.user_agent,
        request_id: row.request_id,
        detail: row.detail,
    })
}

/// Events by or about the account.
pub(crate) fn by_or_about(user: UserId) -> Condition {
    Condition::any().add(Column::ActorId.eq(user.as_uuid())).add(Column::UserId.eq(user.as_uuid()))
}

/// The id of an event is made in the course of its request, so this close to its time and by the same clock.
const ID_LAG: Duration = Duration::HOUR;

/// The least id of version 7 that is made from then on: bounds of time become bounds of the index that is paged along,
/// or all that is newer would be read to find what is old.
fn first_id_of(time: OffsetDateTime) -> Uuid {
    let milliseconds = time.unix_timestamp_nanos() / 1_000_000;
    let milliseconds = u64::try_from(milliseconds.max(0)).unwrap_or(u64::MAX);
    Builder::from_unix_timestamp_millis(milliseconds, &[0; 10]).into_uuid()
}

/// Events that fulfil the filter but for its account, newest first, from the page's cursor on.
fn narrowed(filter: &AuditFilter, page: &PageRequest) -> Select<Entity> {
    Entity::find()
        .apply_if(filter.kind, |select, kind| select.filter(Column::Kind.eq(kind.as_str())))
        .apply_if(filter.team_id, |select, team| select.filter(Column::TeamId.eq(team.as_uuid())))
        .apply_if(filter.since, |select, since| {
            select.filter(Column::At.gte(since)).filter(Column::Id.gte(first_id_of(since.saturating_sub(ID_LAG))))
        })
        .apply_if(filter.until, |select, until| {
            select.filter(Column::At.lt(until)).filter(Column::Id.lt(first_id_of(until.saturating_add(ID_LAG))))
        })
        .apply_if(page.after(), |select, cursor| select.filter(Column::Id.lt(cursor.key())))
        .order_by_desc(Column::Id)
        .limit(u64::from(page.limit()) + 1)
}

#[async_trait]
impl<C: ConnectionTrait + Send + Sync> AuditLog for Store<C> {
    async fn append(&self, event: &AuditEvent) -> Result<(), Fault> {
        let row = ActiveModel {
            id: Set(event.id.as_uuid()),
            at: Set(event.at),
            kind: Set(event.kind.as_str().to_owned()),
            actor_id: Set(event.actor_id.map(UserId::as_uuid)),
            user_id: Set(event.user_id.map(UserId::as_uuid)),
            team_id: Set(event.team_id.map(TeamId::as_uuid)),
            network: Set(event.network.map(|network| network.to_string())),
            user_agent: Set(event.user_agent.clone()),
            request_id: Set(event.request_id.clone()),
            detail: Set(event.detail.clone()),
        };
        Entity::insert(row).exec_without_returning(&self.0).await.map_err(fault)?;
        Ok(())
    }

    async fn list(&self, filter: &AuditFilter, page: &PageRequest) -> Result<Page<AuditEvent>, Fault> {
        let rows = match filter.user_id {
            None => narrowed(filter, page).all(&self.0).await.map_err(fault)?,
            // Along one index each: over both, all that is kept of the account would be read and sorted for each page.
            Some(user) => {
                let mut rows = Vec::new();
                for whose in [Column::ActorId, Column::UserId] {
                    let of_user = narrowed(filter, page).filter(whose.eq(user.as_uuid()));
                    rows.extend(of_user.all(&self.0).await.map_err(fault)?);
                }
                rows.sort_unstable_by_key(|row| Reverse(row.id));
                rows.dedup_by_key(|row| row.id);
                rows
            }
        };
        let events = rows.into_iter().map(event).collect::<Result<_, _>>()?;
        Ok(Page::from_rows(events, page, |event: &AuditEvent| event.id.as_uuid()))
    }
}
