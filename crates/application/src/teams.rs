//! Teams, their members and invitations.

pub mod accept_invitation;
pub mod access;
pub(crate) mod awaiting;
pub mod change_role;
pub mod check_last_admin;
pub mod create_team;
pub mod delete_team;
mod invitation_letter;
mod invitation_limits;
pub mod invite_member;
mod last_admin;
pub mod list_invitations;
pub mod list_members;
pub mod list_my_teams;
pub(crate) mod listed_member;
pub(crate) mod moot_invitations;
pub mod remove_member;
pub mod resend_invitation;
pub mod revoke_invitation;
pub mod show_invitation;
pub mod show_member;
pub mod show_team;
pub mod update_team;

use crate::dependencies::Dependencies;

/// The use cases of this module.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the use case of its type, documented there")]
pub struct Teams {
    pub accept_invitation: accept_invitation::AcceptInvitation,
    pub change_role: change_role::ChangeRole,
    pub check_last_admin: check_last_admin::CheckLastAdmin,
    pub create_team: create_team::CreateTeam,
    pub delete_team: delete_team::DeleteTeam,
    pub invite_member: invite_member::InviteMember,
    pub list_invitations: list_invitations::ListInvitations,
    pub list_members: list_members::ListMembers,
    pub list_my_teams: list_my_teams::ListMyTeams,
    pub remove_member: remove_member::RemoveMember,
    pub resend_invitation: resend_invitation::ResendInvitation,
    pub revoke_invitation: revoke_invitation::RevokeInvitation,
    pub show_invitation: show_invitation::ShowInvitation,
    pub show_member: show_member::ShowMember,
    pub show_team: show_team::ShowTeam,
    pub update_team: update_team::UpdateTeam,
}

impl Teams {
    /// Wires each use case.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            accept_invitation: accept_invitation::AcceptInvitation::new(dependencies),
            change_role: change_role::ChangeRole::new(dependencies),
            check_last_admin: check_last_admin::CheckLastAdmin::new(dependencies),
            create_team: create_team::CreateTeam::new(dependencies),
            delete_team: delete_team::DeleteTeam::new(dependencies),
            invite_member: invite_member::InviteMember::new(dependencies),
            list_invitations: list_invitations::ListInvitations::new(dependencies),
            list_members: list_members::ListMembers::new(dependencies),
            list_my_teams: list_my_teams::ListMyTeams::new(dependencies),
            remove_member: remove_member::RemoveMember::new(dependencies),
            resend_invitation: resend_invitation::ResendInvitation::new(dependencies),
            revoke_invitation: revoke_invitation::RevokeInvitation::new(dependencies),
            show_invitation: show_invitation::ShowInvitation::new(dependencies),
            show_member: show_member::ShowMember::new(dependencies),
            show_team: show_team::ShowTeam::new(dependencies),
            update_team: update_team::UpdateTeam::new(dependencies),
        }
    }
}
