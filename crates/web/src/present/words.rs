//! The words that a field may hold, as the OpenAPI document lists them: spelled as the domain
//! spells them.

use countersign_domain::invitation::{Delivery, InvitationState};
use countersign_domain::team::membership::MembershipStatus;
use countersign_domain::team::role::Role;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

pub(crate) fn role() -> Object {
    one_of([Role::Admin, Role::Member].map(Role::as_str)).build()
}

/// What a superuser may make of a member.
pub(crate) fn admin_role() -> Object {
    let role = one_of([Role::Admin.as_str()]);
    role.description(Some("A superuser has no other right in a team.")).build()
}

pub(crate) fn membership_status() -> Object {
    let status =
        one_of([MembershipStatus::Active, MembershipStatus::AwaitingVerification].map(MembershipStatus::as_str));
    status.description(Some("`awaiting_verification` gives no rights yet.")).build()
}

pub(crate) fn invitation_state() -> Object {
    use InvitationState::{Accepted, Expired, Pending, Revoked};
    one_of([Pending, Accepted, Revoked, Expired].map(InvitationState::as_str)).build()
}

pub(crate) fn delivery() -> Object {
    one_of([Delivery::Queued, Delivery::Sent, Delivery::Failed].map(Delivery::as_str)).build()
}

/// One of these, and nothing else.
pub(crate) fn one_of<const N: usize>(words: [&'static str; N]) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}
