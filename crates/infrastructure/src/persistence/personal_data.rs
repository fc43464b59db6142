//! What is stored about people: the one register of it (GDPR Art. 30), column by column.
//!
//! A test holds it against the schema, so that no column can be added without a word here, and another proves that
//! what is said here about erasure is so. `docs/privacy.md` says the same to people.

/// One column of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredColumn {
    /// Its table.
    pub table: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What it says about somebody; `None` if it says nothing.
    pub personal: Option<PersonalData>,
}

/// Why something about a person is there, and how it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonalData {
    /// What it is.
    pub what: &'static str,
    /// What it is needed for.
    pub why: &'static str,
    /// How it goes when the account is deleted.
    pub erasure: Erasure,
    /// Whether the owner of the account gets it as part of the export.
    pub export: Export,
}

/// What becomes of a value when the account that it is about is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Erasure {
    /// The row is deleted.
    Row,
    /// The value is set to null; the row is about others too.
    Value,
    /// It stays: a random id that leads nowhere once the account is gone.
    RandomId,
    /// It is part of a mail to somebody else, and goes once that mail is sent or given up.
    WhenSettled,
}

/// Whether a value is in the export of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// It is, there: `[]` stands for every element of an array.
    At(&'static str),
    /// It is not: it would let its reader in, or is of use to the service alone.
    Secret,
    /// It is not: it repeats what is included, for as long as something is on its way.
    Transient,
    /// It is not: it is about a person by way of somebody else's act, and is shown to those who acted.
    OfOthers,
}

const fn plain(table: &'static str, name: &'static str) -> StoredColumn {
    StoredColumn { table, name, personal: None }
}

const fn personal(
    table: &'static str,
    name: &'static str,
    what: &'static str,
    why: &'static str,
    erasure: Erasure,
    export: Export,
) -> StoredColumn {
    StoredColumn { table, name, personal: Some(PersonalData { what, why, erasure, export }) }
}

use Erasure::{RandomId, Row, Value, WhenSettled};
use Export::{At, OfOthers, Secret, Transient};

const TRAIL: &str = "finding out who did what (ASVS 16.2.1)";
const SESSIONS: &str = "showing the owner where the account is signed in";
const LETTER: &str = "sending the mail";
const ONE_TIME: &str = "proving the address";

