use countersign_application::testing::{Mocks, membership, name, team, user, user_id};
use countersign_domain::page::{Cursor, Page};
use countersign_domain::team::membership::{Member, Membership};
use countersign_domain::team::role::Role;

use crate::pages::teams::tests::{assert_leads, at, awaiting, mocks, show, submit, unit};

fn member(membership: Membership, first_name: &str) -> Member {
    let who = user(1);
    Member { membership, email: who.email, first_name: name(first_name), last_name: who.last_name }
}

/// The first account in this role, beside an admin and one whose address is not verified.
fn listed(role: Role) -> Mocks {
    let mut mocks = mocks(&[membership(1, role), membership(2, Role::Admin), awaiting(3)]);
    let items =
        vec![member(membership(1, role), "I"), member(membership(2, Role::Admin), "<b>"), member(awaiting(3), "Third")];
    let page = Page { items, next: Some(Cursor::after(user_id(3).as_uuid())) };
    mocks.memberships.expect_list_by_team().withf(|_, page| page.limit() == 50).returning(move |_, _| Ok(page.clone()));
    mocks
}

#[actix_web::test]
async fn a_member_sees_who_is_there_and_may_only_leave() {
    let page = show(listed(Role::Member), &at("")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("<h1>Engines</h1>") && page.text.contains("&lt;b&gt;") && !page.text.contains("<b>"));
    assert!(page.text.contains("awaits verification"));
    for kept in ["name=\"admin\"", "name=\"member\"", "/invitations", "/settings", ">Remove<"] {
        assert!(!page.text.contains(kept), "{kept}");
    }
    assert!(page.text.contains(&format!("/members/{}/remove\">Leave the team</a>", user_id(1))), "{}", page.text);
    let next = Cursor::after(user_id(3).as_uuid()).encode();
    assert!(page.text.contains(&format!("?cursor={next}\"")), "{}", page.text);
}

#[actix_web::test]
async fn an_admin_gets_a_button_for_each_that_names_whom_it_is_about() {
    let page = show(listed(Role::Admin), &at("")).await;
    for (button, n) in [("name=\"member\"", 1), ("name=\"member\"", 2), ("name=\"admin\"", 3)] {
        let id = user_id(n);
        assert!(page.text.contains(&format!("{button} value=\"{id}\"")), "{button} {n}: {}", page.text);
        assert_eq!(page.text.contains(&format!("/{id}/remove\" aria-label=\"Remove: ")), n != 1, "{n}");
    }
    assert!(page.text.contains("aria-label=\"Make admin: Third "));
    assert!(page.text.contains("/invitations\"") && page.text.contains("/settings\""));
}

#[actix_web::test]
async fn the_only_admin_is_told_so_and_not_offered_what_could_only_be_refused() {
    let mut alone = mocks(&[membership(1, Role::Admin), membership(2, Role::Member)]);
    let items = vec![member(membership(1, Role::Admin), "I"), member(membership(2, Role::Member), "You")];
    alone.memberships.expect_list_by_team().returning(move |_, _| Ok(Page { items: items.clone(), next: None }));
    let page = show(alone, &at("")).await;
    assert!(!page.text.contains("Stop being admin") && !page.text.contains("name=\"member\""), "{}", page.text);
    assert!(page.text.contains("<p class=\"hint\">The only admin."), "{}", page.text);
    assert!(page.text.contains("aria-label=\"Make admin: You Surname\""), "{}", page.text);
    let page = show(listed(Role::Admin), &at("")).await;
    assert!(page.text.contains("Stop being admin") && !page.text.contains("The only admin."), "{}", page.text);
}

#[actix_web::test]
async fn a_changed_role_leads_back_to_the_same_part_of_the_list() {
    let mut mocks = listed(Role::Admin);
    let mut unit = unit(&[membership(1, Role::Admin), membership(2, Role::Admin)]);
    unit.roster.expect_has_admin_besides().returning(|_, _| Ok(true));
    unit.memberships
        .expect_update()
        .withf(|changed| *changed == membership(2, Role::Member))
        .times(1)
        .returning(|_| Ok(true));
    let written = mocks.stage(unit);
    let cursor = Cursor::after(user_id(9).as_uuid()).encode();
    let id = user_id(2).to_string();
    let answer = submit(mocks, &at(""), &[("member", &id), ("cursor", &cursor)]).await;
    let path = format!("../../account/teams/{}", team(1).id);
    assert_leads(&answer, &format!("{path}?cursor={cursor}&done=role_changed"));
    assert!(written.committed());
}

