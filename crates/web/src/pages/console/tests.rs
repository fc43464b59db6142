mod accounts;
mod audit;
mod teams;

use actix_web::test::TestRequest;
use countersign_application::testing::{Mocks, StagedUnitOfWork, credentials, session, team, user, user_id};
use countersign_domain::page::{Cursor, Page};
use countersign_domain::user::{Credentials, User};
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
    let known = accounts.clone();
    mocks.users.expect_find_by_id().returning(move |id| Ok(accounts.iter().find(|account| account.id == id).cloned()));
    mocks
        .users
        .expect_find_many()
        .returning(move |ids| Ok(known.iter().filter(|account| ids.contains(&account.id)).cloned().collect()));
    mocks
        .teams
        .expect_find_many()
        .returning(|ids| Ok(vec![team(1)].into_iter().filter(|team| ids.contains(&team.id)).collect()));
    mocks
}

fn superuser() -> Mocks {
    beside(&user(2))
}

/// What is locked for a change of this account.
fn locked(second: &User) -> StagedUnitOfWork {
    let mut uow = StagedUnitOfWork::default();
    let account = second.clone();
    uow.hold_session(Credentials { user: root(), ..credentials(1) }, session(1));
    uow.users.expect_lock().returning(move |id| Ok(Some(account.clone()).filter(|account| account.id == id)));
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
async fn a_full_page_has_a_next_page() {
    for (query, items) in [("?q=late", 50), ("", 50)] {
        let mut mocks = superuser();
        let next = Some(Cursor::after(Uuid::from_u128(7)));
        mocks.listings.expect_users().returning(move |_, _| Ok(Page { items: vec![user(2); items], next }));
        let answer = show(mocks, &format!("/console/users{query}")).await;
        assert!(answer.text.contains("Next page</a>") && !answer.text.contains("Searched so far"), "{}", answer.text);
    }
}
