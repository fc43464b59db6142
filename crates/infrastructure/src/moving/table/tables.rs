//! What is moved, column by column and in an order in which nothing comes before what it refers to.
//!
//! A test holds it against the schema of the database, so that no column can be added without a word here.

use crate::moving::table::{Column, Share, Table, Type};

impl Column {
    const fn new(name: &'static str, of: Type) -> Self {
        Self { name, of, optional: false, secret: false, refers_to: None }
    }

    const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    const fn of(self, table: &'static str) -> Self {
        Self { refers_to: Some(table), ..self }
    }
}

const fn id(name: &'static str) -> Column {
    Column::new(name, Type::Id)
}

const fn text(name: &'static str) -> Column {
    Column::new(name, Type::Text)
}

const fn flag(name: &'static str) -> Column {
    Column::new(name, Type::Flag)
}

const fn number(name: &'static str) -> Column {
    Column::new(name, Type::Number)
}

const fn time(name: &'static str) -> Column {
    Column::new(name, Type::Time)
}

const fn octets(name: &'static str) -> Column {
    Column::new(name, Type::Octets)
}

/// Every table but the record of migrations.
pub const TABLES: &[Table] = &[
    Table {
        kind: "user",
        plural: "accounts",
        name: "users",
        key: &["id"],
        columns: &[
            id("id"),
            text("email"),
            text("first_name"),
            text("last_name"),
            text("password_hash").secret(),
            flag("is_active"),
            flag("is_superuser"),
            flag("email_verified"),
            number("epoch"),
            time("created_at"),
            time("updated_at"),
        ],
        share: Share::All,
    },
    Table {
        kind: "team",
        plural: "teams",
        name: "teams",
        key: &["id"],
        columns: &[
            id("id"),
            text("name"),
            text("description").optional(),
            id("created_by").optional().of("users"),
            time("created_at"),
            time("updated_at"),
        ],
        share: Share::All,
    },
    Table {
        kind: "membership",
        plural: "memberships",
        name: "user_teams",
        key: &["user_id", "team_id"],
        columns: &[
            id("user_id").of("users"),
            id("team_id").of("teams"),
            text("role"),
            text("status"),
            time("joined_at"),
        ],
        share: Share::All,
    },
    Table {
        kind: "invitation",
        plural: "invitations",
        name: "invitations",
        key: &["id"],
        columns: &[
            id("id"),
            id("team_id").of("teams"),
            text("email"),
            text("role"),
            octets("digest").secret(),
            text("state"),
            id("invited_by").optional().of("users"),
            id("accepted_by").optional().of("users"),
            time("created_at"),
            time("expires_at"),
        ],
        share: Share::All,
    },
    Table {
        kind: "session",
        plural: "sessions",
        name: "sessions",
        key: &["id"],
        columns: &[
            id("id"),
            id("user_id").of("users"),
            number("epoch"),
            octets("family_digest").secret(),
            octets("current_digest").secret(),
            octets("previous_digest").optional().secret(),
            time("rotated_at").optional(),
            octets("sealed_successor").optional().secret(),
            time("created_at"),
            time("last_seen_at"),
            time("idle_expires_at"),
            time("expires_at"),
            time("ended_at").optional(),
            text("ip").optional(),
            text("user_agent").optional(),
            text("sign_in_ip").optional(),
            text("sign_in_user_agent").optional(),
        ],
        share: Share::Nothing,
    },
    Table {
        kind: "one_time_token",
        plural: "one-time tokens",
        name: "one_time_tokens",
        key: &["id"],
        columns: &[
            id("id"),
            id("user_id").optional().of("users"),
            text("purpose"),
            octets("digest").secret(),
            text("new_email").optional(),
            id("requested_by").optional(),
            time("created_at"),
            time("expires_at"),
        ],
        share: Share::Nothing,
    },
    Table {
        kind: "sign_in_network",
        plural: "networks of sign-ins",
        name: "sign_in_networks",
        key: &["user_id", "network"],
        columns: &[id("user_id").of("users"), text("network"), time("last_seen_at")],
        share: Share::All,
    },
    Table {
        kind: "mail",
        plural: "mails",
        name: "mails",
        key: &["id"],
        columns: &[
            id("id"),
            text("kind"),
            text("recipient"),
            text("recipient_name").optional(),
            text("params"),
            id("user_id").optional().of("users"),
            id("invitation_id").optional().of("invitations"),
            octets("sealed_token").optional().secret(),
            time("token_expires_at").optional(),
            flag("decoy"),
            text("status"),
            number("attempts"),
            time("next_attempt_at"),
            id("lease_id").optional(),
            time("lease_until").optional(),
            text("last_error").optional(),
            time("created_at"),
            time("sent_at").optional(),
        ],
        // One that is on its way is worth nothing without its token.
        share: Share::Where("status <> 'queued'"),
    },
    Table {
        kind: "audit_event",
        plural: "events of the audit trail",
        name: "audit_events",
        key: &["id"],
        columns: &[
            id("id"),
            time("at"),
            text("kind"),
            id("actor_id").optional(),
            id("user_id").optional(),
            id("team_id").optional(),
            text("network").optional(),
            text("user_agent").optional(),
            text("request_id").optional(),
            text("detail").optional(),
        ],
        share: Share::All,
    },
    Table {
        kind: "erasure",
        plural: "erasures under way",
        name: "erasures",
        key: &["user_id"],
        columns: &[id("user_id"), time("requested_at"), id("erased_to").optional(), time("due_at")],
        share: Share::All,
    },
    Table {
        kind: "signing_key",
        plural: "signing keys",
        name: "signing_keys",
        key: &["kid"],
        columns: &[
            text("kid"),
            text("algorithm"),
            octets("sealed_private").secret(),
            text("public_jwk"),
            time("created_at"),
            time("active_from"),
            time("retired_at").optional(),
            time("refused_at").optional(),
        ],
        share: Share::Nothing,
    },
];
