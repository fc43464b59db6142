use countersign_application::error::Fault;
use countersign_application::testing::{Mocks, StagedUnitOfWork, Written, email, invitation, membership, outage, team};
use countersign_domain::invitation::{Delivery, Invitation, InvitationListing, InvitationState};
use countersign_domain::page::Page;
use countersign_domain::team::role::Role;

use crate::pages::teams::tests::{assert_leads, at, mocks, show, submit, unit};

fn admin(listed: Vec<InvitationListing>) -> Mocks {
    let mut mocks = mocks(&[membership(1, Role::Admin)]);
    let page = Page { items: listed, next: None };
    mocks.invitations.expect_list_by_team().returning(move |_, _| Ok(page.clone()));
    mocks
}

fn listed(state: InvitationState, delivery: Delivery, reason: Option<&str>) -> Mocks {
    let invitation = Invitation { state, ..invitation("a@example.com", Role::Member) };
    let delivery_reason = reason.map(ToOwned::to_owned);
    admin(vec![InvitationListing { invitation, delivery, delivery_reason }])
}

/// One that invites an address without an account.
fn invites() -> StagedUnitOfWork {
    let mut unit = unit(&[membership(1, Role::Admin)]);
    unit.users.expect_find_by_email().returning(|_| Ok(None));
    unit.users.expect_lock().returning(|_| Ok(None));
    unit.invitations.expect_lock_pending().returning(|_, _| Ok(None));
    unit.invitations.expect_insert().returning(|_| Ok(()));
    unit
}

fn fails(fault: fn() -> Fault) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.users.expect_find_by_email().returning(move |_| Err(fault()));
    unit
}

fn mailed(written: &[Written]) -> Vec<String> {
    let mails = written.iter().filter(|written| written.committed()).flat_map(Written::mails);
    mails.map(|mail| mail.recipient.as_str().to_owned()).collect()
}

#[actix_web::test]
async fn each_invitation_shows_where_it_stands_and_what_can_be_done() {
    use Delivery::{Failed, Queued, Sent};
    use InvitationState::{Accepted, Pending, Revoked};
    for (state, delivery, told, open) in [
        (Pending, Queued, "mail waits to be sent", true),
        (Pending, Sent, "mail sent", true),
        (Pending, Failed, "mail not delivered", true),
        (Accepted, Sent, "accepted", false),
        (Revoked, Sent, "withdrawn", false),
    ] {
        let page = show(listed(state, delivery, None), &at("/invitations")).await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains(&format!("\">{told}</span>")), "{told}: {}", page.text);
        assert_eq!(page.text.contains("aria-label=\"Send again: a@example.com\""), open, "{told}");
        assert_eq!(page.text.contains("aria-label=\"Withdraw: a@example.com\""), open, "{told}");
    }
    let reason = Some("the mail server answered 550");
    let page = show(listed(Pending, Failed, reason), &at("/invitations")).await;
    assert!(page.text.contains("Not delivered: the mail server answered 550"), "{}", page.text);
    let page = show(admin(vec![]), &at("/invitations")).await;
    assert!(page.text.contains("Nobody is invited at the moment."));
}

#[actix_web::test]
async fn several_are_invited_at_once() {
    let mut mocks = admin(vec![]);
    let written = [mocks.stage(invites()), mocks.stage(invites())];
    let form = [("emails", "a@example.com,\r\nb@example.com\r\nA@example.com"), ("role", "admin")];
    let answer = submit(mocks, &at("/invitations"), &form).await;
    assert_leads(&answer, &format!("../../../account/teams/{}/invitations?done=invited", team(1).id));
    assert_eq!(mailed(&written), ["a@example.com", "b@example.com"]);
}

#[actix_web::test]
async fn what_cannot_be_invited_stays_with_its_reason_and_the_others_are() {
    let mut mocks = admin(vec![]);
    let mut member = unit(&[membership(1, Role::Admin), membership(2, Role::Member)]);
    let taken = countersign_application::testing::user(2);
    let locked = taken.clone();
    member.users.expect_find_by_email().returning(move |_| Ok(Some(taken.clone())));
    member.users.expect_lock().returning(move |_| Ok(Some(locked.clone())));
    member.invitations.expect_lock_pending().returning(|_, _| Ok(None));
    let written = [mocks.stage(invites()), mocks.stage(member), mocks.stage(invites())];
    let typed = "a@example.com\nno <b>address\nuser2@example.com\nz@example.com";
    let page = submit(mocks, &at("/invitations"), &[("emails", typed), ("role", "admin")]).await;
    assert_eq!(page.status, 422);
    assert_eq!(mailed(&written), ["a@example.com", "z@example.com"]);
    assert!(page.text.contains("role=\"status\">Invited: a@example.com, z@example.com</p>"), "{}", page.text);
    assert!(page.text.contains(">no &lt;b&gt;address\nuser2@example.com</textarea>"), "{}", page.text);
    assert!(page.text.contains("no &lt;b&gt;address: This is not an e-mail address"), "{}", page.text);
    assert!(page.text.contains("user2@example.com: This account is a member of the team already."), "{}", page.text);
    assert!(page.text.contains("<option value=\"admin\" selected>"), "the role is kept");
    assert!(
        page.text.contains("aria-describedby=\"emails-hint emails-error\"") && page.text.contains("<title>Error: ")
    );
}