#[actix_web::test]
async fn the_last_admin_is_told_at_the_top_of_the_list() {
    let mut mocks = listed(Role::Admin);
    let mut unit = unit(&[membership(1, Role::Admin)]);
    unit.roster.expect_has_admin_besides().returning(|_, _| Ok(false));
    let written = mocks.stage(unit);
    let page = submit(mocks, &at(""), &[("member", &user_id(1).to_string())]).await;
    assert_eq!(page.status, 409);
    assert!(page.text.contains("role=\"alert\">A team would be left without an admin"), "{}", page.text);
    assert!(page.text.contains("Third") && page.text.contains("<title>Error: Engines"));
    assert!(!written.committed());
}

#[actix_web::test]
async fn a_form_that_says_neither_whom_nor_what_changes_nothing() {
    for form in [vec![], vec![("admin", "x")], vec![("owner", "0190a5d0-7c1e-7e7a-9a53-1f2e3d4c5b6a")]] {
        assert_eq!(submit(listed(Role::Admin), &at(""), &form).await.status, 400, "{form:?}");
    }
}

fn removal(n: u64) -> String {
    at(&format!("/members/{}/remove", user_id(n)))
}

/// With accounts beside the first.
fn known(members: &[Membership]) -> Mocks {
    let mut mocks = mocks(members);
    mocks.users.checkpoint();
    mocks.users.expect_find_by_id().returning(|id| Ok((1..10).map(user).find(|user| user.id == id)));
    mocks
}

#[actix_web::test]
async fn removing_asks_once_more_and_says_whom() {
    let members = [membership(1, Role::Admin), membership(2, Role::Member)];
    let page = show(known(&members), &removal(2)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains(user(2).email.as_str()) && page.text.contains("Remove from the team</button>"));
    let mut removed = known(&members);
    let mut unit = unit(&members);
    unit.roster.expect_has_admin_besides().returning(|_, _| Ok(true));
    unit.roster.expect_has_member_besides().returning(|_, _| Ok(true));
    unit.memberships.expect_remove().withf(|id, _| *id == user_id(2)).times(1).returning(|_, _| Ok(true));
    unit.invitations.expect_lock_pending().returning(|_, _| Ok(None));
    let written = removed.stage(unit);
    let answer = submit(removed, &removal(2), &[]).await;
    assert_leads(&answer, &format!("../../../../../account/teams/{}?done=member_removed", team(1).id));
    assert!(written.committed());
    let nobody = show(known(&members), &removal(3)).await;
    assert_eq!(nobody.status, 404);
    assert!(nobody.text.contains("<h1>No such member</h1>"), "{}", nobody.text);
}

#[actix_web::test]
async fn whoever_awaits_verification_may_leave_and_sees_nothing_else() {
    let page = show(known(&[awaiting(1), membership(2, Role::Admin)]), &removal(1)).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("<h1>Leave: Engines</h1>") && page.text.contains("account/teams\">Stay in the team"));
    for path in [at(""), removal(2)] {
        let page = show(known(&[awaiting(1), membership(2, Role::Admin)]), &path).await;
        assert_eq!(page.status, 404, "{path}");
    }
}

#[actix_web::test]
async fn the_last_admin_cannot_leave_and_is_told_what_to_do_instead() {
    let members = [membership(1, Role::Admin), membership(2, Role::Member)];
    let page = show(known(&members), &removal(1)).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("You are the only admin of this team"), "{}", page.text);
    assert!(!page.text.contains("Leave the team</button>"), "it could only be refused: {}", page.text);
    for way in [format!("teams/{}\">Choose another admin</a>", team(1).id), at("/delete")[1..].to_owned()] {
        assert!(page.text.contains(&way), "{way}: {}", page.text);
    }
    // Of two who leave at once.
    let mut mocks = known(&members);
    let mut unit = unit(&members);
    unit.roster.expect_has_admin_besides().returning(|_, _| Ok(false));
    let written = mocks.stage(unit);
    let page = submit(mocks, &removal(1), &[]).await;
    assert_eq!(page.status, 409);
    assert!(page.text.contains("role=\"alert\"") && page.text.contains("make another member admin"), "{}", page.text);
    assert!(!written.committed());
}
