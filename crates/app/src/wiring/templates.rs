//! The templates of mails and pages.

use std::sync::Arc;

use countersign_web::Look;

use crate::settings::{Settings, SettingsError};
use crate::wiring::{mail, pages};

/// How the pages look, if every template of mails and pages can be used; with everything that is wrong with any of them.
pub(crate) fn templates(settings: &Settings) -> Result<Option<Arc<Look>>, SettingsError> {
    match (mail::check_templates(settings), pages::look(settings)) {
        (Ok(()), look) => look,
        (Err(of_mails), Ok(_)) => Err(of_mails),
        (Err(of_mails), Err(of_pages)) => Err(of_mails.and(of_pages)),
    }
}
