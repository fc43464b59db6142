//! Access tokens in any number, all different and good: signed with the key of the service that is measured, as a
//! client that comes with each of them for the first time would hold them.

use std::fs;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use countersign_application::ports::access_tokens::{AccessClaims, AccessTokens as _};
use countersign_application::ports::clock::Clock as _;
use countersign_application::ports::id_generator::IdGenerator as _;
use countersign_domain::email_address::EmailAddress;
use countersign_infrastructure::persistence::{Database, DatabaseOptions};
use countersign_infrastructure::security::tokens::{JwtAccessTokens, KeyRing};
use countersign_infrastructure::security::{SecretKey, SecretKeyRing};
use countersign_infrastructure::system::{SystemClock, UuidV7Generator};
use time::Duration;

use crate::server::{AUDIENCE, Account, EMAIL};

const LIFETIME: Duration = Duration::minutes(15);

/// Writes `count` tokens of the account's session, a line each. `data` is the data folder of the service.
pub(crate) fn write(data: &Path, account: &Account, count: usize, file: &Path) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let url = format!("sqlite://{}", data.join("countersign.db").display());
        let database = Database::connect(&url, &DatabaseOptions::default()).await?;
        let key = SecretKey::parse(&fs::read_to_string(data.join("secret.key"))?)?;
        let secret_keys = Arc::new(SecretKeyRing::new(key, None));
        let keys = Arc::new(KeyRing::new(Arc::new(database.store()), secret_keys, LIFETIME));
        keys.refresh().await?;
        let tokens = JwtAccessTokens::new(keys, account.issuer.as_str(), AUDIENCE);
        let now = SystemClock.now();
        let known = tokens.verify(&account.access_token, now).await?;
        let email = EmailAddress::parse(EMAIL).ok().context("the address")?;
        let mut lines = BufWriter::new(fs::File::create(file)?);
        for _ in 0..count {
            let claims = AccessClaims {
                user_id: known.user_id,
                email: email.clone(),
                roles: vec![],
                teams_truncated: false,
                session_id: known.session_id,
                token_id: UuidV7Generator.next_id(),
                issued_at: now,
                expires_at: now + LIFETIME,
            };
            writeln!(lines, "{}", tokens.issue(&claims).await?.expose())?;
        }
        lines.flush()?;
        database.close().await?;
        Ok(())
    })
}
