//! The database schema: one change a file, applied in order, on SQLite and PostgreSQL alike.
//!
//! How to add one, how things are named and what a deletion takes along: `docs/migrations.md`.
#![deny(missing_docs)]

mod dialect;
mod m20260101_000001_users;
mod m20260101_000002_sessions;
mod m20260101_000003_one_time_tokens;
mod m20260101_000004_teams;
mod m20260101_000005_user_teams;
mod m20260101_000006_invitations;
mod m20260101_000007_mails;
mod m20260101_000008_audit_events;
mod m20260101_000009_sign_in_networks;
mod m20260101_000010_signing_keys;
mod m20260101_000011_updated_at;
mod m20260101_000012_erasures;
mod m20260101_000013_erasures_due_at;
mod m20260101_000014_memberships_by_time;
mod m20260101_000015_unverified_in_slices;
mod m20260101_000016_search;
mod m20260101_000017_sign_in_origin;

pub use sea_orm_migration::{MigrationStatus, MigratorTrait};

use sea_orm_migration::MigrationTrait;

/// Applies and takes back the changes. Takes no lock of its own: whoever calls it holds one.
#[derive(Clone, Copy, Debug)]
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20260101_000001_users::Migration),
            Box::new(m20260101_000002_sessions::Migration),
            Box::new(m20260101_000003_one_time_tokens::Migration),
            Box::new(m20260101_000004_teams::Migration),
            Box::new(m20260101_000005_user_teams::Migration),
            Box::new(m20260101_000006_invitations::Migration),
            Box::new(m20260101_000007_mails::Migration),
            Box::new(m20260101_000008_audit_events::Migration),
            Box::new(m20260101_000009_sign_in_networks::Migration),
            Box::new(m20260101_000010_signing_keys::Migration),
            Box::new(m20260101_000011_updated_at::Migration),
            Box::new(m20260101_000012_erasures::Migration),
            Box::new(m20260101_000013_erasures_due_at::Migration),
            Box::new(m20260101_000014_memberships_by_time::Migration),
            Box::new(m20260101_000015_unverified_in_slices::Migration),
            Box::new(m20260101_000016_search::Migration),
            Box::new(m20260101_000017_sign_in_origin::Migration),
        ]
    }
}
