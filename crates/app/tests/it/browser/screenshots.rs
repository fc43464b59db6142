//! Pictures of pages, to be looked at.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use base64::Engine as _;
use serde_json::json;

use crate::browser::person::Browser;
use crate::support::told;

/// The folder that `SCREENSHOTS` names, or `target/screenshots`; a temporary one where nothing may be written there.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../screenshots");
    let folder = told("SCREENSHOTS").map_or(target, PathBuf::from);
    match std::fs::create_dir_all(&folder) {
        Ok(()) => folder.canonicalize().unwrap(),
        Err(_) => tempfile::tempdir().unwrap().keep(),
    }
});

/// In pixels: what comes then on a list of 50 rows is more of the same, and pictures are a good part of what a tour costs.
const LONGEST: f64 = 2_400.0;

impl Browser {
    /// What is in a frame is drawn only where somebody has scrolled to it.
    async fn scroll_to_frame(&self) {
        let frames = self.session().elements("//iframe").await;
        if !frames.is_empty() {
            self.session().run("document.querySelector('iframe').scrollIntoView()", &[]).await;
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        }
    }

    /// Takes a picture of the page: the whole, unless it is a long list.
    pub(in crate::browser) async fn photograph(&self, name: &str) {
        self.scroll_to_frame().await;
        let metrics = self.session().develop("Page.getLayoutMetrics", &json!({})).await;
        let (width, height) = (&metrics["cssLayoutViewport"]["clientWidth"], &metrics["cssContentSize"]["height"]);
        // At least the screen.
        let screen = metrics["cssLayoutViewport"]["clientHeight"].as_f64().unwrap();
        let height = height.as_f64().unwrap().min(LONGEST).max(screen);
        let area = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 1});
        let how = json!({"format": "png", "captureBeyondViewport": true, "optimizeForSpeed": true, "clip": area});
        let picture = self.session().develop("Page.captureScreenshot", &how).await;
        let picture = base64::engine::general_purpose::STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        std::fs::write(FOLDER.join(format!("{name}.png")), picture).unwrap();
    }
}
