mod invitations;
mod members;

use actix_web::test::TestRequest;
use countersign_application::testing::{Mocks, StagedUnitOfWork, membership, team, user, user_id};
use countersign_domain::name::{Description, TeamName};
use countersign_domain::page::{Cursor, Page};
use countersign_domain::team::Team;
use countersign_domain::team::membership::{Membership, MembershipStatus, TeamMembership};
use countersign_domain::team::role::Role;

use crate::testing::{Answer, FORM_TOKEN, call, in_browser, sign_in};

/// The first account, signed in, and the first team with these members.
fn mocks(members: &[Membership]) -> Mocks {
    let mut mocks = Mocks::default();
    sign_in(&mut mocks, &user(1));
    mocks.hold_team(members);
    mocks
}

/// The same under its lock.
fn unit(members: &[Membership]) -> StagedUnitOfWork {
    let mut unit = StagedUnitOfWork::default();
    unit.hold_team(members);
    unit
}

fn awaiting(n: u64) -> Membership {
    Membership { status: MembershipStatus::AwaitingVerification, ..membership(n, Role::Member) }
}

async fn show(mocks: Mocks, path: &str) -> Answer {
    readable(call(mocks, in_browser(TestRequest::get().uri(path))).await)
}

async fn submit(mocks: Mocks, path: &str, form: &[(&str, &str)]) -> Answer {
    let form = [&[("form_token", FORM_TOKEN)], form].concat();
    readable(call(mocks, in_browser(TestRequest::post().uri(path).set_form(form))).await)
}

/// Templates escape slashes, too.
fn readable(answer: Answer) -> Answer {
    Answer { text: answer.text.replace("&#x2f;", "/"), ..answer }
}

/// A page of the first team.
fn at(path: &str) -> String {
    format!("/account/teams/{}{path}", team(1).id)
}

fn assert_leads(answer: &Answer, location: &str) {
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some(location)), "{}", answer.text);
}

fn listing(items: Vec<TeamMembership>, next: Option<Cursor>) -> Mocks {
    let mut mocks = mocks(&[]);
    let page = Page { items, next };
    mocks
        .memberships
        .expect_list_by_user()
        .withf(|id, page| *id == user_id(1) && page.limit() == 50)
        .returning(move |_, _| Ok(page.clone()));
    mocks
}

#[actix_web::test]
async fn the_list_shows_roles_and_what_does_not_count_yet_and_goes_on() {
    let named = |name: &str| Team { name: TeamName::parse(name).unwrap(), ..team(1) };
    let items = vec![
        TeamMembership { team: named("Engines & <b>"), membership: membership(1, Role::Admin) },
        TeamMembership { team: Team { id: team(2).id, ..named("Looms") }, membership: awaiting(1) },
    ];
    let next = Cursor::after_time(team(1).created_at, team(2).id.as_uuid());
    let page = show(listing(items, Some(next)), "/account/teams").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(page.text.contains("Engines &amp; &lt;b&gt;</a> <span class=\"mark\">Admin</span>"), "{}", page.text);
    assert!(page.text.contains("Looms <span class=\"mark\">Member</span> <span class=\"mark warn\">awaits"));
    assert!(!page.text.contains(&format!("teams/{}\"", team(2).id)), "there is nothing to see for it yet");
    assert!(page.text.contains(&format!("teams/{}/members/{}/remove\"", team(2).id, user_id(1))));
    assert!(page.text.contains(&format!("account/teams?cursor={}\"", next.encode())), "{}", page.text);
    assert!(page.text.contains("href=\"../account/teams\" aria-current=\"page\">Teams</a>"), "{}", page.text);
    assert_eq!(page.text.matches("aria-current").count(), 1, "one place at a time");
}

#[actix_web::test]
async fn a_list_with_nothing_in_it_says_what_to_do() {
    let page = show(listing(vec![], None), "/account/teams?cursor=nonsense").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("You are in no team yet.") && page.text.contains("account/teams/new\""),
        "{}",
        page.text
    );
    assert!(!page.text.contains("Next page") && !page.text.contains("First page"));
}

#[actix_web::test]
async fn a_team_is_created_and_shown() {
    let mut mocks = mocks(&[]);
    let mut unit = StagedUnitOfWork::default();
    unit.hold_sessions();
    unit.teams.expect_count_created_by().returning(|_| Ok(0));
    unit.teams
        .expect_insert()
        .withf(|team| team.description == Description::parse("of analysis and of other kinds").unwrap())
        .times(1)
        .returning(|_| Ok(()));
    unit.memberships.expect_insert().returning(|_| Ok(()));
    let written = mocks.stage(unit);
    let form = [("name", "Engines"), ("description", "of analysis \r\nand of other kinds\r\n")];
    let answer = submit(mocks, "/account/teams/new", &form).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert!(answer.header("location").unwrap().ends_with("?done=team_created"), "{answer:?}");
    assert!(written.committed());
}

#[actix_web::test]
async fn what_is_wrong_with_a_new_team_is_told_and_nothing_typed_is_lost() {
    let form = [("name", " "), ("description", "of <analysis>")];
    let page = submit(mocks(&[]), "/account/teams/new", &form).await;
    assert_eq!(page.status, 422);
    assert!(page.text.contains("id=\"name-error\"") && page.text.contains(">of &lt;analysis&gt;</textarea>"));
    let description = page.text.split("<textarea").nth(1).unwrap().split('>').next().unwrap();
    assert!(!description.contains("required") && description.contains("aria-describedby=\"description-hint\""));
}

#[actix_web::test]
async fn settings_show_what_is_and_keep_what_is_typed() {
    let admins = [membership(1, Role::Admin)];
    let page = show(mocks(&admins), &at("/settings")).await;
    assert!(page.text.contains("value=\"Engines\""), "{}", page.text);
    let mut changed = mocks(&admins);
    let mut unit = unit(&admins);
    unit.teams.expect_update().withf(|team| team.name.as_str() == "Looms").times(1).returning(|_| Ok(true));
    let written = changed.stage(unit);
    let answer = submit(changed, &at("/settings"), &[("name", "Looms"), ("description", "")]).await;
    assert_leads(&answer, &format!("../../../account/teams/{}/settings?done=team_saved", team(1).id));
    assert!(written.committed());
    let page = submit(mocks(&admins), &at("/settings"), &[("name", ""), ("description", "kept")]).await;
    assert_eq!(page.status, 422);
    assert!(page.text.contains(">kept</textarea>") && page.text.contains("<title>Error: Engines: Settings"));
}

#[actix_web::test]
async fn a_team_is_deleted_once_its_name_is_typed() {
    let admins = [membership(1, Role::Admin)];
    assert!(show(mocks(&admins), &at("/delete")).await.text.contains("<label for=\"confirmation\">"));
    for typed in ["", "Looms"] {
        // Nothing is staged: a unit of work would panic.
        let page = submit(mocks(&admins), &at("/delete"), &[("confirmation", typed)]).await;
        assert_eq!(page.status, 422, "{typed}");
        assert!(page.text.contains("id=\"confirmation-error\""), "{}", page.text);
    }
    let mut deleted = mocks(&admins);
    let mut unit = unit(&admins);
    unit.teams.expect_remove().times(1).returning(|_| Ok(true));
    let written = deleted.stage(unit);
    let answer = submit(deleted, &at("/delete"), &[("confirmation", "engines ")]).await;
    assert_leads(&answer, "../../../account/teams?done=team_deleted");
    assert!(written.committed());
}