#[actix_web::test]
async fn too_many_or_none_are_nobody_yet() {
    let many: Vec<_> = (0..21).map(|n| format!("a{n}@example.com")).collect();
    for (typed, told) in [(many.join("\n"), "Take some out"), (" ,\r\n".to_owned(), "Give at least one address.")] {
        // Nothing is staged: a unit of work would panic.
        let page = submit(admin(vec![]), &at("/invitations"), &[("emails", &typed), ("role", "member")]).await;
        assert_eq!(page.status, 422);
        assert!(page.text.contains(told), "{}", page.text);
        assert!(page.text.contains(&format!(">{typed}</textarea>")), "{}", page.text);
    }
}

#[actix_web::test]
async fn nobody_is_invited_twice_because_another_was_in_the_way_of_the_next() {
    let contended = || Fault::contended("database", "deadlock detected");
    let mut mocks = admin(vec![]);
    let written = [mocks.stage(invites()), mocks.stage(fails(contended))];
    let form = [("emails", "a@example.com,b@example.com,c@example.com"), ("role", "member")];
    let page = submit(mocks, &at("/invitations"), &form).await;
    assert_eq!(page.status, 503);
    assert_eq!(mailed(&written), ["a@example.com"]);
    assert!(page.text.contains(">b@example.com\nc@example.com</textarea>"), "{}", page.text);
}

#[actix_web::test]
async fn an_outage_loses_nothing_and_is_not_tried_for_each() {
    let mut mocks = admin(vec![]);
    let _unwritten = mocks.stage(fails(outage));
    let form = [("emails", "a@example.com,b@example.com"), ("role", "member")];
    let page = submit(mocks, &at("/invitations"), &form).await;
    assert_eq!(page.status, 503);
    assert!(page.text.contains(">a@example.com\nb@example.com</textarea>"), "{}", page.text);
}

#[actix_web::test]
async fn an_invitation_is_sent_again_and_withdrawn_by_its_buttons() {
    let open = invitation("a@example.com", Role::Member);
    let id = open.id.to_string();
    for (button, done) in [("resend", "invitation_resent"), ("revoke", "invitation_revoked")] {
        let mut mocks = admin(vec![]);
        mocks.users.expect_find_by_email().returning(|_| Ok(None));
        mocks.invitations.expect_find_by_id().returning(|_, id| {
            Ok(Some(invitation("a@example.com", Role::Member)).filter(|invitation| invitation.id == id))
        });
        let mut unit = invites();
        unit.invitations.expect_find_by_id().returning(|_, id| {
            Ok(Some(invitation("a@example.com", Role::Member)).filter(|invitation| invitation.id == id))
        });
        unit.invitations.expect_renew().returning(|_| Ok(true));
        unit.invitations.expect_settle().returning(|_, _, _| Ok(true));
        let written = mocks.stage(unit);
        let answer = submit(mocks, &at("/invitations"), &[(button, &id)]).await;
        assert_leads(&answer, &format!("../../../account/teams/{}/invitations?done={done}", team(1).id));
        assert!(written.committed(), "{button}");
        assert_eq!(written.mails().iter().any(|mail| mail.recipient == email("a@example.com")), button == "resend");
    }
}

#[actix_web::test]
async fn an_invitation_that_is_over_is_told_on_the_page() {
    let accepted = || Invitation { state: InvitationState::Accepted, ..invitation("a@example.com", Role::Member) };
    for (id, status) in [(accepted().id.to_string(), 409), ("nonsense".to_owned(), 404)] {
        for button in ["resend", "revoke"] {
            let mut mocks = listed(InvitationState::Accepted, Delivery::Sent, None);
            mocks
                .invitations
                .expect_find_by_id()
                .returning(move |_, id| Ok(Some(accepted()).filter(|invitation| invitation.id == id)));
            let page = submit(mocks, &at("/invitations"), &[(button, &id)]).await;
            assert_eq!(page.status, status, "{button}: {}", page.text);
            assert!(page.text.contains("role=\"alert\"") && page.text.contains("a@example.com"), "{}", page.text);
        }
    }
}
