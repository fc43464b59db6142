//! Every page there is, in the states that matter. What is in these tables is read by axe-core, weighed, photographed and
//! heard; a page that comes later is a line here.

use serde_json::json;

use crate::browser::person::Browser;
use crate::support::{Mail, TestServer};

/// A page in one of its states.
#[derive(Debug)]
pub(in crate::browser) struct View {
    /// What its pictures are called.
    pub(in crate::browser) name: &'static str,
    /// Path of the service, or the link of a mail in braces, see [`Links`].
    path: &'static str,
    /// What is done there.
    steps: &'static [Step],
    /// What stands there in the end; waited for.
    says: &'static str,
}

#[derive(Debug)]
enum Step {
    Fill(&'static str, &'static str),
    Click(&'static str),
}

use Step::{Click, Fill};

const fn view(name: &'static str, path: &'static str, says: &'static str) -> View {
    View { name, path, steps: &[], says }
}

impl View {
    const fn after(self, steps: &'static [Step]) -> Self {
        Self { steps, ..self }
    }

    /// Whether it is what its address shows, and not what came of a form.
    pub(in crate::browser) fn is_first_load(&self) -> bool {
        self.steps.is_empty()
    }
}

/// The pages of the service, in an order in which they can be gone through: a link is used up where that is shown.
pub(in crate::browser) const PAGES: &[View] = &[
    view("front", "/", "Accounts and teams"),
    view("reset-password", "{reset-password}", "Set a new password"),
    view("reset-password-without-token", "/reset-password", "It stands in the mail."),
    view("reset-password-cut-link", "/reset-password?token=cut", "The link is not whole."),
    view("reset-password-refused", "{reset-password}", "Some of it cannot be used")
        .after(&[Fill("New password", "short1!"), Click("Set the password")]),
    view("reset-password-done", "{reset-password}", "Your password is set.")
        .after(&[Fill("New password", "nine green lanterns"), Click("Set the password")]),
    view("reset-password-used-up", "{reset-password}", "ask for a new mail")
        .after(&[Fill("New password", "nine green lanterns"), Click("Set the password")]),
    view("verify-email", "{verify-email}", "Verify your e-mail address"),
    view("verify-email-without-token", "/verify-email", "It stands in the mail."),
    view("verify-email-wrong-password", "{verify-email}", "The password is wrong")
        .after(&[Fill("Password", "not the password"), Click("Verify")]),
    view("disown-account", "{disown-account}", "This was not you?"),
    view("disown-account-without-token", "/disown-account", "It stands in the mail."),
    view("disown-account-done", "{disown-account}", "The account is deleted.")
        .after(&[Click("It was not me: delete the account")]),
    view("accept-invitation", "{accept-invitation}", "Join the team"),
    view("accept-invitation-without-token", "/accept-invitation", "It stands in the mail."),
    view("accept-invitation-register", "{accept-invitation}", "Register and join the team").after(&[Click("Join")]),
    view("accept-invitation-refused", "{accept-invitation}", "Some of it cannot be used").after(&[
        Click("Join"),
        Fill("First name", "Firstname"),
        Fill("Last name", "Lastname"),
        Fill("E-mail address", "guest@example.org"),
        Fill("Password", "short1!"),
        Click("Register and join"),
    ]),
    view("confirm-email-change", "{confirm-email-change}", "Use this e-mail address"),
    view("confirm-email-change-without-token", "/confirm-email-change", "It stands in the mail."),
    view("confirm-email-change-done", "{confirm-email-change}", "Your account has the new e-mail address.")
        .after(&[Click("Use this address")]),
    view("docs-errors", "/docs/errors", "Error codes"),
];

/// What is for developers and made by others: their accessibility and weight are not ours.
pub(in crate::browser) const TOOLS: &[View] = &[view("docs", "/docs", "/auth/register")];

/// The links of mails that this server sent, by their path.
pub(in crate::browser) struct Links(Vec<(&'static str, String)>);

impl Links {
    /// Of each kind one that works.
    pub(in crate::browser) async fn of(server: &TestServer) -> Self {
        let (owner, tokens) = server.signed_in("owner@example.org").await;
        let stranger = server.register("stranger@example.org").await;
        let team = server.team(&tokens, "Teamname").await;
        server.invite(&tokens, &team, "guest@example.org", "member").send().await.expect(200);
        let change = json!({"current_password": owner.password, "new_email": "new@example.org"});
        server.post("/auth/change-email").bearer(&tokens.access).json(&change).send().await.expect(202);
        let (member, _) = server.signed_in("forgetful@example.org").await;
        let reset = json!({"email": member.email});
        server.post("/auth/password-reset-request").json(&reset).send().await.expect(202);

        let mailbox = server.mailbox();
        let registration = mailbox.about(&stranger.email, "confirm your e-mail address").await;
        let mails = [
            ("verify-email", registration.clone()),
            ("disown-account", registration),
            ("reset-password", mailbox.about(&member.email, "set a new password").await),
            ("accept-invitation", mailbox.about("guest@example.org", "invitation to the team").await),
            ("confirm-email-change", mailbox.about("new@example.org", "confirm").await),
        ];
        Self(mails.map(|(page, mail)| (page, link(server, &mail, page))).to_vec())
    }

    /// Where this leads.
    pub(in crate::browser) fn resolve(&self, path: &str) -> String {
        let Some(page) = path.strip_prefix('{').and_then(|path| path.strip_suffix('}')) else {
            return path.to_owned();
        };
        let found = self.0.iter().find(|(name, _)| *name == page);
        found.map(|(_, link)| link.clone()).unwrap_or_else(|| panic!("no mail leads to {page}"))
    }
}

/// The link of this mail to this page.
fn link(server: &TestServer, mail: &Mail, page: &str) -> String {
    let start = server.url(&format!("/{page}"));
    let link = mail.text.split_whitespace().find(|word| word.starts_with(&start));
    link.unwrap_or_else(|| panic!("no link to {page} in {}", mail.text)).to_owned()
}

impl Browser {
    /// Brings a page into this state.
    pub(in crate::browser) async fn show(&self, view: &View, links: &Links) {
        self.open(&links.resolve(view.path)).await;
        for step in view.steps {
            match step {
                Fill(label, value) => self.fill(label, value).await,
                Click(text) => self.click(text).await,
            }
        }
        self.see(view.says).await;
    }
}
