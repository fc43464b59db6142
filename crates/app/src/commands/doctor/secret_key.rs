//! The secret key, and whether it opens the signing keys.

use anyhow::Context as _;
use countersign_application::keys::reseal_keys::resealed;
use countersign_domain::signing_key::SigningKey;
use countersign_infrastructure::security::tokens::SealedKeyFactory;
use countersign_infrastructure::system::SystemSecretGenerator;
use time::OffsetDateTime;

use crate::commands::doctor::finding::{Found, Remark};
use crate::settings::Settings;
use crate::wiring;

const NEXT_STEP: &str = "put the key there that the database was used with, for its owner alone";

/// Where it is read, and not made; what the signing keys are, or why that is not known.
pub(crate) fn examine(settings: &Settings, stored: Result<Vec<SigningKey>, &str>, now: OffsetDateTime) -> Found {
    let longest_token = settings.policy.longest_token();
    if !wiring::has_secret_key(&settings.storage) {
        wiring::refuse_lost_key_of(&stored.unwrap_or_default(), settings, now)?;
        return Ok("none yet: the first start makes one in the data folder".into());
    }
    let secret_keys = wiring::secret_keys(&settings.storage, &SystemSecretGenerator).context(NEXT_STEP)?;
    let keys = match stored {
        Ok(keys) => keys,
        Err(why) => {
            return Ok(Remark::Fine(format!("can be read; whether it opens the signing keys is not known: {why}")));
        }
    };
    let factory = SealedKeyFactory::new(secret_keys.into());
    let resealed = resealed(&factory, &keys, longest_token, now).map_err(wiring::explain_keys)?;
    Ok(match (keys.is_empty(), resealed) {
        (true, _) => "can be used; there is no signing key yet".into(),
        (false, None) => "can be used: it opens the signing keys".into(),
        (false, Some(_)) => {
            "can be used: secret_key_previous opens signing keys, which the next start seals anew".into()
        }
    })
}
