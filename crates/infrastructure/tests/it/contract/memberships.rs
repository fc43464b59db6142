//! Memberships.

use countersign_application::error::{Conflict, WriteError};
use countersign_application::ports::membership_repository::MembershipRepository;
use countersign_application::testing::{NOW, membership, team, user_id};
use countersign_domain::page::{Cursor, PageRequest};
use countersign_domain::team::membership::{Membership, MembershipStatus};
use countersign_domain::team::role::Role;
use time::Duration;

use crate::persistence::fresh::{Fresh, on_each};

/// Two accounts, three teams; the first account is in all of them, in the second awaiting verification.
async fn populate(fresh: &Fresh) {
    fresh.user(1).await;
    fresh.user(2).await;
    for n in 1..=3 {
        let team = fresh.team(n).await;
        let mut of_first = Membership { team_id: team.id, ..membership(1, Role::Admin) };
        if n == 2 {
            of_first.status = MembershipStatus::AwaitingVerification;
        }
        MembershipRepository::insert(&fresh.store(), &of_first).await.unwrap();
    }
    fresh.member(2, &team(1), Role::Member).await;
}

#[tokio::test]
async fn there_is_one_membership_for_each_pair() {
    on_each(|fresh| async move {
        populate(&fresh).await;
        let store = fresh.store();
        let memberships: &dyn MembershipRepository = &store;
        let stored = membership(1, Role::Admin);
        assert_eq!(memberships.find(user_id(1), team(1).id).await.unwrap(), Some(stored));
        assert_eq!(memberships.find(user_id(2), team(2).id).await.unwrap(), None);
        let refused = memberships.insert(&membership(1, Role::Member)).await;
        assert!(matches!(refused, Err(WriteError::Conflict(Conflict::MembershipExists))), "{refused:?}");
        assert_eq!(memberships.find(user_id(1), team(1).id).await.unwrap(), Some(stored));
    })
    .await;
}

