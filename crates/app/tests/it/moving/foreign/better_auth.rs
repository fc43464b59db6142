use serde_json::json;

use crate::moving::foreign::{account, import, sample};
use crate::moving::target::{Target, tally};

/// The import with all files of the sample.
fn import_all(there: &Target) -> (Option<i32>, String) {
    let files = ["organizations", "members", "invitations"].map(|name| sample(&format!("better_auth/{name}.csv")));
    let others = ["--teams", &files[0], "--members", &files[1], "--invitations", &files[2]];
    import(there, "better-auth", "better_auth/users.csv", &others)
}

#[tokio::test]
async fn organizations_members_and_pending_invitations_come_along() {
    let there = Target::of_this_run().await;
    let (code, said) = import_all(&there);
    assert_eq!(code, Some(1), "{said}");
    assert_eq!((tally(&said, "accounts"), tally(&said, "teams")), ([4, 3, 0, 1], [2, 2, 0, 0]), "{said}");
    assert_eq!((tally(&said, "memberships"), tally(&said, "invitations")), ([5, 4, 0, 1], [2, 2, 0, 0]), "{said}");
    for told in [
        "users.csv:4: email: this is not an e-mail address",
        "members.csv:4: user_id: there is no such user",
        "organizations.csv:3: no active admin is in this team",
        "2 rows were left out",
        // That of scrypt.
        "1 of the imported accounts have no password",
    ] {
        assert!(said.contains(told), "{told} is not in:\n{said}");
    }

    let server = there.serve().await;
    let owner = server.login(&account("owner@example.org")).await;
    let teams = server.my_teams(&owner).await;
    assert_eq!(teams.len(), 1);
    let team = teams[0]["id"].as_str().unwrap();
    let members = server.get(&format!("/teams/{team}/members")).bearer(&owner.access).send().await.expect(200);
    let mut found: Vec<[String; 3]> = (0..3)
        .map(|n| ["email", "role", "status"].map(|member| members.text_at(&format!("/items/{n}/{member}"))))
        .collect();
    found.sort();
    let expected = [
        ["late@example.org", "admin", "awaiting_verification"],
        ["member@example.org", "admin", "active"],
        ["owner@example.org", "admin", "active"],
    ];
    assert_eq!(found, expected.map(|row| row.map(str::to_owned)));

    // The former system's links are dead; an admin sends the invitation again, and its mail has one that works.
    let invitations = server.get(&format!("/teams/{team}/invitations")).bearer(&owner.access).send().await.expect(200);
    let emails = [invitations.text_at("/items/0/email"), invitations.text_at("/items/1/email")];
    let at = emails.iter().position(|email| email == "invited@example.org").unwrap();
    let id = invitations.text_at(&format!("/items/{at}/id"));
    let path = format!("/teams/{team}/invitations/{id}/resend");
    server.post(&path).bearer(&owner.access).send().await.expect(200);
    let token = server.mailbox().about("invited@example.org", "invitation").await.token();
    let registration = json!({
        "email": "invited@example.org", "password": "eight brown boxes", "first_name": "Given", "last_name": "Family",
        "invitation_token": token,
    });
    server.post("/auth/register").json(&registration).send().await.expect(201);
}

#[tokio::test]
async fn the_same_again_finds_all_of_it_there() {
    let there = Target::of_this_run().await;
    import_all(&there);
    let (_, said) = import_all(&there);
    assert_eq!((tally(&said, "accounts"), tally(&said, "teams")), ([4, 0, 3, 1], [2, 0, 2, 0]), "{said}");
    assert_eq!((tally(&said, "memberships"), tally(&said, "invitations")), ([5, 0, 4, 1], [2, 0, 2, 0]), "{said}");
}
