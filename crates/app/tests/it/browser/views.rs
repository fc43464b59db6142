//! A page in one of its states, and how a browser gets there.

use serde_json::json;

use crate::browser::links::Links;
use crate::browser::people;
use crate::browser::person::Browser;
use crate::browser::views::Step::{Choose, Click, Estrange, Fill, ForgetEverything};
use crate::support::{PASSWORD, Setup};

/// A page in one of its states.
#[derive(Debug)]
pub(in crate::browser) struct View {
    /// What its pictures are called.
    pub(in crate::browser) name: &'static str,
    /// Path of the service; what stands in braces is taken from [`Links`].
    pub(in crate::browser) path: &'static str,
    /// What is done there.
    steps: &'static [Step],
    /// What is there in the end; waited for.
    outcome: Outcome,
}

/// Who looks at a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::browser) enum Visitor {
    /// Not signed in, where nobody ever was.
    First,
    /// Not signed in.
    Anybody,
    /// Not signed in, and follows links of mails when it is too late.
    Latecomer,
    /// Not signed in, where nobody is told whether an address has an account.
    Unknown,
    /// Not signed in, where nobody may register, and nobody may try passwords more than once.
    TurnedAway,
    /// Has an account, and is in no team.
    Owner,
    /// Has an account whose address is not verified, and is invited.
    Unverified,
    /// Admin of a large team, and of others.
    Admin,
    /// Member of that team.
    Member,
    /// Looks at accounts.
    Superuser,
    /// The same, looking at teams and events.
    Overseer,
}

#[derive(Debug)]
pub(in crate::browser) enum Step {
    /// A field, by its label.
    Fill(&'static str, &'static str),
    /// An option of the list with this label.
    Choose(&'static str, &'static str),
    /// A button or link, by what it says.
    Click(&'static str),
    /// The forms of the page are those of another session.
    Estrange,
    /// The browser has no cookies any more.
    ForgetEverything,
}

#[derive(Debug)]
enum Outcome {
    /// These words.
    Says(&'static str),
    /// Something was done, and the page says so.
    Told,
    /// Something was not done, and the page says so.
    Alerted,
    /// The field of this label is marked, and says why.
    Marked(&'static str),
}

/// What this address shows: these words, too.
pub(in crate::browser) const fn view(name: &'static str, path: &'static str, says: &'static str) -> View {
    View { name, path, steps: &[], outcome: Outcome::Says(says) }
}

/// What comes of these steps, which are taken.
pub(in crate::browser) const fn told(name: &'static str, path: &'static str, steps: &'static [Step]) -> View {
    View { name, path, steps, outcome: Outcome::Told }
}

/// What comes of these steps, which are refused as a whole.
pub(in crate::browser) const fn alerted(name: &'static str, path: &'static str, steps: &'static [Step]) -> View {
    View { name, path, steps, outcome: Outcome::Alerted }
}

/// What comes of these steps, which are refused for the field of this label.
pub(in crate::browser) const fn refused(
    name: &'static str,
    path: &'static str,
    label: &'static str,
    steps: &'static [Step],
) -> View {
    View { name, path, steps, outcome: Outcome::Marked(label) }
}

impl View {
    /// The same after these steps.
    pub(in crate::browser) const fn after(self, steps: &'static [Step]) -> Self {
        Self { steps, ..self }
    }

    /// Whether it is what its address shows, and not what came of a form.
    pub(in crate::browser) fn is_first_load(&self) -> bool {
        self.steps.is_empty()
    }
}

impl Visitor {
    /// What the service that it comes to is started with.
    pub(in crate::browser) fn setup(self) -> Setup {
        let setup = Setup::default().set("LIMITS__RESET_PER_HOUR_PER_ADDRESS", "2");
        let setup = setup.set("LIMITS__EXPORT_PER_DAY_PER_USER", "1");
        match self {
            Self::Unknown => setup.set("REGISTRATION__CONCEAL_EXISTING", "true"),
            Self::TurnedAway => setup.set("REGISTRATION__MODE", "closed").set("LIMITS__LOGIN_PER_MINUTE_PER_IP", "1"),
            Self::Admin => setup.set("LIMITS__INVITE_PER_DAY_PER_ADDRESS", "2"),
            _ => setup,
        }
    }

    /// Whether it sees teams that are there already, and accounts of others.
    pub(in crate::browser) fn is_in_company(self) -> bool {
        matches!(self, Self::Unverified | Self::Admin | Self::Member | Self::Superuser | Self::Overseer)
    }

    fn address(self) -> Option<&'static str> {
        match self {
            Self::First | Self::Anybody | Self::Latecomer | Self::Unknown | Self::TurnedAway => None,
            Self::Owner => Some(people::OWNER),
            Self::Unverified => Some(people::UNVERIFIED),
            Self::Admin => Some(people::ADMIN),
            Self::Member => Some(people::MEMBER),
            Self::Superuser | Self::Overseer => Some(people::SUPERUSER),
        }
    }
}

impl Browser {
    /// Becomes this visitor.
    pub(in crate::browser) async fn come_as(&self, visitor: Visitor) {
        // The key of the mailbox stays: it is of this machine's, whoever signs in.
        self.sign_off().await;
        if let Some(address) = visitor.address() {
            self.sign_in(address, PASSWORD).await;
        }
    }

    /// Signs in by the page for that.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) {
        self.open("/sign-in").await;
        self.fill("E-mail address", email).await;
        self.fill("Password", password).await;
        self.click("Sign in").await;
        self.see("Sign out").await;
    }

    /// The page that is shown is as one that was opened before its reader signed in anew.
    async fn estrange_forms(&self) {
        let script =
            "document.querySelectorAll('[name=form_token]').forEach(token => token.value = token.value.slice(1));";
        self.session().run(script, &[]).await;
    }

    /// Brings a page into this state.
    pub(in crate::browser) async fn show(&self, view: &View, links: &Links) {
        self.open(&links.resolve(view.path)).await;
        for step in view.steps {
            match step {
                Fill(label, value) => self.fill(label, value).await,
                Choose(label, option) => self.choose(label, option).await,
                Click(text) => self.click(text).await,
                Estrange => self.estrange_forms().await,
                ForgetEverything => {
                    self.session().develop("Network.clearBrowserCookies", &json!({})).await;
                }
            }
        }
        match view.outcome {
            Outcome::Says(words) => self.see(words).await,
            Outcome::Told => self.find_role("status").await,
            Outcome::Alerted => self.find_role("alert").await,
            Outcome::Marked(label) => self.find_mark(label).await,
        }
    }
}
