//! What the owner of an account does with it.

pub mod change_password;
pub mod confirm_email_change;
pub mod delete_account;
pub mod end_session;
pub mod export_account;
pub mod list_dependent_teams;
pub mod list_sessions;
pub mod proof;
pub mod removal;
pub mod request_email_change;
pub mod show_account;
pub mod update_profile;

use crate::dependencies::Dependencies;

/// The use cases of this module.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the use case of its type, documented there")]
pub struct Account {
    pub change_password: change_password::ChangePassword,
    pub confirm_email_change: confirm_email_change::ConfirmEmailChange,
    pub delete_account: delete_account::DeleteAccount,
    pub end_session: end_session::EndSession,
    pub export_account: export_account::ExportAccount,
    pub list_dependent_teams: list_dependent_teams::ListDependentTeams,
    pub list_sessions: list_sessions::ListSessions,
    pub request_email_change: request_email_change::RequestEmailChange,
    pub show_account: show_account::ShowAccount,
    pub update_profile: update_profile::UpdateProfile,
}

impl Account {
    /// Wires each use case.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            change_password: change_password::ChangePassword::new(dependencies),
            confirm_email_change: confirm_email_change::ConfirmEmailChange::new(dependencies),
            delete_account: delete_account::DeleteAccount::new(dependencies),
            end_session: end_session::EndSession::new(dependencies),
            export_account: export_account::ExportAccount::new(dependencies),
            list_dependent_teams: list_dependent_teams::ListDependentTeams::new(dependencies),
            list_sessions: list_sessions::ListSessions::new(dependencies),
            request_email_change: request_email_change::RequestEmailChange::new(dependencies),
            show_account: show_account::ShowAccount::new(dependencies),
            update_profile: update_profile::UpdateProfile::new(dependencies),
        }
    }
}
