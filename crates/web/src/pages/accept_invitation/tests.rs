use actix_web::test::TestRequest;
use countersign_application::testing::{Mocks, StagedUnitOfWork, invitation, membership, team, user, user_id};
use countersign_domain::audit::AuditKind;
use countersign_domain::invitation::{Invitation, InvitationState};
use countersign_domain::page::Page;
use countersign_domain::team::membership::Membership;
use countersign_domain::team::role::Role;

use crate::testing::{Answer, FORM_TOKEN, call, in_browser, sign_in};

/// As mails carry them.
const MAILED: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

/// Where the token is that of this invitation, or of none.
fn holding(invitation: Option<Invitation>, members: &[Membership]) -> Mocks {
    let mut mocks = Mocks::default();
    mocks.hold_team(members);
    mocks.invitations.expect_find_by_digest().returning(move |_| Ok(invitation.clone()));
    mocks
}

fn open() -> Invitation {
    invitation("new@example.com", Role::Admin)
}

fn signed_in(mut mocks: Mocks) -> Mocks {
    sign_in(&mut mocks, &user(1));
    mocks
}

fn link() -> TestRequest {
    TestRequest::get().uri(&format!("/accept-invitation?token={MAILED}"))
}

fn form() -> TestRequest {
    let form = [("token", MAILED), ("form_token", FORM_TOKEN)];
    in_browser(TestRequest::post().uri("/accept-invitation").set_form(form))
}

fn leads_to_team(answer: &Answer) {
    let team = format!("./account/teams/{}?done=joined", team(1).id);
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some(&*team)), "{}", answer.text);
}

#[actix_web::test]
async fn the_page_names_team_inviter_and_role_and_nothing_else_of_the_invitation() {
    let mut mocks = holding(Some(open()), &[]);
    mocks.users.expect_find_by_id().returning(|id| Ok(Some(user(1)).filter(|user| user.id == id)));
    let page = call(mocks, link()).await;
    assert_eq!(page.status, 200);
    assert!(page.text.contains("<h1>Join the team: Engines</h1>"), "{}", page.text);
    let facts = "<dt>Invited by</dt><dd class=\"long\">Firstname Surname</dd>\n<dt>Role</dt><dd>Admin</dd>";
    assert!(page.text.contains(facts), "{}", page.text);
    for kept in ["new@example.com", "user1@example.com", &team(1).id.to_string()] {
        assert!(!page.text.contains(kept), "{kept}: {}", page.text);
    }
}

#[actix_web::test]
async fn of_a_token_that_is_good_for_nothing_the_page_says_as_little_as_before() {
    let used = Invitation { state: InvitationState::Accepted, accepted_by: Some(user_id(2)), ..open() };
    for invitation in [None, Some(used)] {
        let page = call(holding(invitation, &[membership(2, Role::Admin)]), link()).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("<h1>Join the team</h1>") && !page.text.contains("Engines"), "{}", page.text);
        assert!(page.text.contains(">Join</button>"), "{}", page.text);
    }
}

#[actix_web::test]
async fn whoever_accepts_signed_in_is_welcomed_on_the_page_of_the_team() {
    let of_own = Invitation { email: user(1).email, ..open() };
    let mut mocks = signed_in(holding(Some(of_own.clone()), &[]));
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&[]);
    unit.invitations.expect_find_by_digest().returning(move |_| Ok(Some(of_own.clone())));
    unit.invitations.expect_settle().times(1).returning(|_, _, _| Ok(true));
    unit.memberships.expect_insert().times(1).returning(|_| Ok(()));
    let written = mocks.stage(unit);
    leads_to_team(&call(mocks, form()).await);
    assert!(written.committed());
    let mut mocks = signed_in(holding(None, &[membership(1, Role::Admin)]));
    mocks.memberships.expect_list_by_team().returning(|_, _| Ok(Page { items: vec![], next: None }));
    let path = format!("/account/teams/{}?done=joined", team(1).id);
    let page = call(mocks, in_browser(TestRequest::get().uri(&path))).await;
    assert!(page.text.contains("role=\"status\">Welcome! You are a member of the team now."), "{}", page.text);
}

