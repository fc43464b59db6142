//! The rules that every record keeps, whatever wrote it: those of the domain, and those that the schema checks.

use countersign_domain::email_address::EmailAddress;
use countersign_domain::invitation::InvitationState;
use countersign_domain::name::{Description, PersonName, TeamName};
use countersign_domain::team::membership::MembershipStatus;
use countersign_domain::team::role::Role;
use serde_json::Value;

use crate::moving::page::Row;
use crate::moving::table::Table;
use crate::security::{NO_PASSWORD, is_password_hash};

/// Octets of a digest, in hex.
const DIGEST: usize = 64;

/// A row by the names of its columns.
pub(crate) struct Fields<'a> {
    pub(crate) table: &'static Table,
    pub(crate) row: &'a mut Row,
}

impl Fields<'_> {
    pub(crate) fn get(&self, name: &str) -> &Value {
        self.table.position(name).map_or(&Value::Null, |at| &self.row[at])
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).as_str().unwrap_or_default()
    }

    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        if let Some(at) = self.table.position(name) {
            self.row[at] = value.into();
        }
    }

    fn has(&self, name: &str) -> bool {
        !self.get(name).is_null()
    }

    /// Puts a text in the one form that it has here, or says what is wrong with it.
    fn settle<E: std::fmt::Display>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<String, E>,
    ) -> Result<(), String> {
        let text = parse(self.text(name)).map_err(|error| format!("{name}: {error}"))?;
        self.set(name, text);
        Ok(())
    }

    fn holds(&self, rule: bool, what: &str) -> Result<(), String> {
        if rule { Ok(()) } else { Err(format!("{what} of a {} cannot be", self.table.kind)) }
    }

    fn is_one_of(&self, name: &str, known: &[&str]) -> Result<(), String> {
        self.holds(known.contains(&self.text(name)), name)
    }

    fn is_digest(&self, name: &str) -> Result<(), String> {
        self.holds(self.text(name).len() == DIGEST, name)
    }
}

/// Puts a row in the form that is stored, or says which rule it breaks.
pub(crate) fn apply(fields: &mut Fields<'_>) -> Result<(), String> {
    match fields.table.name {
        "users" => user(fields),
        "teams" => team(fields),
        "user_teams" => membership(fields),
        "invitations" => invitation(fields),
        "sessions" => session(fields),
        "one_time_tokens" => {
            fields.is_one_of("purpose", &["password_reset", "email_verification", "email_change"])?;
            fields.is_digest("digest")
        }
        "mails" => mail(fields),
        "signing_keys" => fields.is_one_of("algorithm", &["ES256", "EdDSA", "RS256"]),
        _ => Ok(()),
    }
}

fn email(fields: &mut Fields<'_>) -> Result<(), String> {
    fields.settle("email", |text| EmailAddress::parse(text).map(|email| email.as_str().to_owned()))
}

fn user(fields: &mut Fields<'_>) -> Result<(), String> {
    email(fields)?;
    for name in ["first_name", "last_name"] {
        fields.settle(name, |text| PersonName::parse(text).map(|name| name.as_str().to_owned()))?;
    }
    if !is_password_hash(fields.text("password_hash")) {
        fields.set("password_hash", NO_PASSWORD);
    }
    fields.holds(fields.get("epoch").as_i64().is_some_and(|epoch| epoch >= 0), "epoch")
}

fn team(fields: &mut Fields<'_>) -> Result<(), String> {
    fields.settle("name", |text| TeamName::parse(text).map(|name| name.as_str().to_owned()))?;
    let description =
        Description::parse(fields.text("description")).map_err(|error| format!("description: {error}"))?;
    fields.set("description", description.map(|description| description.as_str().to_owned()));
    Ok(())
}

fn membership(fields: &Fields<'_>) -> Result<(), String> {
    fields.holds(Role::parse(fields.text("role")).is_ok(), "role")?;
    // None yet: it follows from the account.
    let status = fields.get("status");
    let is_known = status.is_null() || status.as_str().and_then(MembershipStatus::parse).is_some();
    fields.holds(is_known, "status")
}

fn invitation(fields: &mut Fields<'_>) -> Result<(), String> {
    email(fields)?;
    fields.holds(Role::parse(fields.text("role")).is_ok(), "role")?;
    fields.holds(InvitationState::parse(fields.text("state")).is_some(), "state")?;
    fields.is_digest("digest")
}

fn session(fields: &Fields<'_>) -> Result<(), String> {
    fields.is_digest("family_digest")?;
    fields.is_digest("current_digest")?;
    fields.holds(fields.has("previous_digest") == fields.has("rotated_at"), "rotated_at")?;
    fields.holds(!fields.has("sealed_successor") || fields.has("rotated_at"), "sealed_successor")
}

fn mail(fields: &Fields<'_>) -> Result<(), String> {
    fields.is_one_of("status", &["queued", "sent", "dead"])?;
    fields.holds(!fields.has("sealed_token") || fields.text("status") == "queued", "sealed_token")?;
    fields.holds(fields.has("lease_id") == fields.has("lease_until"), "lease_until")?;
    fields.holds(fields.get("attempts").as_i64().is_some_and(|n| (0..=i64::from(i32::MAX)).contains(&n)), "attempts")
}
