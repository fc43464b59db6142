//! A server, a browser that looks at it, and a listener who hears of whatever its policy keeps from happening.

use crate::browser::person::Browser;
use crate::browser::reports::Reports;
use crate::support::{Setup, TestServer};

/// Ends with [`Site::close`], which says whether all that was shown kept to the policy.
pub(crate) struct Site {
    pub(crate) browser: Browser,
    pub(crate) server: TestServer,
    pub(in crate::browser) reports: Reports,
    is_closed: bool,
}

impl Site {
    /// With the settings of tests. `None` where there is no browser on this machine: `scripts/test` says so.
    pub(crate) async fn open() -> Option<Self> {
        Self::of(Setup::default()).await
    }

    /// With these settings.
    pub(crate) async fn of(setup: Setup) -> Option<Self> {
        let reports = Reports::listen();
        let server = setup.set("PAGES__CSP_REPORT_URL", &reports.url()).start().await;
        let browser = Browser::at(&server).await?;
        Some(Self { browser, server, reports, is_closed: false })
    }

    /// A browser of its own, that looks at the same server.
    pub(in crate::browser) async fn another_browser(&self) -> Browser {
        Browser::at(&self.server).await.unwrap()
    }

    /// Fails if a page asked for something that its policy forbids, or a script of one failed.
    pub(crate) async fn close(mut self) {
        self.is_closed = true;
        // Of pages with a query in their address nothing is reported: the console is where that shows.
        let complaints = self.browser.complaints().await;
        assert!(complaints.is_empty(), "the browser complains: {complaints:#?}");
        // Reports come in their order, so whatever was to come is there once this one is.
        self.browser.scripts(true).await;
        self.browser.open("/reset-password").await;
        self.browser.misstyle().await;
        let heard = self.reports.wait_for(1).await;
        assert_eq!(heard.len(), 1, "only this test's own violation is reported: {heard:#?}");
        assert_eq!(heard[0]["document-uri"], self.server.url("/reset-password"), "{heard:#?}");
    }

    /// For tests that break the policy themselves.
    pub(in crate::browser) fn leave(mut self) {
        self.is_closed = true;
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        assert!(self.is_closed || std::thread::panicking(), "a test ends with Site::close");
    }
}
