use actix_web::test::TestRequest;
use countersign_application::testing::{Mocks, StagedUnitOfWork, Written, membership, team, user, user_id};
use countersign_domain::audit::{AuditEvent, AuditKind, Origin};
use countersign_domain::ids::AuditEventId;
use countersign_domain::page::{Cursor, Page};
use countersign_domain::team::membership::{Member, Membership, MembershipStatus, TeamMembership};
use countersign_domain::team::role::Role;
use countersign_domain::user::User;
use time::macros::datetime;
use uuid::Uuid;

use crate::testing::{Answer, FORM_TOKEN, call, in_browser, sign_in};

fn root() -> User {
    User { is_superuser: true, ..user(1) }
}

/// The first account is a superuser and signed in; the second is this one.
fn beside(second: &User) -> Mocks {
    let mut mocks = Mocks::default();
    sign_in(&mut mocks, &root());
    mocks.users.checkpoint();
    let accounts = [root(), second.clone()];
    mocks.users.expect_find_by_id().returning(move |id| Ok(accounts.iter().find(|account| account.id == id).cloned()));
    mocks
}

fn superuser() -> Mocks {
    beside(&user(2))
}

/// What is locked for a change of this account.
fn locked(second: &User) -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    let accounts = [root(), second.clone()];
    uow.users.expect_lock().returning(move |id| Ok(accounts.iter().find(|account| account.id == id).cloned()));
    uow
}

/// Templates write what they are given with its slashes escaped.
fn readable(answer: Answer) -> Answer {
    Answer { text: answer.text.replace("&#x2f;", "/"), ..answer }
}

async fn show(mocks: Mocks, uri: &str) -> Answer {
    readable(call(mocks, in_browser(TestRequest::get().uri(uri))).await)
}

async fn submit(mocks: Mocks, uri: &str, form: &[(&str, &str)]) -> Answer {
    let form = [&[("form_token", FORM_TOKEN)], form].concat();
    readable(call(mocks, in_browser(TestRequest::post().uri(uri).set_form(form))).await)
}

fn of_second(rest: &str) -> String {
    format!("/console/users/{}{rest}", user_id(2))
}

#[actix_web::test]
async fn the_console_is_in_the_navigation_of_superusers_alone() {
    let answer = show(superuser(), "/account").await;
    assert!(answer.text.contains("<a href=\"console\">Console</a>"), "{}", answer.text);
    let mut mocks = Mocks::default();
    sign_in(&mut mocks, &user(1));
    assert!(!show(mocks, "/account").await.text.contains("Console"));
    let answer = show(superuser(), "/console").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("./console/users")));
}

#[actix_web::test]
async fn accounts_are_searched_and_their_marks_shown() {
    let mut mocks = superuser();
    mocks.listings.expect_users().times(1).returning(|search, _| {
        assert_eq!(search.as_deref(), Some("a & b"));
        let marked = User { is_active: false, email_verified: false, is_superuser: true, ..user(2) };
        Ok(Page { items: vec![marked, user(3)], next: Some(Cursor::after(Uuid::from_u128(7))) })
    });
    let answer = show(mocks, "/console/users?q=a+%26+b&done=user_deleted").await;
    assert_eq!(answer.status, 200);
    for mark in ["inactive", "not verified", "superuser"] {
        assert_eq!(answer.text.matches(&format!(">{mark}</span>")).count(), 1, "{mark}: {}", answer.text);
    }
    assert!(answer.text.contains(&format!("href=\"../console/users/{}\"", user_id(3))), "{}", answer.text);
    assert!(answer.text.contains("value=\"a &amp; b\""), "{}", answer.text);
    let cursor = Cursor::after(Uuid::from_u128(7)).encode();
    assert!(answer.text.contains(&format!("?q=a%20%26%20b&amp;cursor={cursor}\"")), "{}", answer.text);
    assert!(!answer.text.contains("First page"));
}

