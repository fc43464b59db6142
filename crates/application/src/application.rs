//! All use cases, wired.

use crate::account::Account;
use crate::admin::Admin;
use crate::admin::guard::SuperuserGuard;
use crate::auth::Auth;
use crate::dependencies::Dependencies;
use crate::health::CheckReadiness;
use crate::keys::Keys;
use crate::mail::deliver_outbox::DeliverOutbox;
use crate::mail::housekeeping::KeepHouse;
use crate::teams::Teams;
use crate::teams::access::TeamAccess;

/// The facade: one field for each area, one field of those for each use case.
#[derive(Clone)]
pub struct Application {
    /// Registration, signing in and out, verification, reset.
    pub auth: Auth,
    /// What the owner of an account does with it.
    pub account: Account,
    /// Teams, members, invitations.
    pub teams: Teams,
    /// What superusers do.
    pub admin: Admin,
    /// Signing keys.
    pub keys: Keys,
    /// Whether the actor may do something in a team: the gate for adapters.
    pub team_access: TeamAccess,
    /// Whether the actor is a superuser: the gate of everything under `/admin`.
    pub superuser_guard: SuperuserGuard,
    /// Sends what waits in the outbox; called by a worker.
    pub deliver_outbox: DeliverOutbox,
    /// Purges what is no longer needed; called now and then.
    pub keep_house: KeepHouse,
    /// Whether the dependencies answer.
    pub check_readiness: CheckReadiness,
}

impl Application {
    /// Wires every use case from these dependencies.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            auth: Auth::new(dependencies),
            account: Account::new(dependencies),
            teams: Teams::new(dependencies),
            admin: Admin::new(dependencies),
            keys: Keys::new(dependencies),
            team_access: TeamAccess::new(dependencies),
            superuser_guard: SuperuserGuard::new(dependencies),
            deliver_outbox: DeliverOutbox::new(dependencies),
            keep_house: KeepHouse::new(dependencies),
            check_readiness: CheckReadiness::new(dependencies),
        }
    }
}
