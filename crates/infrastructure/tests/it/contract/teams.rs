//! Teams.

use countersign_application::ports::invitation_repository::InvitationRepository;
use countersign_application::ports::listings::Listings;
use countersign_application::ports::membership_repository::MembershipRepository;
use countersign_application::ports::team_repository::TeamRepository;
use countersign_application::ports::user_repository::UserRepository;
use countersign_application::testing::{NOW, invitation, team, user_id};
use countersign_domain::name::{Description, TeamName};
use countersign_domain::page::{Cursor, PageRequest};
use countersign_domain::team::TeamChange;
use countersign_domain::team::role::Role;
use time::Duration;

use crate::persistence::fresh::on_each;

#[tokio::test]
async fn a_team_reads_back_as_it_was_stored() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let teams: &dyn TeamRepository = &store;
        fresh.user(1).await;
        let mut team = team(1);
        team.description = Description::parse("of analysis").unwrap();
        teams.insert(&team).await.unwrap();
        assert_eq!(teams.find_by_id(team.id).await.unwrap().as_ref(), Some(&team));
        assert_eq!(teams.lock(team.id).await.unwrap(), Some(team));
        assert_eq!(teams.find_by_id(fresh.team(2).await.id).await.unwrap().unwrap().created_by, None);
        assert_eq!(teams.count_created_by(user_id(1)).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_team_is_locked_with_the_place_of_a_member_in_it() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        fresh.user(2).await;
        let [one, two] = [fresh.team(1).await, fresh.team(2).await];
        fresh.member(1, &two, Role::Admin).await;
        fresh.member(2, &one, Role::Admin).await;
        let membership = fresh.member(1, &one, Role::Member).await;
        let uow = fresh.begin().await;
        assert_eq!(uow.teams().lock_with_membership(one.id, user_id(1)).await.unwrap(), Some((one, membership)));
        assert_eq!(uow.teams().lock_with_membership(two.id, user_id(2)).await.unwrap(), None);
        assert_eq!(uow.teams().lock_with_membership(team(3).id, user_id(1)).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn several_are_found_by_one_statement() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let teams: &dyn TeamRepository = &store;
        let [one, two] = [fresh.team(1).await, fresh.team(2).await];
        fresh.team(3).await;
        let before = fresh.database().statements().statements();
        let mut found = teams.find_many(&[two.id, team(9).id, one.id]).await.unwrap();
        assert_eq!(fresh.database().statements().statements() - before, 1);
        found.sort_by_key(|team| team.id);
        assert_eq!(found, [one, two]);
        assert_eq!(teams.find_many(&[]).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn an_update_stores_name_and_description() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let teams: &dyn TeamRepository = &store;
        let mut changed = fresh.team(1).await;
        let name = TeamName::parse("Looms").unwrap();
        let change = TeamChange { name: Some(name), description: Some(Description::parse("new").unwrap()) };
        changed.change(change, NOW + Duration::milliseconds(1));
        assert!(teams.update(&changed).await.unwrap());
        assert_eq!(teams.find_by_id(changed.id).await.unwrap(), Some(changed));
        assert!(!teams.update(&team(9)).await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn removing_a_team_takes_memberships_and_invitations_along() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let teams: &dyn TeamRepository = &store;
        fresh.user(1).await;
        let team = fresh.team(1).await;
        fresh.member(1, &team, Role::Admin).await;
        let invitation = invitation("a@example.com", Role::Member);
        InvitationRepository::insert(&store, &invitation).await.unwrap();
        assert!(teams.remove(team.id).await.unwrap());
        assert!(!teams.remove(team.id).await.unwrap());
        assert_eq!(MembershipRepository::find(&store, user_id(1), team.id).await.unwrap(), None);
        assert_eq!(InvitationRepository::find_by_digest(&store, &invitation.digest).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn a_team_outlives_its_creator_unchanged() {
    on_each(|fresh| async move {
        let store = fresh.store();
        fresh.user(1).await;
        TeamRepository::insert(&store, &team(1)).await.unwrap();
        UserRepository::remove(&store, user_id(1)).await.unwrap();
        let left = TeamRepository::find_by_id(&store, team(1).id).await.unwrap().unwrap();
        assert_eq!((left.created_by, left.updated_at), (None, NOW));
    })
    .await;
}

#[tokio::test]
async fn teams_are_searched_and_paged() {
    on_each(|fresh| async move {
        let store = fresh.store();
        let listings: &dyn Listings = &store;
        for n in 1..=3 {
            fresh.team(n).await;
        }
        let first = listings.teams(Some("ENGIN".to_owned()), &PageRequest::first(2)).await.unwrap();
        assert_eq!(first.items.iter().map(|t| t.id).collect::<Vec<_>>(), [team(1).id, team(2).id]);
        let rest = PageRequest::parse(None, first.next.map(Cursor::encode).as_deref()).unwrap();
        let second = listings.teams(None, &rest).await.unwrap();
        assert_eq!(second.items.iter().map(|t| t.id).collect::<Vec<_>>(), [team(3).id]);
        assert_eq!(second.next, None);
    })
    .await;
}
