//! Teams that have something to show: 200 members, names as long as they may be, invitations in every state.

use crate::browser::links::{Links, link};
use crate::browser::pages::LONG_NAME;
use crate::browser::people::{ADMIN, MEMBER, SUPERUSER, UNVERIFIED};
use crate::support::{PASSWORD, Rows, TestServer, Tokens};

/// Members of the large team beside those that the tests sign in.
const CROWD: usize = 197;

/// The one of them that has teams and a history.
const BUSY: usize = 4;

/// Its teams.
const TEAMS: usize = 60;

/// Its events.
const EVENTS: usize = 5_100;

/// Greater than the id of whoever registers, so that they are listed after them.
const IDS: &str = "ffffffff-0000-7000-8000-";

/// Fills the service, and adds what was made to the links.
pub(in crate::browser) async fn gather(server: &TestServer, links: &mut Links) {
    let (administrator, admin) = server.signed_in(ADMIN).await;
    let team = server.team(&admin, "Engines of Loom").await;
    let description =
        "Builds and keeps the engines, answers for them at night, and writes down what it learned from both.";
    let change = serde_json::json!({"description": description});
    server.patch(&format!("/teams/{team}")).bearer(&admin.access).json(&change).send().await.expect(200);
    let new_team = server.team(&admin, "New team").await;
    server.team(&admin, LONG_NAME).await;
    let frozen_team = server.team(&admin, "Team without an admin").await;

    let (member, _) = server.member(&admin, &team, MEMBER, "member").await;
    server.invite(&admin, &frozen_team, MEMBER, "member").send().await.expect(200);
    let unverified = server.register(UNVERIFIED).await;
    server.invite(&admin, &team, UNVERIFIED, "member").send().await.expect(200);
    server.create_superuser(SUPERUSER, PASSWORD);
    let superuser = Tokens::of(&server.sign_in(SUPERUSER, PASSWORD).send().await.expect(200));
    let superuser = server.get("/auth/me").bearer(&superuser.access).send().await.expect(200).text_at("/id");

    let rows = server.rows().await;
    crowd(&rows, &team).await;
    teams_of(&rows, &administrator.id).await;
    history(&rows).await;
    invitations(server, &admin, &rows, &team).await;
    let frozen = rows.id(&frozen_team);
    rows.execute(&format!("UPDATE user_teams SET role = 'member' WHERE team_id = {frozen} AND role = 'admin'")).await;

    let invitation = server.mailbox().about(UNVERIFIED, "invitation to the team").await;
    let registration = server.mailbox().about(UNVERIFIED, "verify your e-mail address").await;
    links.add("own-verification", link(server, &registration, "verify-email"));
    links.add("own-invitation", link(server, &invitation, "accept-invitation"));
    links.add("inactive", format!("{IDS}{:012}", 2));
    links.add("busy", format!("{IDS}{BUSY:012}"));
    links.add("team", team);
    links.add("new-team", new_team);
    links.add("frozen-team", frozen_team);
    links.add("admin", administrator.id);
    links.add("superuser", superuser);
    links.add("member", member.id);
    links.add("unverified", unverified.id);
}

/// Accounts in this team that nobody signs in to. The first has names and address as long as they may be, the second
/// is inactive, the third a superuser.
async fn crowd(rows: &Rows, team: &str) {
    let now = rows.moment("+0 seconds");
    let (mut users, mut memberships) = (vec![], vec![]);
    for number in 1..=CROWD {
        let id = rows.id(&format!("{IDS}{number:012}"));
        let (email, first, last) = match number {
            1 => (format!("{}@{}.example.org", "a".repeat(64), "b".repeat(60)), LONG_NAME, LONG_NAME.to_owned()),
            _ => (format!("person{number}@example.org"), "Firstname", format!("Lastname {number:03}")),
        };
        let (active, superuser) = (number != 2, number == 3);
        users.push(format!("({id}, '{email}', '{first}', '{last}', '-', {active}, {superuser}, TRUE, {now}, {now})"));
        memberships.push(format!("({id}, {}, 'member', 'active', {now})", rows.id(team)));
    }
    let columns = "id, email, first_name, last_name, password_hash, is_active, is_superuser, email_verified, created_at, updated_at";
    rows.execute(&format!("INSERT INTO users ({columns}) VALUES {}", users.join(", "))).await;
    let columns = "user_id, team_id, role, status, joined_at";
    rows.execute(&format!("INSERT INTO user_teams ({columns}) VALUES {}", memberships.join(", "))).await;
}

