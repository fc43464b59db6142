//! What a person sees who starts the service by hand.

use countersign_domain::secret::Secret;

use crate::settings::{PublicUrl, Settings};
use crate::wiring::System;

/// Where everything is, and a first call to paste.
pub(crate) fn banner(
    settings: &Settings,
    system: &System,
    listening: &PublicUrl,
    public_url: &PublicUrl,
    mailbox_key: Option<&Secret>,
) -> String {
    let data = system.database.place();
    let redis = system.redis.as_ref().map_or("none", |redis| redis.place());
    let folder = settings.storage.mailbox();
    let mail = match (&settings.mail.smtp_url, mailbox_key) {
        (Some(_), _) => "sent by SMTP".to_owned(),
        (None, Some(key)) => format!("{public_url}/mailbox?key={} ({})", key.expose(), folder.display()),
        (None, None) => folder.display().to_string(),
    };
    format!(
        "Countersign {version} listening on {listening}\n\
         \n  data     {data}\n  redis    {redis}\n  mail     {mail}\n  pages    {public_url}/\n  API      {public_url}/docs\n\
         \nRegister an account:\n\
         \n  curl -w '\\n' -X POST {public_url}/auth/register -H 'content-type: application/json' \\\n    \
         -d '{{\"email\": \"you@example.org\", \"password\": \"seven green bottles\", \"first_name\": \"First\", \"last_name\": \"Last\"}}'\n",
        version = env!("CARGO_PKG_VERSION"),
    )
}