#[actix_web::test]
async fn the_last_page_leads_to_the_first_and_an_empty_search_finds_all() {
    let mut mocks = superuser();
    mocks.listings.expect_users().returning(|search, page| {
        assert_eq!((search, page.after()), (None, Some(Cursor::after(Uuid::from_u128(7)))));
        Ok(Page { items: vec![user(2)], next: None })
    });
    let cursor = Cursor::after(Uuid::from_u128(7)).encode();
    let answer = show(mocks, &format!("/console/users?q=&cursor={cursor}")).await;
    assert!(answer.text.contains("href=\"../console/users\">First page</a>"), "{}", answer.text);
    assert!(!answer.text.contains("Next page"));
}

#[actix_web::test]
async fn what_matches_nothing_and_what_cannot_be_searched_for_is_told() {
    let mut mocks = superuser();
    mocks.listings.expect_users().returning(|_, _| Ok(Page { items: vec![], next: None }));
    let answer = show(mocks, "/console/users?q=nobody").await;
    assert!(answer.text.contains("class=\"empty\"") && answer.text.contains("No account matches."), "{}", answer.text);
    for list in ["users", "teams"] {
        let typed = "x".repeat(255);
        let answer = show(superuser(), &format!("/console/{list}?q={typed}")).await;
        assert_eq!(answer.status, 422);
        for shown in ["id=\"q-error\"", "role=\"alert\"", &*format!("value=\"{typed}\"")] {
            assert!(answer.text.contains(shown), "{shown}: {}", answer.text);
        }
        assert!(!answer.text.contains("class=\"empty\""));
        let answer = show(superuser(), &format!("/console/{list}?cursor=x")).await;
        assert!(answer.text.contains("The cursor is not one of this service"), "{}", answer.text);
    }
}

#[actix_web::test]
async fn a_search_that_goes_on_says_how_far_it_got_and_not_that_nothing_matches() {
    // Of the 2nd of January 2026, 03:04:05.
    let reached = Uuid::parse_str("019b7ca9-8c88-7000-8000-000000000000").unwrap();
    for (list, items) in [("users", 0), ("users", 1), ("teams", 0), ("teams", 1)] {
        let mut mocks = superuser();
        let next = Some(Cursor::after(reached));
        mocks.listings.expect_users().returning(move |_, _| Ok(Page { items: vec![user(2); items], next }));
        mocks.listings.expect_teams().returning(move |_, _| Ok(Page { items: vec![team(1); items], next }));
        mocks.listings.expect_administered().returning(|_| Ok(vec![]));
        let answer = show(mocks, &format!("/console/{list}?q=late")).await;
        let cursor = Cursor::after(reached).encode();
        for shown in ["Searched so far: ", "2026-01-02 03:04 UTC", "Search on</a>", &format!("&amp;cursor={cursor}\"")]
        {
            assert!(answer.text.contains(shown), "{list} {items} {shown}: {}", answer.text);
        }
        assert_eq!(answer.text.matches("class=\"name\"").count(), items);
        assert!(!answer.text.contains(" matches.") && !answer.text.contains("Next page"), "{}", answer.text);
    }
}

#[actix_web::test]
async fn a_full_page_of_a_search_and_a_list_that_is_not_searched_have_a_next_page() {
    for (query, items) in [("?q=late", 50), ("", 1)] {
        let mut mocks = superuser();
        let next = Some(Cursor::after(Uuid::from_u128(7)));
        mocks.listings.expect_users().returning(move |_, _| Ok(Page { items: vec![user(2); items], next }));
        let answer = show(mocks, &format!("/console/users{query}")).await;
        assert!(answer.text.contains("Next page</a>") && !answer.text.contains("Searched so far"), "{}", answer.text);
    }
}

fn in_teams(mut mocks: Mocks, items: Vec<TeamMembership>, next: Option<Cursor>) -> Mocks {
    mocks.memberships.expect_list_by_user().returning(move |_, page| {
        assert_eq!(page.limit(), 50);
        Ok(Page { items: items.clone(), next })
    });
    mocks
}

