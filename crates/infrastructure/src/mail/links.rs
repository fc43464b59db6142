//! Where the links in mails lead.

use std::fmt::Display;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use url::Url;

use crate::mail::error::MailSettingsError;

/// Where the links of mails lead: each a URL with `{token}` where the token goes and, if wanted, `{public_url}`.
/// What is absent leads to this service's own page.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LinkTargets {
    /// `{public_url}/verify-email?token={token}`
    pub verify_email: Option<String>,
    /// `{public_url}/disown-account?token={token}`
    pub disown_account: Option<String>,
    /// `{public_url}/reset-password?token={token}`
    pub reset_password: Option<String>,
    /// `{public_url}/accept-invitation?token={token}`
    pub accept_invitation: Option<String>,
    /// `{public_url}/confirm-email-change?token={token}`
    pub confirm_email_change: Option<String>,
}

/// A checked target.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    before: String,
    after: String,
}

impl Link {
    fn parse(target: &'static str, template: Option<&str>, public_url: &str) -> Result<Self, MailSettingsError> {
        let default = format!("{public_url}/{}?token={{token}}", target.replace('_', "-"));
        let template = template.map_or(default, |template| template.replace("{public_url}", public_url));
        let wrong = || MailSettingsError::LinkTarget { target };
        let (before, after) = template.split_once("{token}").ok_or_else(wrong)?;
        let link = Self { before: before.to_owned(), after: after.to_owned() };
        let (one, other) = (link.with("a"), link.with("b"));
        // A token in the host would be told to a name server.
        let behind_host = host(&one) == host(&other);
        if is_web(&one) && behind_host && !after.contains("{token}") && !template.contains(char::is_whitespace) {
            Ok(link)
        } else {
            Err(wrong())
        }
    }

    /// The link with this token.
    pub(crate) fn with(&self, token: &str) -> String {
        format!("{}{}{}", self.before, encoded(token), self.after)
    }
}

/// The links of all mails that have one.
#[derive(Clone, Debug)]
pub(crate) struct Links {
    pub(crate) verify_email: Link,
    pub(crate) disown_account: Link,
    pub(crate) reset_password: Link,
    pub(crate) accept_invitation: Link,
    pub(crate) confirm_email_change: Link,
}

impl Links {
    pub(crate) fn parse(targets: &LinkTargets, public_url: &str) -> Result<Self, MailSettingsError> {
        let link = |name, target: &Option<String>| Link::parse(name, target.as_deref(), public_url);
        Ok(Self {
            verify_email: link("verify_email", &targets.verify_email)?,
            disown_account: link("disown_account", &targets.disown_account)?,
            reset_password: link("reset_password", &targets.reset_password)?,
            accept_invitation: link("accept_invitation", &targets.accept_invitation)?,
            confirm_email_change: link("confirm_email_change", &targets.confirm_email_change)?,
        })
    }
}

/// The public URL without the slash at its end, checked.
pub(crate) fn public_url(text: &str) -> Result<String, MailSettingsError> {
    let url = text.trim_end_matches('/');
    if is_web(url) && !url.contains(['?', '#', '{', '}']) && !url.contains(char::is_whitespace) {
        Ok(url.to_owned())
    } else {
        Err(MailSettingsError::PublicUrl)
    }
}

/// The host of a URL; an IPv6 address stands in brackets.
pub(crate) fn host(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

fn is_web(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let anonymous = url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "http" | "https") && url.has_host() && anonymous
    })
}

/// Percent-encodes all but unreserved characters (RFC 3986, 2.3), so that no token can leave its place.
fn encoded(token: &str) -> impl Display {
    const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(token, RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: &str = "https://id.example.com";

    fn reset(target: &str) -> Result<String, MailSettingsError> {
        let targets = LinkTargets { reset_password: Some(target.to_owned()), ..LinkTargets::default() };
        Links::parse(&targets, HERE).map(|links| links.reset_password.with("a b&c=\"#"))
    }

    #[test]
    fn links_lead_to_the_service_itself_unless_told_otherwise() {
        let links = Links::parse(&LinkTargets::default(), HERE).unwrap();
        assert_eq!(links.verify_email.with("t"), "https://id.example.com/verify-email?token=t");
        assert_eq!(links.disown_account.with("t"), "https://id.example.com/disown-account?token=t");
        assert_eq!(links.reset_password.with("t"), "https://id.example.com/reset-password?token=t");
        assert_eq!(links.accept_invitation.with("t"), "https://id.example.com/accept-invitation?token=t");
        assert_eq!(links.confirm_email_change.with("t"), "https://id.example.com/confirm-email-change?token=t");
    }

    #[test]
    fn a_token_cannot_leave_its_place() {
        let link = reset("https://app.example/reset?token={token}&theme=dark").unwrap();
        assert_eq!(link, "https://app.example/reset?token=a%20b%26c%3D%22%23&theme=dark");
        assert_eq!(reset("{public_url}/r#{token}").unwrap(), "https://id.example.com/r#a%20b%26c%3D%22%23");
    }

    #[test]
    fn targets_that_are_no_place_for_a_token_are_refused() {
        for bad in [
            "",
            "https://app.example/reset",
            "/reset?token={token}",
            "javascript:alert('{token}')",
            "ftp://app.example/{token}",
            "https://{token}.example/",
            "https://app.example/{token}?again={token}",
            "https://user:word@app.example/{token}",
            "https://app.example/re set?token={token}",
            "https://app.example/reset\n?token={token}",
        ] {
            assert!(reset(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_public_url_is_a_web_address_and_no_more() {
        assert_eq!(public_url("https://id.example.com/auth/").unwrap(), "https://id.example.com/auth");
        assert!(public_url("http://127.0.0.1:8080").is_ok());
        for bad in
            ["", "id.example", "https://", "https://x/?a=b", "https://x/#a", "mailto:a@b.example", "https://x/{a}"]
        {
            assert!(public_url(bad).is_err(), "{bad:?}");
        }
    }
}
