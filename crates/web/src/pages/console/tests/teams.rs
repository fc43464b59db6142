//! Teams in the console.

use countersign_application::testing::{Mocks, Written, membership, team, user, user_id};
use countersign_domain::audit::AuditKind;
use countersign_domain::page::{Cursor, Page};
use countersign_domain::team::membership::{Member, Membership, MembershipStatus};
use countersign_domain::team::role::Role;
use countersign_domain::user::User;

use crate::pages::console::tests::{locked, show, submit, superuser};

#[actix_web::test]
async fn teams_are_searched_and_lead_to_what_can_be_done() {
    let mut mocks = superuser();
    mocks.listings.expect_teams().times(1).returning(|search, _| {
        assert_eq!(search.as_deref(), Some("eng"));
        Ok(Page { items: vec![team(1), team(2)], next: None })
    });
    mocks.listings.expect_administered().returning(|_| Ok(vec![team(2).id]));
    let answer = show(mocks, "/console/teams?q=eng").await;
    assert_eq!(answer.text.matches(">no admin</span>").count(), 1, "{}", answer.text);
    assert!(!answer.text.contains(&format!("{}/admin\"", team(2).id)), "its admins appoint others");
    assert!(answer.text.contains(&format!("href=\"../console/teams/{}/admin\"", team(1).id)), "{}", answer.text);
    assert!(answer.text.contains(&format!("href=\"../console/audit?team_id={}\"", team(1).id)));
    let mut mocks = superuser();
    mocks.listings.expect_teams().returning(|_, _| Ok(Page { items: vec![], next: None }));
    mocks.listings.expect_administered().returning(|_| Ok(vec![]));
    assert!(show(mocks, "/console/teams").await.text.contains("There are no teams here."));
}

fn appointing() -> String {
    format!("/console/teams/{}/admin", team(1).id)
}

/// A superuser's look at the first team, which that superuser is not in.
fn looking_at_team(members: Vec<Member>, has_admin: bool) -> Mocks {
    let mut mocks = superuser();
    mocks.teams.expect_find_by_id().returning(|id| Ok(Some(team(1)).filter(|team| team.id == id)));
    mocks.listings.expect_administered().returning(move |teams| Ok(if has_admin { teams.to_vec() } else { vec![] }));
    let admins: Vec<_> = members.iter().filter(|member| member.membership.role == Role::Admin).cloned().collect();
    mocks.listings.expect_admins().returning(move |_, _| Ok(admins.clone()));
    mocks.listings.expect_pending_invitations().returning(|_, _| Ok(17));
    let next = Cursor::after(user_id(3).as_uuid());
    mocks.memberships.expect_list_by_team().returning(move |id, _| {
        assert_eq!(id, team(1).id);
        Ok(Page { items: members.clone(), next: Some(next) })
    });
    mocks
}

fn listed(n: u64, role: Role) -> Member {
    let User { email, first_name, last_name, .. } = user(n);
    Member { membership: membership(n, role), email, first_name, last_name }
}

#[actix_web::test]
async fn a_team_shows_its_members_its_admins_and_what_is_on_its_way() {
    let path = format!("/console/teams/{}", team(1).id);
    let members = vec![listed(2, Role::Admin), listed(3, Role::Member)];
    let answer = show(looking_at_team(members.clone(), true), &path).await;
    assert_eq!(answer.status, 200);
    let account = |n| format!("<a href=\"../../console/users/{}\">Firstname Surname</a>", user_id(n));
    assert_eq!(answer.text.matches(&account(2)).count(), 2, "as admin and as member: {}", answer.text);
    assert_eq!(answer.text.matches(&account(3)).count(), 1, "{}", answer.text);
    let next = format!("{}?cursor={}\"", &path[1..], Cursor::after(user_id(3).as_uuid()).encode());
    for shown in ["<h1>Engines</h1>", "<dd>17</dd>", "user3@example.com", &next] {
        assert!(answer.text.contains(shown), "{shown}: {}", answer.text);
    }
    assert!(!answer.text.contains("/admin\""), "its admins appoint others: {}", answer.text);
    let mut awaiting = listed(4, Role::Member);
    awaiting.membership.status = MembershipStatus::AwaitingVerification;
    let frozen = show(looking_at_team([members, vec![awaiting]].concat(), false), &path).await;
    assert!(frozen.text.contains(">no admin</span>"), "{}", frozen.text);
    let offered = format!("/admin?member={}\" aria-label=\"Make admin: ", user_id(3));
    assert!(frozen.text.contains(&offered), "{}", frozen.text);
    assert_eq!(frozen.text.matches("?member=").count(), 1, "nobody else would count: {}", frozen.text);
    assert_eq!(show(looking_at_team(vec![], true), &format!("/console/teams/{}", team(2).id)).await.status, 404);
}

