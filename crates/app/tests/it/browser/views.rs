//! A page in one of its states, and how a browser gets there.

use serde_json::json;

use crate::browser::links::{self, Links};
use crate::browser::person::Browser;
use crate::browser::views::Step::{Click, Fill};
use crate::support::PASSWORD;

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

/// Who looks at a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::browser) enum Visitor {
    /// Not signed in.
    Anybody,
    /// The owner of [`links::OWNER`].
    Owner,
}

#[derive(Debug)]
pub(in crate::browser) enum Step {
    /// A field, by its label.
    Fill(&'static str, &'static str),
    /// A button or link, by what it says.
    Click(&'static str),
}

/// What this address shows.
pub(in crate::browser) const fn view(name: &'static str, path: &'static str, says: &'static str) -> View {
    View { name, path, steps: &[], says }
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

impl Browser {
    /// Becomes this visitor.
    pub(in crate::browser) async fn come_as(&self, visitor: Visitor) {
        self.session().develop("Network.clearBrowserCookies", &json!({})).await;
        match visitor {
            Visitor::Anybody => {}
            Visitor::Owner => self.sign_in(links::OWNER, PASSWORD).await,
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