#[actix_web::test]
async fn an_account_shows_the_teams_it_is_in_page_by_page() {
    let awaiting = Membership { status: MembershipStatus::AwaitingVerification, ..membership(2, Role::Admin) };
    let items = vec![
        TeamMembership { team: team(1), membership: membership(2, Role::Member) },
        TeamMembership { team: team(2), membership: awaiting },
    ];
    let next = Cursor::after_time(team(2).created_at, team(2).id.as_uuid());
    let answer = show(in_teams(superuser(), items, Some(next)), &of_second("")).await;
    for shown in [
        &*format!("../../console/teams/{}\">Engines</a> <span class=\"mark\">Member</span>", team(1).id),
        &format!(
            "../../console/teams/{}\">Engines</a> <span class=\"mark\">Admin</span> <span class=\"mark warn\">",
            team(2).id
        ),
        &format!("../../console/users/{}?cursor={}\"", user_id(2), next.encode()),
    ] {
        assert!(answer.text.contains(shown), "{shown}: {}", answer.text);
    }
}

#[actix_web::test]
async fn an_account_is_offered_what_can_be_done_with_it() {
    let inactive = User { is_active: false, ..user(2) };
    let unverified = User { email_verified: false, ..user(2) };
    let colleague = User { is_superuser: true, ..user(2) };
    for (account, offered) in [
        (user(2), ["Sign out everywhere:", "Deactivate:", "Make superuser:", "Delete the account:"].as_slice()),
        (inactive, &["Activate:", "Make superuser:", "Delete the account:"]),
        (unverified, &["Sign out everywhere:", "Deactivate:", "Send the mail again:", "Delete the account:"]),
        (colleague, &["Sign out everywhere:", "Deactivate:", "Take the right away:", "Delete the account:"]),
    ] {
        let answer = show(in_teams(beside(&account), vec![], None), &of_second("")).await;
        assert_eq!(answer.status, 200);
        for offer in offered {
            assert!(answer.text.contains(&format!("aria-label=\"{offer} ")), "{offer} {}", answer.text);
        }
        assert_eq!(answer.text.matches("aria-label=\"").count() - 2, offered.len(), "{}", answer.text);
        assert!(!answer.text.contains("your own account"));
    }
    let answer = show(in_teams(superuser(), vec![], None), &format!("/console/users/{}", user_id(1))).await;
    assert!(answer.text.contains("your own account") && answer.text.contains("The account is in no team."));
    let answer = show(superuser(), &format!("/console/users/{}", user_id(7))).await;
    assert_eq!(answer.status, 404);
    assert!(answer.text.contains("No such account"), "{}", answer.text);
}

fn led_to_account(answer: &Answer, done: &str) {
    let location = format!("../users/{}?done={done}", user_id(2));
    let led = answer.header("location").unwrap().replace("../../console/", "../");
    assert_eq!((answer.status.as_u16(), led.trim_start_matches("../")), (303, location.trim_start_matches("../")));
}

#[actix_web::test]
async fn an_account_becomes_superuser_and_nothing_else_changes() {
    let mut mocks = superuser();
    let mut uow = locked(&user(2));
    uow.users
        .expect_update()
        .times(1)
        .withf(|changed| changed.is_superuser && changed.is_active && changed.id == user_id(2))
        .returning(|_| Ok(()));
    let written = mocks.stage(uow);
    let answer = submit(mocks, &of_second("/change/appoint"), &[]).await;
    led_to_account(&answer, "user_updated");
    assert!(written.committed());
    assert_eq!(written.audited(), [AuditKind::SuperuserGranted]);
}

#[actix_web::test]
async fn deactivating_ends_the_sessions_too() {
    let mut mocks = superuser();
    let mut uow = locked(&user(2));
    uow.roster.expect_lock_teams_of().returning(|_| Ok(vec![]));
    uow.roster.expect_teams_depending_on().returning(|_| Ok(vec![]));
    uow.users.expect_update().times(1).withf(|changed| !changed.is_active).returning(|_| Ok(()));
    uow.sessions.expect_end_by_user().times(1).returning(|_, _, _, _| Ok(1));
    uow.one_time_tokens.expect_remove_by_user().returning(|_, _| Ok(()));
    let written = mocks.stage(uow);
    led_to_account(&submit(mocks, &of_second("/change/deactivate"), &[]).await, "user_updated");
    assert!(written.committed());
}

