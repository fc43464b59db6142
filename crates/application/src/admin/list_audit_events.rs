//! Lists audit events, newest first, for superusers.

use countersign_domain::audit::AuditEvent;
use countersign_domain::audit::Origin;
use countersign_domain::page::Page;
use countersign_domain::page::PageRequest;

use crate::actor::Actor;
use crate::admin::guard::SuperuserError;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;
use crate::ports::audit_log::AuditFilter;

/// What to do.
#[derive(Clone, Debug)]
pub struct ListAuditEventsCommand {
    /// Which.
    pub filter: AuditFilter,
    /// Which part.
    pub page: PageRequest,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ListAuditEventsError {
    /// It takes a superuser.
    #[error(transparent)]
    Superuser(#[from] SuperuserError),
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ListAuditEventsError {
} via { Superuser, Internal } }

/// The use case.
#[derive(Clone)]
pub struct ListAuditEvents {}

impl ListAuditEvents {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Lists audit events, newest first, for superusers.
    pub async fn execute(
        &self,
        _actor: &Actor,
        _origin: &Origin,
        _command: ListAuditEventsCommand,
    ) -> Result<Page<AuditEvent>, ListAuditEventsError> {
        Err(Fault::internal("list_audit_events", "not built yet").into())
    }
}
