//! How the pages look.

use std::path::absolute;
use std::sync::Arc;

use countersign_web::Look;

use crate::settings::{Settings, SettingsError};

/// With the operator's templates, if there are any; with everything that is wrong with them.
pub(crate) fn look(settings: &Settings) -> Result<Option<Arc<Look>>, SettingsError> {
    let pages = &settings.pages;
    if pages.color.is_none() && pages.templates_dir.is_none() {
        return Ok(None);
    }
    let folder = pages.templates_dir.as_deref();
    Look::load(pages.color, folder).map(Some).map_err(|faults| {
        let folder = folder
            .map_or_else(String::new, |folder| absolute(folder).as_deref().unwrap_or(folder).display().to_string());
        SettingsError::of(
            "pages.templates_dir",
            faults.into_iter().map(|fault| format!("{folder}: {:#}", anyhow::Error::from(fault))),
        )
    })
}
