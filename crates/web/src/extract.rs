//! From a request to what a use case wants: bodies, queries, ids, who asks, and from where.

pub(crate) mod actor;
pub(crate) mod bearer;
pub(crate) mod body;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod json;
pub(crate) mod origin;
pub(crate) mod path;
pub(crate) mod query;

pub(crate) use crate::extract::actor::{Authenticated, MaybeAuthenticated, Superuser, TeamAdmin, TeamMember};
pub(crate) use crate::extract::body::{JsonBody, MaybeJsonBody};
pub(crate) use crate::extract::fields::{Fields, FromFields};
pub(crate) use crate::extract::origin::RequestOrigin;
pub(crate) use crate::extract::path::{InvitationPath, MemberPath, SessionPath, TeamPath, UserPath};
pub(crate) use crate::extract::query::QueryFields;