/// Every column there is, by table and in the order of the schema.
pub const STORED_COLUMNS: &[StoredColumn] = &[
    plain("audit_events", "id"),
    personal("audit_events", "at", "when something was done", TRAIL, RandomId, At("audit_events[].at")),
    personal("audit_events", "kind", "what was done", TRAIL, RandomId, At("audit_events[].event")),
    personal("audit_events", "actor_id", "random id of who did it", TRAIL, RandomId, At("audit_events[].actor_id")),
    personal(
        "audit_events",
        "user_id",
        "random id of whom it was done to",
        TRAIL,
        RandomId,
        At("audit_events[].user_id"),
    ),
    plain("audit_events", "team_id"),
    personal(
        "audit_events",
        "network",
        "network (/24, /48) it was done from",
        TRAIL,
        Value,
        At("audit_events[].network"),
    ),
    personal("audit_events", "user_agent", "program it was done with", TRAIL, Value, At("audit_events[].user_agent")),
    plain("audit_events", "request_id"),
    plain("audit_events", "detail"),
    personal("erasures", "user_id", "whose traces are to go", "erasing them", Row, Transient),
    plain("erasures", "requested_at"),
    plain("erasures", "erased_to"),
    plain("erasures", "due_at"),
    plain("invitations", "id"),
    plain("invitations", "team_id"),
    personal("invitations", "email", "invited address", "inviting into a team", Row, At("user.email")),
    plain("invitations", "role"),
    personal("invitations", "digest", "digest of the token", "recognizing the token", Row, Secret),
    plain("invitations", "state"),
    personal("invitations", "invited_by", "who invited", "telling the admins of the team", Value, OfOthers),
    personal("invitations", "accepted_by", "who accepted", "accepting twice is no error", Value, OfOthers),
    plain("invitations", "created_at"),
    plain("invitations", "expires_at"),
    plain("mails", "id"),
    personal("mails", "kind", "what was mailed", LETTER, Row, At("mails[].kind")),
    personal("mails", "recipient", "address", LETTER, Row, At("mails[].recipient")),
    personal("mails", "recipient_name", "first name", "greeting", Row, At("mails[].recipient_name")),
    personal("mails", "params", "name of the inviter, name of the team", LETTER, WhenSettled, Transient),
    personal("mails", "user_id", "whom it concerns", LETTER, Row, At("user.id")),
    plain("mails", "invitation_id"),
    personal("mails", "sealed_token", "token, encrypted", LETTER, Row, Secret),
    plain("mails", "token_expires_at"),
    plain("mails", "decoy"),
    plain("mails", "status"),
    plain("mails", "attempts"),
    plain("mails", "next_attempt_at"),
    plain("mails", "lease_id"),
    plain("mails", "lease_until"),
    plain("mails", "last_error"),
    personal("mails", "created_at", "when it was queued", LETTER, Row, At("mails[].created_at")),
    personal("mails", "sent_at", "when it was sent", LETTER, Row, At("mails[].sent_at")),
    plain("one_time_tokens", "id"),
    personal("one_time_tokens", "user_id", "whose it is", "recognizing the token", Row, At("user.id")),
    personal("one_time_tokens", "purpose", "what was asked for", ONE_TIME, Row, At("one_time_tokens[].purpose")),
    personal("one_time_tokens", "digest", "digest of the token", "recognizing the token", Row, Secret),
    personal(
        "one_time_tokens",
        "new_email",
        "address to be confirmed",
        "changing the address",
        Row,
        At("one_time_tokens[].new_email"),
    ),
    personal(
        "one_time_tokens",
        "requested_by",
        "session that asked",
        "keeping that session",
        Row,
        At("one_time_tokens[].requested_by"),
    ),
    personal(
        "one_time_tokens",
        "created_at",
        "when it was asked for",
        ONE_TIME,
        Row,
        At("one_time_tokens[].created_at"),
    ),
    personal("one_time_tokens", "expires_at", "until when it works", ONE_TIME, Row, At("one_time_tokens[].expires_at")),
    personal("sessions", "id", "id of the session", SESSIONS, Row, At("sessions[].id")),
    personal("sessions", "user_id", "whose it is", SESSIONS, Row, At("user.id")),
    plain("sessions", "epoch"),
    personal("sessions", "family_digest", "digest of the refresh tokens", "recognizing the token", Row, Secret),
    personal("sessions", "current_digest", "digest of the refresh token", "recognizing the token", Row, Secret),
    personal("sessions", "previous_digest", "digest of the one before", "noticing a stolen token", Row, Secret),
    plain("sessions", "rotated_at"),
    personal("sessions", "sealed_successor", "refresh token, encrypted", "two tabs at once", Row, Secret),
    personal("sessions", "created_at", "time of the sign-in", SESSIONS, Row, At("sessions[].created_at")),
    personal("sessions", "last_seen_at", "time of the last use", SESSIONS, Row, At("sessions[].last_seen_at")),
    plain("sessions", "idle_expires_at"),
    personal("sessions", "expires_at", "when it ends at the latest", SESSIONS, Row, At("sessions[].expires_at")),
    personal("sessions", "ended_at", "when it was ended", SESSIONS, Row, At("sessions[].ended_at")),
    personal("sessions", "ip", "network address of the last use", SESSIONS, Row, At("sessions[].ip")),
    personal("sessions", "user_agent", "program of the last use", SESSIONS, Row, At("sessions[].user_agent")),
    personal("sessions", "sign_in_ip", "network address of the sign-in", SESSIONS, Row, At("sessions[].sign_in_ip")),
    personal(
        "sessions",
        "sign_in_user_agent",
        "program of the sign-in",
        SESSIONS,
        Row,
        At("sessions[].sign_in_user_agent"),
    ),
    personal("sign_in_networks", "user_id", "who signed in", "not locking the owner out", Row, At("user.id")),
    personal(
        "sign_in_networks",
        "network",
        "network (/24, /48)",
        "not locking the owner out",
        Row,
        At("sign_in_networks[].network"),
    ),
    personal(
        "sign_in_networks",
        "last_seen_at",
        "last time",
        "forgetting it again",
        Row,
        At("sign_in_networks[].last_seen_at"),
    ),
    plain("signing_keys", "kid"),
    plain("signing_keys", "algorithm"),
    plain("signing_keys", "sealed_private"),
    plain("signing_keys", "public_jwk"),
    plain("signing_keys", "created_at"),
    plain("signing_keys", "active_from"),
    plain("signing_keys", "retired_at"),
    plain("signing_keys", "refused_at"),
    plain("teams", "id"),
    // Given by members, about the team; goes with the team, which goes with its only member.
    plain("teams", "name"),
    plain("teams", "description"),
    personal("teams", "created_by", "who created it", "limiting teams per account", Value, OfOthers),
    plain("teams", "created_at"),
    plain("teams", "updated_at"),
    personal("user_teams", "user_id", "who is a member", "membership", Row, At("user.id")),
    personal("user_teams", "team_id", "of what", "membership", Row, At("teams[].id")),
    personal("user_teams", "role", "as what", "membership", Row, At("teams[].role")),
    personal("user_teams", "status", "whether it counts yet", "membership", Row, At("teams[].status")),
    personal("user_teams", "joined_at", "since when", "membership", Row, At("teams[].joined_at")),
    personal("users", "id", "random id", "the account", Row, At("user.id")),
    personal("users", "email", "address", "signing in, mail", Row, At("user.email")),
    personal("users", "first_name", "first name", "telling people apart", Row, At("user.first_name")),
    personal("users", "last_name", "last name", "telling people apart", Row, At("user.last_name")),
    personal("users", "password_hash", "hash of the password", "signing in", Row, Secret),
    personal("users", "is_active", "whether it may sign in", "the account", Row, At("user.is_active")),
    personal("users", "is_superuser", "whether it runs the service", "the account", Row, At("user.is_superuser")),
    personal("users", "email_verified", "whether the address is proven", "the account", Row, At("user.email_verified")),
    plain("users", "epoch"),
    personal("users", "created_at", "time of the registration", "the account", Row, At("user.created_at")),
    personal("users", "updated_at", "time of the last change", "the account", Row, At("user.updated_at")),
];
