//! How entities look to clients: one shape a file.

pub(crate) mod audit_event;
pub(crate) mod invitation;
pub(crate) mod member;
pub(crate) mod message;
pub(crate) mod page;
pub(crate) mod team;
pub(crate) mod team_membership;
pub(crate) mod timestamp;
pub(crate) mod tokens;
pub(crate) mod user;
pub(crate) mod words;

pub(crate) use crate::present::audit_event::AuditEventBody;
pub(crate) use crate::present::invitation::InvitationBody;
pub(crate) use crate::present::member::MemberBody;
pub(crate) use crate::present::message::MessageBody;
pub(crate) use crate::present::page::PageBody;
pub(crate) use crate::present::team::TeamBody;
pub(crate) use crate::present::team_membership::TeamMembershipBody;
pub(crate) use crate::present::timestamp::Timestamp;
pub(crate) use crate::present::tokens::TokensBody;
pub(crate) use crate::present::user::UserBody;