#[actix_web::test]
async fn what_changes_an_account_says_what_happens_and_asks_once_more() {
    for (change, told) in [
        ("deactivate", ["Its sessions end at once", "cannot sign in", "can be activated again"]),
        ("appoint", ["every account", "every team and the audit trail", "can be taken away again"]),
        ("dismiss", ["loses the console", "stays signed in", "can be given again"]),
    ] {
        let path = of_second(&format!("/change/{change}"));
        let answer = show(superuser(), &path).await;
        for told in told.into_iter().chain(["user2@example.com", &format!("action=\"../../../..{path}\""), "as it is"])
        {
            assert!(answer.text.contains(told), "{change} {told}: {}", answer.text);
        }
    }
    for strange in ["delete", "Appoint", "%00"] {
        assert_eq!(show(superuser(), &of_second(&format!("/change/{strange}"))).await.status, 404, "{strange}");
    }
}

#[actix_web::test]
async fn what_the_rules_refuse_is_told_where_it_was_asked_for() {
    let unverified = User { email_verified: false, ..user(2) };
    let answer = submit(beside(&unverified), &of_second("/change/appoint"), &[]).await;
    assert_eq!(answer.status, 422);
    assert!(answer.text.contains("role=\"alert\">The e-mail address of this account is not verified yet"));
    assert!(answer.text.contains("user2@example.com"), "{}", answer.text);
}

#[actix_web::test]
async fn who_takes_something_from_the_own_account_is_told_so_and_led_out_of_the_console() {
    let own = |rest: &str| format!("/console/users/{}{rest}", user_id(1));
    for change in ["/change/deactivate", "/change/dismiss", "/delete"] {
        let answer = show(superuser(), &own(change)).await;
        assert!(answer.text.contains("your own account") && answer.text.contains("the command line gives back"));
    }
    let mut mocks = superuser();
    let mut uow = locked(&user(1));
    uow.users.expect_update().returning(|_| Ok(()));
    let written = mocks.stage(uow);
    let answer = submit(mocks, &own("/change/dismiss"), &[]).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("../../../../account")));
    assert!(written.committed());
}

#[actix_web::test]
async fn the_sessions_of_an_account_end() {
    let mut mocks = superuser();
    let mut uow = locked(&user(2));
    uow.users.expect_update().returning(|_| Ok(()));
    uow.sessions.expect_end_by_user().times(1).returning(|_, _, _, _| Ok(1));
    uow.one_time_tokens.expect_remove_by_user().returning(|_, _| Ok(()));
    let written = mocks.stage(uow);
    led_to_account(&submit(mocks, &of_second("/sessions"), &[]).await, "user_sessions_ended");
    assert!(written.committed());
}

#[actix_web::test]
async fn the_mail_to_verify_an_address_is_sent_again() {
    let unverified = User { email_verified: false, ..user(2) };
    let mut mocks = beside(&unverified);
    let found = unverified.clone();
    mocks.users.expect_find_by_email().returning(move |_| Ok(Some(found.clone())));
    let mut uow = locked(&unverified);
    uow.one_time_tokens.expect_remove_by_user().returning(|_, _| Ok(()));
    uow.one_time_tokens.expect_replace().returning(|_| Ok(()));
    let written = mocks.stage(uow);
    led_to_account(&submit(mocks, &of_second("/verification"), &[]).await, "user_verification_requested");
    assert!(written.committed());
    assert_eq!(written.mails().len(), 1);
    assert_eq!(written.events()[0].actor_id, Some(user_id(1)));
}

fn removable(second: &User) -> StagedUnitOfWork {
    let mut uow = locked(second);
    uow.roster.expect_lock_teams_of().returning(|_| Ok(vec![]));
    uow.roster.expect_teams_only_of().returning(|_| Ok(vec![]));
    uow.roster.expect_teams_depending_on().returning(|_| Ok(vec![]));
    uow.invitations.expect_remove_by_email().returning(|_| Ok(vec![]));
    uow.users.expect_remove().times(1).returning(|_| Ok(true));
    uow
}

