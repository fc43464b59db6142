//! Registration, signing in and out, verification, reset.

pub mod authenticate;
pub mod browser_session;
pub mod disown_account;
pub(crate) mod family_ending;
pub(crate) mod home_network;
pub mod login;
pub mod logout;
pub(crate) mod one_time_mail;
pub(crate) mod password_attempts;
pub mod refresh;
pub(crate) mod refused_tokens;
pub mod register;
pub mod request_email_verification;
pub mod request_password_reset;
pub mod reset_password;
pub mod revoke_refresh_token;
pub mod tokens;
pub mod verify_email;

use crate::dependencies::Dependencies;

/// The use cases of this module.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the use case of its type, documented there")]
pub struct Auth {
    pub authenticate: authenticate::Authenticate,
    pub browser_sessions: browser_session::BrowserSessions,
    pub disown_account: disown_account::DisownAccount,
    pub login: login::LogIn,
    pub logout: logout::LogOut,
    pub refresh: refresh::Refresh,
    pub register: register::Register,
    pub request_email_verification: request_email_verification::RequestEmailVerification,
    pub request_password_reset: request_password_reset::RequestPasswordReset,
    pub reset_password: reset_password::ResetPassword,
    pub revoke_refresh_token: revoke_refresh_token::RevokeRefreshToken,
    pub verify_email: verify_email::VerifyEmail,
}

impl Auth {
    /// Wires each use case.
    pub fn new(dependencies: &Dependencies) -> Self {
        Self {
            authenticate: authenticate::Authenticate::new(dependencies),
            browser_sessions: browser_session::BrowserSessions::new(dependencies),
            disown_account: disown_account::DisownAccount::new(dependencies),
            login: login::LogIn::new(dependencies),
            logout: logout::LogOut::new(dependencies),
            refresh: refresh::Refresh::new(dependencies),
            register: register::Register::new(dependencies),
            request_email_verification: request_email_verification::RequestEmailVerification::new(dependencies),
            request_password_reset: request_password_reset::RequestPasswordReset::new(dependencies),
            reset_password: reset_password::ResetPassword::new(dependencies),
            revoke_refresh_token: revoke_refresh_token::RevokeRefreshToken::new(dependencies),
            verify_email: verify_email::VerifyEmail::new(dependencies),
        }
    }
}
