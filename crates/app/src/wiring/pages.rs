//! How the pages look.

use std::sync::Arc;

use anyhow::Context as _;
use countersign_web::Look;

use crate::settings::Settings;

/// With the operator's templates, if there are any.
pub(crate) fn look(settings: &Settings) -> anyhow::Result<Option<Arc<Look>>> {
    let pages = &settings.pages;
    if pages.color.is_none() && pages.templates_dir.is_none() {
        return Ok(None);
    }
    Look::load(pages.color, pages.templates_dir.as_deref()).map(Some).context("pages.templates_dir")
}
