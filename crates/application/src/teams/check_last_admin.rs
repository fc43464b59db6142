//! Whether a team would be left without an admin.

use std::sync::Arc;

use countersign_domain::team::membership::Membership;

use crate::dependencies::Dependencies;
use crate::error::Fault;
use crate::ports::roster_repository::RosterRepository;
use crate::teams::last_admin::is_last_admin;

/// The use case.
#[derive(Clone)]
pub struct CheckLastAdmin {
    roster: Arc<dyn RosterRepository>,
}

impl CheckLastAdmin {
    /// Takes the ports it calls.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self { roster: Arc::clone(&dependencies.roster) }
    }

    /// Whether the team would have no admin if this membership, the actor's own, ended or lost its role: so that it is
    /// told before it is tried. Nothing is decided by it; leaving asks again under the team's lock.
    pub async fn execute(&self, membership: &Membership) -> Result<bool, Fault> {
        is_last_admin(&*self.roster, membership).await
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::team::membership::MembershipStatus;
    use countersign_domain::team::role::Role;

    use super::*;
    use crate::testing::{Mocks, membership};

    async fn check(members: &[Membership]) -> bool {
        let mut mocks = Mocks::default();
        mocks.hold_team(members);
        CheckLastAdmin::new(&mocks.into_dependencies()).execute(&members[0]).await.unwrap()
    }

    #[tokio::test]
    async fn an_admin_is_the_last_where_no_other_counts() {
        let mut awaiting = membership(2, Role::Admin);
        awaiting.status = MembershipStatus::AwaitingVerification;
        let admin = membership(1, Role::Admin);
        for others in [vec![], vec![membership(2, Role::Member)], vec![awaiting]] {
            assert!(check(&[vec![admin], others].concat()).await);
        }
        assert!(!check(&[admin, membership(2, Role::Admin)]).await);
    }

    #[tokio::test]
    async fn who_is_no_admin_is_never_the_last() {
        assert!(!check(&[membership(1, Role::Member)]).await);
    }
}
