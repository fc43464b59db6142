//! Where mails lead, and where else a test has to find its way to.

use serde_json::json;

use crate::browser::people::OWNER;
use crate::support::{Mail, PASSWORD, TestServer};

/// Links of mails that this server sent, by the path of their page, and ids of what it has, by what it is.
pub(in crate::browser) struct Links(Vec<(&'static str, String)>);

impl Links {
    /// Of each kind of mail one link that works.
    pub(in crate::browser) async fn of(server: &TestServer) -> Self {
        let (owner, tokens) = server.signed_in("changing@example.org").await;
        server.verified(OWNER).await;
        let program = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        server.sign_in(OWNER, PASSWORD).header("user-agent", program).send().await.expect(200);
        let stranger = server.register("stranger@example.org").await;
        let team = server.team(&tokens, "Teamname").await;
        server.invite(&tokens, &team, "guest@example.org", "member").send().await.expect(200);
        let change = json!({"current_password": owner.password, "new_email": "new@example.org"});
        server.post("/auth/change-email").bearer(&tokens.access).json(&change).send().await.expect(202);
        let (member, _) = server.signed_in("forgetful@example.org").await;
        let reset = json!({"email": member.email});
        server.post("/auth/password-reset-request").json(&reset).send().await.expect(202);

        let mailbox = server.mailbox();
        let registration = mailbox.about(&stranger.email, "verify your e-mail address").await;
        let mails = [
            ("verify-email", registration.clone()),
            ("disown-account", registration),
            ("reset-password", mailbox.about(&member.email, "set a new password").await),
            ("accept-invitation", mailbox.about("guest@example.org", "invitation to the team").await),
            ("confirm-email-change", mailbox.about("new@example.org", "confirm").await),
        ];
        let mut links = Self(mails.map(|(page, mail)| (page, link(server, &mail, page))).to_vec());
        links.add("mail", filed(server, "Invitation to the team").await);
        links
    }

    /// Nothing yet.
    pub(in crate::browser) fn none() -> Self {
        Self(vec![])
    }

    /// What stands in braces under this name from now on.
    pub(in crate::browser) fn add(&mut self, name: &'static str, place: String) {
        self.0.push((name, place));
    }

    /// Where this leads.
    pub(in crate::browser) fn resolve(&self, path: &str) -> String {
        let Some((before, rest)) = path.split_once('{') else { return path.to_owned() };
        let (name, after) = rest.split_once('}').unwrap();
        let found = self.0.iter().find(|(known, _)| *known == name);
        let place = found.map_or_else(|| panic!("nothing is known of {name}"), |(_, place)| place);
        format!("{before}{place}{}", self.resolve(after))
    }
}

/// The link of this mail to this page.
pub(in crate::browser) fn link(server: &TestServer, mail: &Mail, page: &str) -> String {
    let start = server.url(&format!("/{page}"));
    let link = mail.text.split_whitespace().find(|word| word.starts_with(&start));
    link.unwrap_or_else(|| panic!("no link to {page} in {}", mail.text)).to_owned()
}

/// Id of the latest mail about this, as the page of the mailbox has it.
async fn filed(server: &TestServer, subject: &str) -> String {
    let page = server.mailbox_page("/mailbox").await.send().await.expect(200).text;
    let (before, _) = page.split_once(&format!("\">{subject}")).unwrap_or_else(|| panic!("no {subject:?} in {page}"));
    before.rsplit_once("mailbox/").unwrap().1.to_owned()
}
