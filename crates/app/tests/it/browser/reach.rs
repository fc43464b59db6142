//! What a script on a page could get hold of, if one came to run there in spite of the policy.

use serde_json::{Value, json};

use crate::browser::person::Browser;
use crate::browser::site::Site;
use crate::support::PASSWORD;

/// Shorter than any token, longer than any word that is none.
const LONGEST_WORD: usize = 36;

/// What the page keeps, and what is written on it but for what is meant to be there: the token of this session's forms, that of
/// the mail whose link is followed, and the places at which lists go on.
const REACH: &str = "
    const kept = [['cookie', document.cookie], ['local storage', {...localStorage}], ['session storage', {...sessionStorage}]];
    const meant = [...document.querySelectorAll('[name=form_token], [name=token]')].map(field => field.value);
    document.querySelectorAll('[name=next]').forEach(field => meant.push(field.value.split('token=')[1]));
    document.querySelectorAll('a[href*=next]').forEach(back => meant.push(back.getAttribute('href').split('token%3D')[1]));
    document.querySelectorAll('a[href*=\"cursor=\"]').forEach(on => meant.push(new URL(on.href).searchParams.get('cursor')));
    document.querySelectorAll('[name=cursor]').forEach(field => meant.push(field.value));
    const link = new URLSearchParams(location.search).get('token');
    const source = [link, ...meant].filter(Boolean).reduce((text, token) => text.replaceAll(token, ''), document.documentElement.outerHTML);
    return [kept, source];";

impl Browser {
    /// The cookies that this browser sends along with the page that is shown, scripts or not.
    pub(in crate::browser) async fn cookies(&self) -> Vec<Value> {
        self.session().get("cookie").await.unwrap().as_array().unwrap().clone()
    }

    /// What a script on this page could carry away that lasts longer than the page.
    pub(in crate::browser) async fn in_reach_of_scripts(&self) -> Vec<String> {
        let found = self.session().run(REACH, &[]).await;
        let is_kept = |kept: &&Value| kept[1] != json!("") && kept[1] != json!({});
        let mut findings: Vec<String> =
            found[0].as_array().unwrap().iter().filter(is_kept).map(Value::to_string).collect();
        let source = found[1].as_str().unwrap();
        for cookie in self.cookies().await {
            let value = cookie["value"].as_str().unwrap();
            if value.split('.').chain([value]).any(|part| part.len() > 8 && source.contains(part)) {
                findings.push(format!("the cookie {} is on the page", cookie["name"]));
            }
        }
        findings.extend(source.split(is_no_base64url).filter(|word| is_token(word)).map(on_the_page));
        findings
    }
}

impl Site {
    /// The same but for the ids of signing keys, which are public and stand in the audit trail.
    pub(in crate::browser) async fn in_reach_of_scripts(&self) -> Vec<String> {
        let mut findings = self.browser.in_reach_of_scripts().await;
        if !findings.is_empty() {
            let keys = self.server.get("/.well-known/jwks.json").send().await.expect(200).json();
            let ids: Vec<&str> =
                keys["keys"].as_array().unwrap().iter().filter_map(|key| key["kid"].as_str()).collect();
            findings.retain(|finding| !ids.iter().any(|id| *finding == on_the_page(id)));
        }
        findings
    }
}

fn on_the_page(word: &str) -> String {
    format!("{word} is on the page")
}

fn is_no_base64url(c: char) -> bool {
    !(c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

/// Long, and with every kind of character: not a name, nor an id.
fn is_token(word: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| word.bytes().any(|octet| kind(&octet));
    word.len() > LONGEST_WORD && has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase)
}

#[tokio::test]
async fn what_a_script_could_carry_away_is_found() {
    let Some(site) = Site::open().await else { return };
    site.server.register("person@example.org").await;
    site.browser.sign_in("person@example.org", PASSWORD).await;
    assert_eq!(site.browser.in_reach_of_scripts().await, Vec::<String>::new());
    let [cookie] = &site.browser.cookies().await[..] else { panic!("one cookie is expected") };
    let script = "
        document.cookie = 'seen=yes; path=/';
        localStorage.setItem('token', 'kept');
        sessionStorage.setItem('token', 'kept');
        document.querySelector('main').append(arguments[0], ' ', 'Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYm1');";
    site.browser.session().run(script, &[cookie["value"].clone()]).await;
    let findings = site.browser.in_reach_of_scripts().await;
    for finding in ["seen=yes", "local storage", "session storage", "the cookie \"countersign\" is", "Zm9vYmFy"] {
        assert!(findings.iter().any(|found| found.contains(finding)), "{finding} is not in {findings:#?}");
    }
    site.close().await;
}