/// The first team, and in it the second account.
fn with_team(member: Option<Membership>, has_admin: bool) -> (Mocks, Written) {
    let mut mocks = looking_at_team(vec![], has_admin);
    mocks.users.expect_find_by_email().returning(|email| Ok(Some(user(2)).filter(|user| user.email == *email)));
    let mut uow = locked(&user(2));
    uow.hold_team(&member.into_iter().collect::<Vec<_>>());
    uow.roster.expect_has_admin_besides().returning(move |_, _| Ok(has_admin));
    uow.memberships.expect_update().returning(|_| Ok(true));
    let written = mocks.stage(uow);
    (mocks, written)
}

#[actix_web::test]
async fn a_member_is_appointed_by_address_or_id() {
    for typed in ["user2@example.com".to_owned(), format!(" {} ", user_id(2))] {
        let (mocks, written) = with_team(Some(membership(2, Role::Member)), false);
        let answer = submit(mocks, &appointing(), &[("member", &typed)]).await;
        let location = answer.header("location");
        let team = format!("../../../console/teams/{}?done=admin_appointed", team(1).id);
        assert_eq!(location, Some(&*team), "{}", answer.text);
        assert_eq!(written.audited(), [AuditKind::AdminAppointed]);
    }
}

#[actix_web::test]
async fn whoever_is_chosen_from_the_list_is_asked_about_once_more() {
    let (mocks, _) = with_team(None, false);
    let answer = show(mocks, &format!("{}?member={}", appointing(), user_id(2))).await;
    assert_eq!(answer.status, 200);
    let chosen = format!("<input type=\"hidden\" name=\"member\" value=\"{}\">", user_id(2));
    for shown in
        ["<h1>Appoint an admin: Engines</h1>", "user2@example.com", &chosen, ">Make this member admin</button>"]
    {
        assert!(answer.text.contains(shown), "{shown}: {}", answer.text);
    }
    assert!(!answer.text.contains("<label for=\"member\">"), "{}", answer.text);
    let (mocks, _) = with_team(None, false);
    let answer = show(mocks, &format!("{}?member=nobody", appointing())).await;
    assert!(answer.text.contains("<label for=\"member\">"), "{}", answer.text);
}

#[actix_web::test]
async fn who_cannot_be_appointed_is_told_and_what_was_typed_stays() {
    let (mocks, _) = with_team(None, false);
    let answer = show(mocks, &appointing()).await;
    assert!(answer.text.contains("<h1>Appoint an admin: Engines</h1>"), "{}", answer.text);
    for (member, has_admin, status, told) in [
        (None, false, 422, "No active member of this team"),
        (Some(membership(2, Role::Member)), true, 409, "The team has an admin"),
    ] {
        let (mocks, written) = with_team(member, has_admin);
        let answer = submit(mocks, &appointing(), &[("member", "user2@example.com")]).await;
        assert_eq!(answer.status, status);
        for shown in [told, "value=\"user2@example.com\"", "role=\"alert\""] {
            assert!(answer.text.contains(shown), "{shown}: {}", answer.text);
        }
        assert!(!written.committed());
    }
    let (mocks, _) = with_team(None, false);
    assert_eq!(submit(mocks, &appointing(), &[("member", "nobody")]).await.status, 422);
    let elsewhere = format!("/console/teams/{}/admin", team(2).id);
    assert_eq!(show(looking_at_team(vec![], false), &elsewhere).await.status, 404);
}
