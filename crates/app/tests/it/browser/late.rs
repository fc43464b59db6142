//! Links of mails that are followed when it is too late.

use serde_json::json;

use crate::browser::links::{Links, link};
use crate::browser::people::SUPERUSER;
use crate::support::{PASSWORD, TestServer, Tokens};

/// Lets what links lead to have happened already, and adds them; and one of a mail that is as good as new.
pub(in crate::browser) async fn gather(server: &TestServer, links: &mut Links) {
    let mailbox = server.mailbox();
    server.register("new@example.org").await;
    let mail = mailbox.about("new@example.org", "verify your e-mail address").await;
    links.add("fresh-verification", link(server, &mail, "verify-email"));

    let (_, admin) = server.signed_in("admin@example.org").await;
    let mail = mailbox.about("admin@example.org", "verify your e-mail address").await;
    links.add("used-verification", link(server, &mail, "verify-email"));
    links.add("disowned-too-late", link(server, &mail, "disown-account"));

    let used = change_of(server, "moved@example.org", "elsewhere@example.org").await;
    let token = used.split_once("token=").unwrap().1;
    server.post("/auth/confirm-email-change").json(&json!({"token": token})).send().await.expect(200);
    links.add("used-change", used);
    links.add("change-to-taken", change_of(server, "moving@example.org", "taken@example.org").await);
    server.verified("taken@example.org").await;

    let team = server.team(&admin, "Teamname").await;
    for (name, email) in
        [("withdrawn", "withdrawn@example.org"), ("joined", "joined@example.org"), ("left", "left@example.org")]
    {
        server.invite(&admin, &team, email, "member").send().await.expect(200);
        let mail = mailbox.about(email, "invitation to the team").await;
        links.add(name, link(server, &mail, "accept-invitation"));
    }
    let invitations = server.get(&format!("/teams/{team}/invitations")).bearer(&admin.access).send().await.expect(200);
    let invitations = invitations.json()["items"].as_array().unwrap().clone();
    let withdrawn = invitations.iter().find(|invitation| invitation["email"] == "withdrawn@example.org").unwrap();
    let withdrawn = withdrawn["id"].as_str().unwrap();
    server.delete(&format!("/teams/{team}/invitations/{withdrawn}")).bearer(&admin.access).send().await.expect(204);
    for (name, email) in [("joined", "joined@example.org"), ("left", "left@example.org")] {
        let (account, tokens) = server.signed_in(email).await;
        let invitation = links.resolve(&format!("{{{name}}}"));
        server.accept(invitation.split_once("token=").unwrap().1, Some(&tokens)).send().await.expect(200);
        if name == "left" {
            let membership = format!("/teams/{team}/members/{}", account.id);
            server.delete(&membership).bearer(&tokens.access).send().await.expect(204);
        }
    }
}

/// The link by which an account with the first address takes the second one.
async fn change_of(server: &TestServer, from: &str, to: &str) -> String {
    let (account, tokens) = server.signed_in(from).await;
    let change = json!({"current_password": account.password, "new_email": to});
    server.post("/auth/change-email").bearer(&tokens.access).json(&change).send().await.expect(202);
    let mail = server.mailbox().about(to, "confirm").await;
    link(server, &mail, "confirm-email-change")
}

/// Adds an invitation of a service that tells nobody whether an address has an account.
pub(in crate::browser) async fn conceal(server: &TestServer, links: &mut Links) {
    server.create_superuser(SUPERUSER, PASSWORD);
    let admin = Tokens::of(&server.sign_in(SUPERUSER, PASSWORD).send().await.expect(200));
    let team = server.team(&admin, "Teamname").await;
    server.invite(&admin, &team, "guest@example.org", "member").send().await.expect(200);
    let mail = server.mailbox().about("guest@example.org", "invitation to the team").await;
    links.add("accept-invitation", link(server, &mail, "accept-invitation"));
}
