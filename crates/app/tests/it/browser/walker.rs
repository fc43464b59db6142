//! A person who finds their way by what the pages say: no address is typed but the first one.

use crate::browser::person::Browser;
use crate::browser::site::Site;

/// With what a person acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::browser) enum By {
    Mouse,
    Keyboard,
}

pub(in crate::browser) struct Walker<'a> {
    pub(in crate::browser) browser: &'a Browser,
    by: By,
}

impl<'a> Walker<'a> {
    /// Opens the service.
    pub(in crate::browser) async fn enter(site: &'a Site, by: By) -> Self {
        site.browser.open("/").await;
        Self { browser: &site.browser, by }
    }

    pub(in crate::browser) async fn see(&self, words: &str) {
        self.browser.see(words).await;
    }

    /// Goes on by a button or a link.
    pub(in crate::browser) async fn click(&self, text: &str) {
        match self.by {
            By::Mouse => self.browser.click(text).await,
            By::Keyboard => self.browser.press_on(text).await,
        }
    }

    pub(in crate::browser) async fn fill(&self, label: &str, value: &str) {
        match self.by {
            By::Mouse => self.browser.fill(label, value).await,
            By::Keyboard => {
                self.browser.note(value);
                self.browser.tab_to(label).await;
                self.browser.press(value).await;
            }
        }
    }

    /// Goes to the start, and from there on.
    async fn start_over(&self, to: &str) {
        self.click("Countersign").await;
        self.see("For developers").await;
        self.click(to).await;
    }

    /// Fills in what every registration asks for.
    pub(in crate::browser) async fn introduce(&self, email: &str, password: &str) {
        self.fill("First name", "Firstname").await;
        self.fill("Last name", "Lastname").await;
        self.fill("E-mail address", email).await;
        self.fill("Password", password).await;
    }

    /// Registers, and verifies the address by the mail.
    pub(in crate::browser) async fn register(&self, email: &str, password: &str) {
        self.start_over("Register").await;
        self.introduce(email, password).await;
        self.click("Register").await;
        self.see("You are registered.").await;
        self.follow_mail(email, "Verify your e-mail address", "/verify-email").await;
        self.fill("Password", password).await;
        self.click("Verify").await;
        self.see("Your e-mail address is verified.").await;
    }

    pub(in crate::browser) async fn sign_in(&self, email: &str, password: &str) {
        self.start_over("Sign in").await;
        self.fill("E-mail address", email).await;
        self.fill("Password", password).await;
        self.click("Sign in").await;
        self.see("Sign out").await;
    }

    pub(in crate::browser) async fn sign_out(&self) {
        self.click("Sign out").await;
        self.see("You are signed out.").await;
    }

    /// Looks into the mailbox until the mail is there, and follows its link to this page.
    pub(in crate::browser) async fn follow_mail(&self, email: &str, subject: &str, page: &str) {
        self.click("Mailbox").await;
        self.see("Every mail that would have been sent").await;
        // The latest is the first, and whoever it is for stands beneath it.
        let awaited = format!("{subject}\nto {email}");
        let start = std::time::Instant::now();
        while !self.browser.text().await.replace("\n\n", "\n").contains(&awaited) {
            assert!(start.elapsed().as_secs() < 20, "no mail {awaited:?}:\n{}", self.browser.text().await);
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            self.click("Look again").await;
        }
        self.click(subject).await;
        self.see("As text").await;
        self.see(&format!("To\n{email}")).await;
        let link = self.browser.link_to(page).await;
        self.click(&link).await;
    }
}
