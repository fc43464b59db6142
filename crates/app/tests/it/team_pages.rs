//! What the forms of `/account/teams` do, and to whom.

use crate::support::{Answer, Hand, PASSWORD, TestServer, Tokens};

const NEW: &str = "/account/teams/new";

fn assert_done(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 303, "{answer:?}");
    assert!(answer.header("location").contains(&format!("done={what}")), "{answer:?}");
}

/// Makes a team by its form.
async fn create(hand: &mut Hand<'_>, name: &str) -> String {
    let answer = hand.send(NEW, NEW, &[("name", name), ("description", "of analysis")]).await;
    assert_done(&answer, "team_created");
    let (_, path) = answer.header("location").split_once("account/teams/").unwrap();
    path.split('?').next().unwrap().to_owned()
}

async fn name_of(server: &TestServer, by: &Tokens, team: &str) -> String {
    server.get(&format!("/teams/{team}")).bearer(&by.access).send().await.expect(200).text_at("/name")
}

#[tokio::test]
async fn a_team_is_made_renamed_and_deleted_by_its_forms() {
    let server = TestServer::start().await;
    let (account, tokens) = server.signed_in("owner@example.org").await;
    let mut hand = Hand::of(&server, &account.email, PASSWORD).await;
    let team = create(&mut hand, "Engines").await;
    assert_eq!(name_of(&server, &tokens, &team).await, "Engines");
    let settings = format!("/account/teams/{team}/settings");
    assert_done(&hand.send(&settings, &settings, &[("name", "Looms"), ("description", "")]).await, "team_saved");
    assert_eq!(name_of(&server, &tokens, &team).await, "Looms");
    assert!(hand.open("/account/teams").await.text.contains("Looms"));
    let deletion = format!("/account/teams/{team}/delete");
    let wrong = hand.send(&deletion, &deletion, &[("confirmation", "Engines")]).await;
    assert_ne!(wrong.status, 303, "it is called otherwise");
    assert_done(&hand.send(&deletion, &deletion, &[("confirmation", "Looms")]).await, "team_deleted");
    server.get(&format!("/teams/{team}")).bearer(&tokens.access).send().await.expect(404);
}

#[tokio::test]
async fn somebody_is_invited_promoted_and_removed_by_forms_and_loses_the_pages_with_it() {
    let server = TestServer::start().await;
    let (owner, _) = server.signed_in("owner@example.org").await;
    let (guest, tokens) = server.signed_in("guest@example.org").await;
    let mut hand = Hand::of(&server, &owner.email, PASSWORD).await;
    let mut theirs = Hand::of(&server, &guest.email, PASSWORD).await;
    let team = create(&mut hand, "Engines").await;
    let (page, settings) = (format!("/account/teams/{team}"), format!("/account/teams/{team}/settings"));
    theirs.look(&page).await.expect(404);
    let invitations = format!("{page}/invitations");
    let typed = [("emails", "guest@example.org\r\nnobody@example.org"), ("role", "member")];
    assert_done(&hand.send(&invitations, &invitations, &typed).await, "invited");
    assert!(hand.open(&invitations).await.text.contains("nobody@example.org"));
    theirs.open(&page).await;
    theirs.look(&settings).await.expect(403);
    hand.send(&page, &page, &[("admin", &guest.id)]).await.expect(303);
    theirs.open(&settings).await;
    let renamed = theirs.send(&settings, &settings, &[("name", "Looms"), ("description", "")]).await;
    assert_done(&renamed, "team_saved");
    let removal = format!("{page}/members/{}/remove", guest.id);
    assert_done(&hand.send(&removal, &removal, &[]).await, "member_removed");
    theirs.look(&page).await.expect(404);
    server.get(&format!("/teams/{team}")).bearer(&tokens.access).send().await.expect(404);
}

/// The id that the button of this name is for, on the row of a list that has this address.
fn id_of(page: &Answer, address: &str, button: &str) -> String {
    let row = page.text.split("<li").find(|row| row.contains(address)).unwrap_or_else(|| panic!("{page:?}"));
    let (_, rest) = row.split_once(&format!("name=\"{button}\" value=\"")).unwrap_or_else(|| panic!("{row}"));
    rest.split('"').next().unwrap().to_owned()
}

/// What the form that the link of an invitation leads to is answered with.
async fn accepted(server: &TestServer, token: &str) -> Answer {
    let call = server.post("/accept-invitation").header("origin", &server.url(""));
    call.form(&[("token", token)]).send().await
}

#[tokio::test]
async fn an_invitation_that_is_sent_again_works_by_its_new_link_alone_and_one_that_is_withdrawn_by_none() {
    let server = TestServer::start().await;
    let (owner, tokens) = server.signed_in("owner@example.org").await;
    let mut hand = Hand::of(&server, &owner.email, PASSWORD).await;
    let team = create(&mut hand, "Engines").await;
    let invitations = format!("/account/teams/{team}/invitations");
    let guests = ["kept@example.org", "withdrawn@example.org"];
    let typed = [("emails", &*guests.join("\r\n")), ("role", "member")];
    assert_done(&hand.send(&invitations, &invitations, &typed).await, "invited");
    let mut links = vec![];
    for guest in guests {
        let former = server.next_invitation(guest, 0).await;
        let id = id_of(&hand.open(&invitations).await, guest, "resend");
        assert_done(&hand.send(&invitations, &invitations, &[("resend", &id)]).await, "invitation_resent");
        let latest = server.next_invitation(guest, 1).await;
        assert_ne!(former, latest);
        accepted(&server, &former).await.expect(400);
        links.push((former, latest));
    }
    let id = id_of(&hand.open(&invitations).await, guests[1], "revoke");
    assert_done(&hand.send(&invitations, &invitations, &[("revoke", &id)]).await, "invitation_revoked");
    for dead in [&links[1].0, &links[1].1, &links[0].0] {
        accepted(&server, dead).await.expect(400);
        let page = server.get(&format!("/accept-invitation?token={dead}")).send().await;
        assert!(!page.text.contains("Engines"), "a dead link tells no team: {page:?}");
    }
    let token = &*links[0].1;
    let form = accepted(&server, token).await.expect(200);
    assert!(form.text.contains("name=\"first_name\""), "{form:?}");
    let names = [("first_name", "Firstname"), ("last_name", "Lastname"), ("email", guests[0]), ("password", PASSWORD)];
    let register = server.post("/accept-invitation").header("origin", &server.url(""));
    let typed = [&[("token", token)], &names[..]].concat();
    register.form(&typed).send().await.expect(200);
    let members = server.get(&format!("/teams/{team}/members")).bearer(&tokens.access).send().await.expect(200).json();
    let members: Vec<_> = members["items"].as_array().unwrap().iter().map(|member| &member["email"]).collect();
    assert_eq!(members, ["owner@example.org", guests[0]]);
}
