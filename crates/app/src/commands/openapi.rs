//! Prints the OpenAPI document.

use crate::terminal;

/// As it is served at `/openapi.json`.
pub(crate) fn run() -> anyhow::Result<()> {
    terminal::say(&serde_json::to_string_pretty(&countersign_web::openapi::document())?);
    Ok(())
}