#[actix_web::test]
async fn deleting_says_what_goes_and_asks_once_more() {
    let answer = show(superuser(), &of_second("/delete")).await;
    assert_eq!(answer.status, 200);
    for told in ["user2@example.com", "This goes for good:", "teams that have no other member", "Keep the account"] {
        assert!(answer.text.contains(told), "{told}: {}", answer.text);
    }
    let mut mocks = superuser();
    let written = mocks.stage(removable(&user(2)));
    let answer = submit(mocks, &of_second("/delete"), &[]).await;
    assert_eq!(answer.header("location"), Some("../../../console/users?done=user_deleted"));
    assert_eq!((answer.header("set-cookie"), written.audited()), (None, vec![AuditKind::AccountDeleted]));
}

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
    let offered = format!("<input type=\"hidden\" name=\"member\" value=\"{}\">", user_id(3));
    assert!(frozen.text.contains(&offered), "{}", frozen.text);
    assert_eq!(frozen.text.matches("name=\"member\"").count(), 1, "nobody else would count: {}", frozen.text);
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

fn event(kind: AuditKind) -> AuditEvent {
    let origin = Origin { ip: Some([192, 0, 2, 7].into()), ..Origin::default() };
    AuditEvent::new(AuditEventId::new(Uuid::from_u128(9)), kind, &origin, datetime!(2026-01-02 03:04:05.678 UTC))
}

#[actix_web::test]
async fn events_are_narrowed_and_what_is_left_empty_does_not_narrow() {
    let mut mocks = superuser();
    mocks.listings.expect_audit_events().times(1).returning(|filter, _| {
        assert_eq!((filter.kind, filter.user_id), (Some(AuditKind::RoleChanged), Some(user_id(2))));
        assert_eq!((filter.team_id, filter.until), (None, None));
        assert_eq!(filter.since, Some(datetime!(2026-01-02 03:04 UTC)));
        let event = event(AuditKind::RoleChanged).by(user_id(1)).about(user_id(2)).in_team(team(1).id).detail("admin");
        Ok(Page { items: vec![event], next: Some(Cursor::after(Uuid::from_u128(9))) })
    });
    let uri =
        format!("/console/audit?event=role_changed&user_id={}&team_id=&since=2026-01-02T03%3A04&until=", user_id(2));
    let answer = show(mocks, &uri).await;
    for shown in [
        "<option value=\"role_changed\" selected>Role changed</option>",
        "<time datetime=\"2026-01-02T03:04:05.678Z\">2026-01-02 03:04 UTC</time>",
        "<span class=\"name\">Role changed</span> <code>admin</code>",
        "by you",
        "from 192.0.2.0/24",
        "&amp;since=2026-01-02T03%3A04%3A00Z&amp;cursor=",
        "value=\"2026-01-02T03:04:00\"",
        &format!("href=\"../console/users/{}\"", user_id(2)),
        &format!("href=\"../console/audit?team_id={}\"", team(1).id),
    ] {
        assert!(answer.text.contains(shown), "{shown}: {}", answer.text);
    }
}

#[actix_web::test]
async fn a_bad_filter_is_told_at_its_field_and_nothing_found_is_no_blank_page() {
    for field in ["event", "user_id", "team_id", "since", "until"] {
        let answer = show(superuser(), &format!("/console/audit?{field}=%27+OR+1%3D1--")).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text.contains(&format!("id=\"{field}-error\"")), "{field}: {}", answer.text);
        assert_eq!(answer.text.matches("class=\"error\"").count(), 1);
    }
    let mut mocks = superuser();
    mocks.listings.expect_audit_events().returning(|_, _| Ok(Page { items: vec![], next: None }));
    let answer = show(mocks, "/console/audit?event=key_retired").await;
    assert!(answer.text.contains("No event matches.") && answer.text.contains("Show all events"), "{}", answer.text);
}

#[actix_web::test]
async fn nothing_that_is_listed_can_carry_markup() {
    let mut mocks = superuser();
    let hostile = event(AuditKind::LoginFailed).detail("<script>alert(1)</script>");
    mocks.listings.expect_audit_events().return_once(|_, _| Ok(Page { items: vec![hostile], next: None }));
    let answer = show(mocks, "/console/audit").await;
    assert!(!answer.text.contains("<script") && answer.text.contains("&lt;script"), "{}", answer.text);
}
