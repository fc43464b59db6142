//! Who a team can lose.

use countersign_application::ports::listings::Listings;
use countersign_application::ports::membership_repository::MembershipRepository;
use countersign_application::ports::roster_repository::RosterRepository;
use countersign_application::ports::user_repository::UserRepository;
use countersign_application::testing::{NOW, membership, team, user_id};
use countersign_domain::team::membership::{Membership, MembershipStatus};
use countersign_domain::team::role::Role;
use time::Duration;

use crate::persistence::fresh::{Fresh, on_each};

async fn deactivate(fresh: &Fresh, n: u64) {
    let mut user = UserRepository::find_by_id(&fresh.store(), user_id(n)).await.unwrap().unwrap();
    user.deactivate(NOW + Duration::milliseconds(1));
    UserRepository::update(&fresh.store(), &user).await.unwrap();
}

async fn accounts(fresh: &Fresh, count: u64) {
    for n in 1..=count {
        fresh.user(n).await;
    }
}

async fn awaiting(fresh: &Fresh, n: u64, role: Role) {
    let awaiting = Membership { status: MembershipStatus::AwaitingVerification, ..membership(n, role) };
    MembershipRepository::insert(&fresh.store(), &awaiting).await.unwrap();
}

#[tokio::test]
async fn the_teams_that_only_others_are_in_are_administered_by_nobody() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let listings: &dyn Listings = &store;
        accounts(&fresh, 4).await;
        let [one, two, three] = [fresh.team(1).await, fresh.team(2).await, fresh.team(3).await];
        awaiting(&fresh, 1, Role::Admin).await;
        fresh.member(2, &one, Role::Member).await;
        fresh.member(3, &one, Role::Admin).await;
        deactivate(&fresh, 3).await;
        fresh.member(2, &two, Role::Admin).await;
        fresh.member(4, &two, Role::Admin).await;
        assert_eq!(listings.administered(&[one.id, two.id, three.id]).await.unwrap(), [two.id]);
        assert_eq!(listings.administered(&[one.id]).await.unwrap(), []);
        assert_eq!(listings.administered(&[]).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn the_admins_of_a_team_are_named_whether_or_not_they_count() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let listings: &dyn Listings = &store;
        accounts(&fresh, 5).await;
        let [one, two] = [fresh.team(1).await, fresh.team(2).await];
        fresh.member(2, &one, Role::Admin).await;
        fresh.member(3, &one, Role::Member).await;
        awaiting(&fresh, 4, Role::Admin).await;
        fresh.member(1, &one, Role::Admin).await;
        fresh.member(5, &two, Role::Admin).await;
        deactivate(&fresh, 2).await;
        let ids = async |limit| {
            let admins = listings.admins(one.id, limit).await.unwrap();
            admins.into_iter().map(|admin| admin.membership.user_id).collect::<Vec<_>>()
        };
        assert_eq!(ids(50).await, [user_id(1), user_id(2), user_id(4)]);
        assert_eq!(ids(2).await, [user_id(1), user_id(2)]);
    })
    .await;
}

#[tokio::test]
async fn only_active_admins_with_active_accounts_count() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let roster: &dyn RosterRepository = &store;
        accounts(&fresh, 5).await;
        let team = fresh.team(1).await;
        fresh.member(1, &team, Role::Admin).await;
        fresh.member(2, &team, Role::Admin).await;
        fresh.member(3, &team, Role::Member).await;
        awaiting(&fresh, 4, Role::Admin).await;
        fresh.member(5, &team, Role::Admin).await;
        deactivate(&fresh, 5).await;
        assert!(roster.has_admin_besides(team.id, user_id(1)).await.unwrap());
        assert!(roster.has_member_besides(team.id, user_id(1)).await.unwrap());
        MembershipRepository::remove(&store, user_id(2), team.id).await.unwrap();
        assert!(!roster.has_admin_besides(team.id, user_id(1)).await.unwrap());
        assert!(roster.has_admin_besides(team.id, user_id(9)).await.unwrap());
        assert!(roster.has_member_besides(team.id, user_id(1)).await.unwrap());
        let alone = fresh.team(2).await;
        fresh.member(1, &alone, Role::Admin).await;
        assert!(!roster.has_member_besides(alone.id, user_id(1)).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn the_longest_standing_active_member_takes_over() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let roster: &dyn RosterRepository = &store;
        accounts(&fresh, 5).await;
        let team = fresh.team(1).await;
        fresh.member(1, &team, Role::Admin).await;
        for (n, joined) in [(2, 3), (3, 2), (4, 1)] {
            let joined_at = NOW + Duration::milliseconds(joined);
            let member = Membership { joined_at, ..membership(n, Role::Member) };
            MembershipRepository::insert(&store, &member).await.unwrap();
        }
        awaiting(&fresh, 5, Role::Member).await;
        deactivate(&fresh, 4).await;
        let next = roster.longest_standing_besides(team.id, user_id(1)).await.unwrap();
        assert_eq!(next.map(|m| m.user_id), Some(user_id(3)));
        let alone = fresh.team(2).await;
        fresh.member(1, &alone, Role::Admin).await;
        assert_eq!(roster.longest_standing_besides(alone.id, user_id(1)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn teams_are_told_apart_by_what_they_lose_with_an_account() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let roster: &dyn RosterRepository = &store;
        accounts(&fresh, 3).await;
        deactivate(&fresh, 3).await;
        let members: [&[(u64, Role)]; 6] = [
            &[(1, Role::Admin)],
            &[(1, Role::Admin), (2, Role::Member)],
            &[(1, Role::Admin), (2, Role::Admin)],
            &[(1, Role::Member), (2, Role::Admin)],
            &[(2, Role::Admin)],
            &[(1, Role::Admin), (3, Role::Admin)],
        ];
        for (n, members) in (1..).zip(members) {
            let team = fresh.team(n).await;
            for (user, role) in members {
                fresh.member(*user, &team, *role).await;
            }
        }
        assert_eq!(roster.lock_teams_of(user_id(1)).await.unwrap(), [1, 2, 3, 4, 6].map(|n| team(n).id));
        assert_eq!(roster.teams_only_of(user_id(1)).await.unwrap(), [team(1).id]);
        assert_eq!(roster.teams_depending_on(user_id(1)).await.unwrap(), [2, 6].map(|n| team(n).id));
        assert_eq!(roster.teams_depending_on(user_id(2)).await.unwrap(), [team(4).id]);
    })
    .await;
}
