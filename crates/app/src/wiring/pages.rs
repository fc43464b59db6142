//! How the pages look.

use std::sync::Arc;

use anyhow::Context as _;
use countersign_web::Look;

use crate::settings::Settings;

/// With the operator's templates, if there are any.
pub(crate) fn look(settings: &Settings) -> anyhow::Result<Arc<Look>> {
    let pages = &settings.pages;
    Look::load(pages.color, pages.templates_dir.as_deref()).context("pages.templates_dir")
}