#[tokio::test]
async fn role_and_status_change_and_a_removed_one_is_gone() {
    on_each(|fresh| async move {
        populate(&fresh).await;
        let store = fresh.store();
        let memberships: &dyn MembershipRepository = &store;
        let changed = Membership { status: MembershipStatus::AwaitingVerification, ..membership(2, Role::Admin) };
        assert!(memberships.update(&changed).await.unwrap());
        assert_eq!(memberships.find(user_id(2), team(1).id).await.unwrap(), Some(changed));
        assert_eq!(memberships.find(user_id(1), team(1).id).await.unwrap(), Some(membership(1, Role::Admin)));
        assert!(memberships.remove(user_id(2), team(1).id).await.unwrap());
        assert!(!memberships.remove(user_id(2), team(1).id).await.unwrap());
        assert!(!memberships.update(&changed).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn teams_of_an_account_are_paged_by_when_it_joined_and_not_by_their_age() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        let store = fresh.store();
        let memberships: &dyn MembershipRepository = &store;
        // The older the team, the later it was joined; the last two at the same moment.
        for (n, joined) in [(1, 3), (2, 3), (3, 2), (4, 1)] {
            let team = fresh.team(n).await;
            let joined_at = NOW + Duration::milliseconds(joined);
            let joined = Membership { team_id: team.id, joined_at, ..membership(1, Role::Member) };
            memberships.insert(&joined).await.unwrap();
        }
        let expected = [4, 3, 1, 2].map(|n| team(n).id);
        for limit in 1..=4 {
            let mut page = PageRequest::first(limit);
            let mut seen = vec![];
            loop {
                let found = memberships.list_by_user(user_id(1), &page).await.unwrap();
                seen.extend(found.items.iter().map(|item| item.team.id));
                let Some(next) = found.next else { break };
                page = page.starting(Cursor::parse(&next.encode()).unwrap());
            }
            assert_eq!(seen, expected, "{limit} a page");
            let active = memberships.list_active_by_user(user_id(1), limit).await.unwrap();
            assert_eq!(active.iter().map(|m| m.team_id).collect::<Vec<_>>(), expected[..usize::from(limit)]);
        }
        let left = memberships.list_by_user(user_id(1), &PageRequest::first(2)).await.unwrap();
        assert!(memberships.remove(user_id(1), team(3).id).await.unwrap());
        let rest = PageRequest::first(2).starting(left.next.unwrap());
        let rest = memberships.list_by_user(user_id(1), &rest).await.unwrap();
        let rest: Vec<_> = rest.items.iter().map(|item| item.team.id).collect();
        assert_eq!(rest, expected[2..], "what ended meanwhile is no hole in the list");
        let of_another_list = PageRequest::first(4).starting(Cursor::after(team(4).id.as_uuid()));
        assert_eq!(memberships.list_by_user(user_id(1), &of_another_list).await.unwrap().items.len(), 3);
    })
    .await;
}

#[tokio::test]
async fn teams_of_an_account_are_paged_with_what_it_is_there() {
    on_each(|fresh| async move {
        populate(&fresh).await;
        let store = fresh.store();
        let memberships: &dyn MembershipRepository = &store;
        let first = memberships.list_by_user(user_id(1), &PageRequest::first(2)).await.unwrap();
        let ids: Vec<_> = first.items.iter().map(|item| (item.team.id, item.membership.team_id)).collect();
        assert_eq!(ids, [1, 2].map(|n| (team(n).id, team(n).id)));
        assert_eq!(first.items[1].membership.status, MembershipStatus::AwaitingVerification);
        let next = PageRequest::parse(None, first.next.map(Cursor::encode).as_deref()).unwrap();
        let second = memberships.list_by_user(user_id(1), &next).await.unwrap();
        assert_eq!(second.items.iter().map(|item| item.team.id).collect::<Vec<_>>(), [team(3).id]);
        assert_eq!(second.next, None);
    })
    .await;
}

#[tokio::test]
async fn only_active_memberships_are_listed_for_a_token() {
    on_each(|fresh| async move {
        populate(&fresh).await;
        let store = fresh.store();
        let memberships: &dyn MembershipRepository = &store;
        let active = memberships.list_active_by_user(user_id(1), 10).await.unwrap();
        assert_eq!(active.iter().map(|m| m.team_id).collect::<Vec<_>>(), [team(1).id, team(3).id]);
        assert_eq!(memberships.list_active_by_user(user_id(1), 1).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn members_of_a_team_are_paged_with_their_names() {
    on_each(|fresh| async move {
        populate(&fresh).await;
        let store = fresh.store();
        let memberships: &dyn MembershipRepository = &store;
        let first = memberships.list_by_team(team(1).id, &PageRequest::first(1)).await.unwrap();
        assert_eq!(first.items[0].membership, membership(1, Role::Admin));
        assert_eq!(first.items[0].email.as_str(), "user1@example.com");
        let next = PageRequest::parse(None, first.next.map(Cursor::encode).as_deref()).unwrap();
        let second = memberships.list_by_team(team(1).id, &next).await.unwrap();
        assert_eq!(second.items.iter().map(|m| m.membership.user_id).collect::<Vec<_>>(), [user_id(2)]);
        assert_eq!(second.next, None);
    })
    .await;
}

#[tokio::test]
async fn awaiting_memberships_are_activated_or_removed_together() {
    on_each(|fresh| async move {
        populate(&fresh).await;
        let store = fresh.store();
        let memberships: &dyn MembershipRepository = &store;
        assert_eq!(memberships.activate_awaiting(user_id(2)).await.unwrap(), []);
        assert_eq!(memberships.activate_awaiting(user_id(1)).await.unwrap(), [team(2).id]);
        let mut again = memberships.find(user_id(1), team(2).id).await.unwrap().unwrap();
        assert!(again.is_active_admin());
        assert_eq!(memberships.remove_awaiting(user_id(1)).await.unwrap(), []);
        again.status = MembershipStatus::AwaitingVerification;
        memberships.update(&again).await.unwrap();
        assert_eq!(memberships.remove_awaiting(user_id(1)).await.unwrap(), [team(2).id]);
        assert_eq!(memberships.list_active_by_user(user_id(1), 10).await.unwrap().len(), 2);
    })
    .await;
}
