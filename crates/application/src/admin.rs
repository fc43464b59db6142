//! What superusers do.

pub mod appoint_team_admin;
pub mod create_superuser;
pub mod delete_user;
pub mod end_user_sessions;
pub mod guard;
pub mod list_audit_events;
pub mod list_team_members;
pub mod list_teams;
pub mod list_user_teams;
pub mod list_users;
pub mod name_subjects;
pub mod show_team;
pub mod show_user;
pub mod update_user;
mod views;

use crate::dependencies::Dependencies;

/// The use cases of this module.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the use case of its type, documented there")]
pub struct Admin {
    pub appoint_team_admin: appoint_team_admin::AppointTeamAdmin,
    pub create_superuser: create_superuser::CreateSuperuser,
    pub delete_user: delete_user::DeleteUser,
    pub end_user_sessions: end_user_sessions::EndUserSessions,
    pub list_audit_events: list_audit_events::ListAuditEvents,
    pub list_team_members: list_team_members::ListTeamMembers,
    pub list_teams: list_teams::ListTeams,
    pub list_user_teams: list_user_teams::ListUserTeams,
    pub list_users: list_users::ListUsers,
    pub name_subjects: name_subjects::NameSubjects,
    pub show_team: show_team::ShowTeam,
    pub show_user: show_user::ShowUser,
    pub update_user: update_user::UpdateUser,
}

impl Admin {
    /// Wires each use case.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            appoint_team_admin: appoint_team_admin::AppointTeamAdmin::new(dependencies),
            create_superuser: create_superuser::CreateSuperuser::new(dependencies),
            delete_user: delete_user::DeleteUser::new(dependencies),
            end_user_sessions: end_user_sessions::EndUserSessions::new(dependencies),
            list_audit_events: list_audit_events::ListAuditEvents::new(dependencies),
            list_team_members: list_team_members::ListTeamMembers::new(dependencies),
            list_teams: list_teams::ListTeams::new(dependencies),
            list_user_teams: list_user_teams::ListUserTeams::new(dependencies),
            list_users: list_users::ListUsers::new(dependencies),
            name_subjects: name_subjects::NameSubjects::new(dependencies),
            show_team: show_team::ShowTeam::new(dependencies),
            show_user: show_user::ShowUser::new(dependencies),
            update_user: update_user::UpdateUser::new(dependencies),
        }
    }
}