#[actix_web::test]
async fn whoever_has_joined_and_comes_back_signed_in_is_led_to_the_team() {
    let used = Invitation { state: InvitationState::Accepted, accepted_by: Some(user_id(1)), ..open() };
    let joined = signed_in(holding(Some(used.clone()), &[membership(1, Role::Admin)]));
    leads_to_team(&call(joined, in_browser(link())).await);
    let left = signed_in(holding(Some(used), &[]));
    assert_eq!(call(left, in_browser(link())).await.status, 200);
}

#[actix_web::test]
async fn whoever_is_signed_in_sees_as_whom_and_the_way_to_another_account() {
    let page = call(signed_in(holding(None, &[])), in_browser(link())).await;
    assert!(page.text.contains("You are signed in as <strong>user1@example.com</strong>."), "{}", page.text);
    assert!(page.text.contains(">Join</button>") && page.text.contains("action=\"sign-out\""), "{}", page.text);
    let back = format!("name=\"next\" value=\"&#x2f;accept-invitation?token={MAILED}\"");
    assert!(page.text.contains(&back), "{}", page.text);
    assert!(page.text.contains("Sign out and use another account"), "{}", page.text);
}

#[actix_web::test]
async fn whoever_is_not_may_sign_in_first_and_come_back() {
    let page = call(holding(None, &[]), link()).await;
    let there = format!("sign-in?next=/accept-invitation%3Ftoken%3D{MAILED}");
    assert!(page.text.replace("&#x2f;", "/").contains(&format!("href=\"{there}\"")), "{}", page.text);
    let sign_in = call(Mocks::default(), TestRequest::get().uri(&format!("/{there}"))).await;
    let back = format!("name=\"next\" value=\"/accept-invitation?token={MAILED}\"");
    assert!(sign_in.text.replace("&#x2f;", "/").contains(&back), "{}", sign_in.text);
    // Signed in meanwhile, in another window.
    let there = TestRequest::get().uri(&format!("/{there}"));
    let answer = call(signed_in(Mocks::default()), in_browser(there)).await;
    assert_eq!(answer.header("location"), Some(&*format!("./accept-invitation?token={MAILED}")));
}

#[actix_web::test]
async fn who_accepted_or_registered_without_being_signed_in_comes_back_by_signing_in() {
    let of_another = Invitation { email: user(2).email, ..open() };
    let mut mocks = holding(Some(of_another.clone()), &[]);
    mocks.users.expect_find_by_id().returning(|id| Ok(Some(user(1)).filter(|user| user.id == id)));
    mocks.users.expect_find_by_email().returning(|_| Ok(Some(user(2))));
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(&[]);
    unit.users.expect_lock().returning(|id| Ok(Some(user(2)).filter(|user| user.id == id)));
    unit.invitations.expect_find_by_digest().returning(move |_| Ok(Some(of_another.clone())));
    unit.invitations.expect_settle().returning(|_, _, _| Ok(true));
    unit.memberships.expect_insert().returning(|_| Ok(()));
    mocks.stage(unit);
    let sent = TestRequest::post().uri("/accept-invitation").insert_header(("origin", "https://id.example"));
    let page = call(mocks, sent.set_form([("token", MAILED)])).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("The invitation is accepted."), "{}", page.text);
    let back = format!("<a class=\"button\" href=\"sign-in?next=/accept-invitation%3Ftoken%3D{MAILED}\">Sign in</a>");
    assert!(page.text.replace("&#x2f;", "/").contains(&back), "{}", page.text);
}

#[actix_web::test]
async fn the_invitation_of_another_account_is_told_and_only_the_way_to_that_one_is_left() {
    let mocks = signed_in(holding(Some(open()), &[]));
    let recorded = mocks.recorded.clone();
    let page = call(mocks, form()).await;
    assert_eq!(page.status, 403);
    assert!(page.text.contains("for another e-mail address") && page.text.contains("user1@example.com"));
    assert!(!page.text.contains(">Join</button>") && !page.text.contains("new@example.com"), "{}", page.text);
    assert!(page.text.contains("Sign out and use another account"), "{}", page.text);
    assert_eq!(recorded.audited(), [AuditKind::AccessDenied]);
}
