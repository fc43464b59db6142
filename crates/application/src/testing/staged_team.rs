//! A team with members, behind the gate of a use case and under its locks.

use countersign_domain::team::Team;
use countersign_domain::team::membership::Membership;

use crate::testing::fixtures::{team, user};
use crate::testing::mocks::Mocks;
use crate::testing::unit_of_work::StagedUnitOfWork;

impl Mocks {
    /// The first team with these members: what the gate before a use case sees.
    pub fn hold_team(&mut self, members: &[Membership]) {
        let members = members.to_vec();
        self.teams.expect_find_by_id().returning(|id| Ok(Some(team(1)).filter(|team| team.id == id)));
        let admins: Vec<_> = members.iter().copied().filter(Membership::is_active_admin).collect();
        self.roster
            .expect_has_admin_besides()
            .returning(move |team, user| Ok(find(&admins, |m| m.team_id == team && m.user_id != user).is_some()));
        self.memberships
            .expect_find()
            .returning(move |user, team| Ok(find(&members, |m| m.user_id == user && m.team_id == team)));
    }
}

impl StagedUnitOfWork {
    /// The first team with these members, and the first nine accounts with a session each: what counts once the locks are
    /// taken.
    pub fn hold_team(&mut self, members: &[Membership]) {
        self.hold_sessions();
        self.hold_team_as(team(1), members);
    }

    /// The same as it was changed meanwhile, and no sessions.
    pub fn hold_team_as(&mut self, team: Team, members: &[Membership]) {
        let members = members.to_vec();
        let (locked, joined) = (team.clone(), members.clone());
        self.teams.expect_lock_with_membership().returning(move |id, user| {
            let membership = find(&joined, |m| m.user_id == user && m.team_id == id);
            Ok(membership.filter(|_| locked.id == id).map(|membership| (locked.clone(), membership)))
        });
        self.teams.expect_lock().returning(move |id| Ok(Some(team.clone()).filter(|team| team.id == id)));
        self.memberships
            .expect_find()
            .returning(move |user, team| Ok(find(&members, |m| m.user_id == user && m.team_id == team)));
        self.users.expect_find_by_id().returning(|id| Ok((1..10).map(user).find(|user| user.id == id)));
    }
}

fn find(members: &[Membership], is: impl Fn(&Membership) -> bool) -> Option<Membership> {
    members.iter().copied().find(|m| is(m))
}
