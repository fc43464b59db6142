//! Gives the actor everything held about it (GDPR Art. 15 and 20).

use countersign_domain::audit::AuditEvent;
use countersign_domain::audit::Origin;
use countersign_domain::session::Session;
use countersign_domain::team::membership::TeamMembership;
use countersign_domain::user::User;
use time::OffsetDateTime;

use crate::actor::Actor;
use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::error::classify;

/// Everything held about an account but its secrets.
#[derive(Clone, Debug)]
pub struct AccountExport {
    /// The account.
    pub user: User,
    /// Its teams, all of them.
    pub teams: Vec<TeamMembership>,
    /// Its live sessions.
    pub sessions: Vec<Session>,
    /// Networks it signed in from, with the last time.
    pub sign_in_networks: Vec<(String, OffsetDateTime)>,
    /// Audit events by or about it, oldest first.
    pub audit_events: Vec<AuditEvent>,
    /// When this was put together.
    pub exported_at: OffsetDateTime,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum ExportAccountError {
    /// It could not be done.
    #[error(transparent)]
    Internal(#[from] Fault),
}

classify! { ExportAccountError {
} via { Internal } }

/// The use case.
#[derive(Clone)]
pub struct ExportAccount {}

impl ExportAccount {
    /// Takes the ports it calls.
    pub fn new(_dependencies: &Dependencies) -> Self {
        Self {}
    }

    /// Gives the actor everything held about it (GDPR Art. 15 and 20).
    pub async fn execute(&self, _actor: &Actor, _origin: &Origin) -> Result<AccountExport, ExportAccountError> {
        Err(Fault::internal("export_account", "not built yet").into())
    }
}
