//! How pages are looked at: wide or narrow, light or dark, with scripts or without.

use serde_json::json;

use crate::browser::person::Browser;

/// Width in CSS pixels, and what the person prefers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    pub(crate) name: &'static str,
    width: u16,
    height: u16,
    scheme: &'static str,
}

/// A desk, and what a page has of one that is magnified to four times its size (WCAG 2.2, 1.4.10): less than any telephone. Each
/// by day and by night.
pub(crate) const SCREENS: [Screen; 4] = [
    Screen { name: "light-wide", width: 1280, height: 800, scheme: "light" },
    Screen { name: "dark-wide", width: 1280, height: 800, scheme: "dark" },
    Screen { name: "light-narrow", width: 320, height: 640, scheme: "light" },
    Screen { name: "dark-narrow", width: 320, height: 640, scheme: "dark" },
];

impl Screen {
    pub(in crate::browser) fn is_dark(self) -> bool {
        self.scheme == "dark"
    }

    pub(in crate::browser) fn is_narrow(self) -> bool {
        self.width < 600
    }
}

impl Browser {
    /// Looks at this page and the next ones on such a screen.
    pub(crate) async fn look_on(&self, screen: Screen) {
        let Screen { width, height, scheme, .. } = screen;
        // A telephone shows pages that do not say otherwise as wide as on a desk, and small.
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": screen.is_narrow()});
        self.session().develop("Emulation.setDeviceMetricsOverride", &metrics).await;
        let preference = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.session().develop("Emulation.setEmulatedMedia", &preference).await;
    }

    /// Whether pages that are opened from now on may run scripts.
    pub(crate) async fn scripts(&self, may_run: bool) {
        self.session().develop("Emulation.setScriptExecutionDisabled", &json!({"value": !may_run})).await;
    }

    /// How far the page reaches beyond this screen, sideways (WCAG 2.2, 1.4.10).
    pub(in crate::browser) async fn overhang(&self, screen: Screen) -> i64 {
        let width = self.session().run("return document.documentElement.scrollWidth", &[]).await;
        width.as_i64().unwrap() - i64::from(screen.width)
    }
}
