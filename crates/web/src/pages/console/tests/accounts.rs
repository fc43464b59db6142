//! Accounts in the console.

use countersign_application::testing::{Mocks, StagedUnitOfWork, membership, team, user, user_id};
use countersign_domain::audit::AuditKind;
use countersign_domain::page::{Cursor, Page};
use countersign_domain::team::membership::{Membership, MembershipStatus, TeamMembership};
use countersign_domain::team::role::Role;
use countersign_domain::user::User;
use uuid::Uuid;

use crate::pages::console::tests::{beside, locked, of_second, show, submit, superuser};
use crate::testing::Answer;

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
    assert!(!answer.text.contains("First page") && !answer.text.contains("<p></p>"), "{}", answer.text);
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
        ("activate", ["can sign in again at once", "with the password it had", "sessions do not come back"]),
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
    let answer = show(beside(&unverified), &of_second("/change/appoint")).await;
    assert!(answer.text.contains("once its address is verified") && !answer.text.contains(">Make superuser</button>"));
    let answer = submit(beside(&unverified), &of_second("/change/appoint"), &[]).await;
    assert_eq!(answer.status, 422);
    assert!(!answer.text.contains(">Make superuser</button>"), "it could only be refused again: {}", answer.text);
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
