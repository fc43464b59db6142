//! The audit trail.

mod listed;

use async_trait::async_trait;
use countersign_application::error::Fault;
use countersign_application::ports::audit_log::{AuditFilter, AuditLog};
use countersign_domain::audit::{AuditEvent, AuditKind};
use countersign_domain::ids::{AuditEventId, TeamId, UserId};
use countersign_domain::network::Network;
use countersign_domain::page::{Page, PageRequest};
use sea_orm::{ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, Set};

use crate::persistence::audit_log::listed::{WINDOW, listed};
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

impl<C: ConnectionTrait> Store<C> {
    /// [`AuditLog::list`], looking through so many events of an index for a page.
    pub async fn audit_events_within(
        &self,
        window: u32,
        filter: &AuditFilter,
        page: &PageRequest,
    ) -> Result<Page<AuditEvent>, Fault> {
        let Page { items, next } = listed(&self.0, filter, page, window).await.map_err(fault)?;
        Ok(Page { items: items.into_iter().map(event).collect::<Result<_, _>>()?, next })
    }
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
        self.audit_events_within(WINDOW, filter, page).await
    }
}
