//! Every code that a problem may carry. `/docs/errors` shows this list, and `type` points into it.

/// A code and what it means.
pub struct Entry {
    /// The code.
    pub code: &'static str,
    /// Statuses it comes with.
    pub statuses: &'static [u16],
    /// The code in words.
    pub title: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

macro_rules! catalogue {
    ($($code:literal [$($status:literal),+] $title:literal $advice:literal;)*) => {
        /// All of them, by code.
        pub const ENTRIES: &[Entry] = &[$(
            Entry { code: $code, statuses: &[$($status),+], title: $title, advice: $advice },
        )*];
    };
}

catalogue! {
    "account_required" [409] "No account has the invited address" "Register with the invitation token, then you are a member.";
    "already_member" [409] "Already a member" "Change its role instead.";
    "authentication_required" [401] "A token is required" "Send an access token: Authorization: Bearer, then the token.";
    "bad_request" [400] "The request cannot be understood" "Check the request against the API description.";
    "email_taken" [409] "The address belongs to another account" "Sign in with it, or reset its password.";
    "form_refused" [403] "The form of a page was not taken" "Open the page again and fill it in once more.";
    "head_too_large" [431] "The head of the request is too large" "Send fewer or shorter headers: at most 96, and 128 KiB.";
    "internal_error" [500] "A fault of this service" "Report the request id to whoever runs the service.";
    "invalid_credentials" [401] "Address or password is wrong" "Check both; the answer is the same for unknown addresses.";
    "invalid_refresh_token" [401] "The refresh token is not valid" "It is unknown, expired or was used before: sign in again.";
    "invalid_token" [400, 401] "The token is not valid" "An access token: refresh it or sign in again. A mailed token: ask for a new mail.";
    "invitation_for_another_account" [403] "The invitation is for another address" "Sign in to the account of the invited address.";
    "invitation_not_found" [404] "No such invitation" "List the invitations of the team.";
    "invitation_not_pending" [409] "The invitation is not pending" "It was accepted or revoked; invite again.";
    "last_admin" [409] "A team would be left without an admin" "Make another member admin first, or delete the team.";
    "malformed_body" [400] "The body cannot be read" "Send one JSON object without duplicate keys.";
    "member_not_found" [404] "No such member" "List the members of the team.";
    "method_not_allowed" [405] "The method is not allowed here" "The Allow header lists those that are.";
    "not_found" [404] "There is nothing here" "Check the path against the API description.";
    "payload_too_large" [413] "The body is too large" "Send at most 64 KiB.";
    "proof_required" [403] "Proof of the account is required" "Sign in to the account, or give its password along.";
    "rate_limited" [429] "Too many requests" "Wait for as many seconds as Retry-After says.";
    "registration_closed" [403] "Registration is closed" "Ask for an invitation.";
    "request_timeout" [408] "The request took too long to arrive" "Send it again, faster.";
    "service_unavailable" [503] "Temporarily unavailable" "Try again after as many seconds as Retry-After says.";
    "session_not_found" [404] "No such session" "List your sessions.";
    "superuser_required" [403] "This takes a superuser" "Ask whoever runs the service.";
    "team_admin_required" [403] "This takes an admin of the team" "Ask an admin of the team.";
    "team_has_admin" [409] "The team has an admin" "Its admins appoint others.";
    "team_limit_reached" [409] "Too many teams created" "Delete a team that you created first.";
    "team_not_found" [404] "No such team" "It does not exist, or you are not in it.";
    "unsupported_media_type" [415] "The content type is not supported" "Send application/json.";
    "user_not_found" [404] "No such user" "Search the users.";
    "validation_failed" [422] "Some values are not valid" "The list errors names each field and its rule.";
    "wrong_password" [403] "The current password is wrong" "Give the password of the account you are signed in to.";
}

/// The entry of a code.
pub fn find(code: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.code == code)
}

pub(crate) fn lists(status: u16, code: &str) -> bool {
    find(code).is_some_and(|entry| entry.statuses.contains(&status))
}

/// Code and detail of an answer that the framework gave without saying more.
pub(crate) fn of_status(status: u16) -> (&'static str, &'static str) {
    match status {
        400 => ("bad_request", "The request cannot be understood."),
        401 => ("authentication_required", "A token is required."),
        404 => ("not_found", "There is nothing here."),
        405 => ("method_not_allowed", "The method is not allowed here."),
        408 => ("request_timeout", "The request took too long to arrive."),
        413 => ("payload_too_large", "The body is too large."),
        415 => ("unsupported_media_type", "The content type is not supported."),
        429 => ("rate_limited", "Too many requests; try again later."),
        431 => ("head_too_large", "The head of the request is too large."),
        503 => ("service_unavailable", "The service cannot do this at the moment. Try again shortly."),
        _ => ("internal_error", "Something went wrong here. The request id names it in the log."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_each_is_there_once() {
        assert!(ENTRIES.windows(2).all(|pair| pair[0].code < pair[1].code));
    }
}
