//! Teams, roles and who may see what.

mod creating;
mod last_admin;
mod roles;
mod tenancy;