/// So many teams that a page does not hold them. Their admin is one of the crowd; this account is a member.
async fn teams_of(rows: &Rows, account: &str) {
    let now = rows.moment("+0 seconds");
    let (mut teams, mut memberships) = (vec![], vec![]);
    for number in 1..=TEAMS {
        let id = rows.id(&format!("{IDS}{number:012}"));
        teams.push(format!("({id}, 'Team {number:02}', {now}, {now})"));
        for (user, role) in [(rows.id(account), "member"), (rows.id(&format!("{IDS}{BUSY:012}")), "admin")] {
            memberships.push(format!("({user}, {id}, '{role}', 'active', {now})"));
        }
    }
    rows.execute(&format!("INSERT INTO teams (id, name, created_at, updated_at) VALUES {}", teams.join(", "))).await;
    let columns = "user_id, team_id, role, status, joined_at";
    rows.execute(&format!("INSERT INTO user_teams ({columns}) VALUES {}", memberships.join(", "))).await;
}

/// More events of one account than are looked through for a page, longer ago than any other: it signed in again and
/// again, and moved twice lately.
async fn history(rows: &Rows) {
    let (at, user) = (rows.moment("-1 day"), rows.id(&format!("{IDS}{BUSY:012}")));
    let event = |number: usize| {
        let kind = if number > EVENTS - 2 { "session_moved" } else { "login_succeeded" };
        let id = rows.id(&format!("019b7ca9-8c88-7000-8000-{number:012}"));
        format!("({id}, '{kind}', {user}, {user}, {at})")
    };
    let events: Vec<String> = (0..EVENTS).map(event).collect();
    let columns = "id, kind, actor_id, user_id, at";
    rows.execute(&format!("INSERT INTO audit_events ({columns}) VALUES {}", events.join(", "))).await;
}

/// Invitations whose mail was sent, could not be sent, and waits, and such as count no more.
async fn invitations(server: &TestServer, admin: &Tokens, rows: &Rows, team: &str) {
    let states = ["sent", "failed", "queued", "expired", "revoked", "accepted"];
    for state in states {
        server.invite(admin, team, &format!("{state}@example.org"), "member").send().await.expect(200);
    }
    let long = format!("{}@{}.example.org", "c".repeat(64), "d".repeat(60));
    server.invite(admin, team, &long, "admin").send().await.expect(200);
    // Whatever is done to a mail is done after it was sent.
    server.mailbox().about(&long, "invitation to the team").await;
    for state in states {
        server.mailbox().about(&format!("{state}@example.org"), "invitation to the team").await;
    }
    let unreachable = "the mail server answered 550 5.1.1: no mailbox of this name is here, and none will be";
    let away = "the mail server cannot be reached: connection refused";
    let [past, later] = ["-1 day", "+1 day"].map(|distance| rows.moment(distance));
    let address = |state: &str| format!("'{state}@example.org'");
    for statement in [
        format!(
            "UPDATE mails SET status = 'dead', last_error = '{unreachable}' WHERE recipient = {}",
            address("failed")
        ),
        format!(
            "UPDATE mails SET status = 'queued', last_error = '{away}', next_attempt_at = {later} WHERE recipient = {}",
            address("queued")
        ),
        format!("UPDATE invitations SET expires_at = {past} WHERE email = {}", address("expired")),
        format!("UPDATE invitations SET state = 'revoked' WHERE email = {}", address("revoked")),
        format!("UPDATE invitations SET state = 'accepted' WHERE email = {}", address("accepted")),
    ] {
        assert!(rows.execute(&statement).await > 0, "{statement}");
    }
}
