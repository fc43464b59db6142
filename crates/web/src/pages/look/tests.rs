use std::fs;
use std::path::PathBuf;

use actix_web::test::TestRequest;
use countersign_application::testing::Mocks;

use super::*;
use crate::settings::WebSettings;
use crate::testing::{Answer, call_with, settings};

/// A folder with these files, for one test.
struct Adopter(PathBuf);

impl Adopter {
    fn with(name: &str, files: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("countersign-look-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        for (file, text) in files {
            fs::write(folder.join(file), text).unwrap();
        }
        Self(folder)
    }

    fn load(&self) -> Result<Arc<Look>, Vec<LookError>> {
        Look::load(None, Some(&self.0))
    }
}

impl Drop for Adopter {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn get(look: impl Into<Option<Arc<Look>>>, request: TestRequest) -> Answer {
    let look = look.into();
    call_with(Mocks::default(), WebSettings { look, ..settings() }, request).await
}

async fn show(look: Arc<Look>, uri: &str) -> Answer {
    get(look, TestRequest::get().uri(uri)).await
}

#[actix_web::test]
async fn templates_texts_and_styles_of_an_adopter_are_shown() {
    let files = [
        (
            "problem.html",
            "{% extends \"layout.html\" %}{% block title %}Oh{% endblock %}{% block content %}<p>{{ alert }} {{ product }}</p>{% endblock %}",
        ),
        ("front.html", "<h1>Ours</h1> {{ product }} {{ t.front.title }}"),
        ("texts.json", "{\"front\": {\"title\": \"A <b> title\"}}"),
        ("pages.css", "body { margin: 2rem; }"),
        ("README.md", "no template"),
    ];
    let adopter = Adopter::with("shown", &files);
    let front = show(adopter.load().unwrap(), "/").await;
    assert_eq!(front.text, "<h1>Ours</h1> Countersign A &lt;b&gt; title");
    let stylesheet = show(adopter.load().unwrap(), "/assets/pages.css").await;
    assert!(stylesheet.text.starts_with(":root {") && stylesheet.text.ends_with("body { margin: 2rem; }"));
    // The rest is as it was.
    assert!(show(adopter.load().unwrap(), "/sign-in").await.text.contains("<h1>Sign in</h1>"));
}

#[actix_web::test]
async fn what_breaks_a_rule_is_told_in_the_words_of_an_adopter() {
    let words =
        r#"{"field_errors": {"required": "Fehlt", "too_long": "Zu lang"}, "frame": {"see_below": "Siehe unten"}}"#;
    let adopter = Adopter::with("rules", &[("texts.json", words)]);
    let form = [("first_name", ""), ("last_name", &*"x".repeat(101)), ("email", ""), ("password", "short")];
    let answer = get(
        adopter.load().unwrap(),
        TestRequest::post().insert_header(("sec-fetch-site", "same-origin")).uri("/register").set_form(form),
    )
    .await;
    assert_eq!(answer.status, 422);
    for told in [
        "first_name-error\">Fehlt.<",
        "last_name-error\">Zu lang.<",
        "email-error\">Fehlt.<",
        "at least 8 characters.<",
    ] {
        assert!(answer.text.contains(told), "{told}: {}", answer.text);
    }
}

#[test]
fn what_cannot_be_used_is_told_with_file_and_line() {
    for (name, file, source, expected) in [
        ("unclosed", "front.html", "\n{% if person %}", "front.html, line 2: syntax error: "),
        ("text", "form.html", "x\n{{ t.frame.titel }}", "form.html, line 2: there is no text t.frame.titel"),
        (
            "macro",
            "parts.html",
            "\n\n{% macro when(t) %}{{ t.fields.x }}{% endmacro %}",
            "parts.html, line 3: there is no text t.fields.x",
        ),
        (
            "name",
            "sessions.html",
            "{{ product }}\n{% if false %}{{ sesions }}{% endif %}",
            "sessions.html, line 2: sesions is not known here",
        ),
        (
            "attribute",
            "account.html",
            "{{ person.email }}{{ person.mail }}",
            "account.html, line 1: person.mail is not known here",
        ),
        ("other", "front.html", "\n{{ sessions }}", "front.html, line 2: sessions is not known here"),
        ("parent", "front.html", "{% extends \"layot.html\" %}", "front.html, line 1: there is no template layot.html"),
        ("filter", "front.html", "\n{{ product | shout }}", "front.html, line 2: unknown filter: "),
        ("import", "form.html", "{% from \"parts.html\" import fild %}\n{{ fild(t) }}", "form.html, line 2: "),
        (
            "unknown",
            "fornt.html",
            "",
            "fornt.html is no template of the pages; there are account.html, account_delete.html, ",
        ),
        ("stylesheet", "page.css", "", "page.css is no template of the pages"),
        ("texts", "texts.json", "{\n\"x\": 1}", "texts.json, line 2: x is no text of the pages"),
    ] {
        let adopter = Adopter::with(name, &[(file, source)]);
        let told = adopter.load().err().expect(name);
        assert_eq!(told.len(), 1, "{name}: {told:?}");
        let told = told[0].to_string();
        assert!(told.starts_with(expected), "{name}: {told}");
    }
    let none = Look::load(None, Some(&PathBuf::from("/nowhere/at/all"))).err().unwrap();
    assert_eq!(none[0].to_string(), "/nowhere/at/all cannot be read");
}

#[test]
fn all_that_cannot_be_used_is_told_at_once() {
    let files = [
        ("fornt.html", ""),
        ("front.html", "{{ prodcut }}\n{{ t.front.titel }}"),
        ("form.html", "{% if"),
        ("texts.json", "{\"x\": 1, \"front\": 2}"),
    ];
    let told = Adopter::with("all", &files).load().err().unwrap();
    let told: Vec<_> = told.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 6, "{told:?}");
    for (told, file) in
        told.iter().zip(["fornt.html is no", "texts.json", "texts.json", "form.html", "front.html", "front.html"])
    {
        assert!(told.starts_with(file), "{told}");
    }
}

#[actix_web::test]
async fn a_stylesheet_is_kept_under_the_address_that_is_its_own_alone() {
    let in_green = || Look::load(Some(Color::parse("#0a7d33").unwrap()), None).unwrap();
    let (ours, green) = (Look::built_in().stylesheet.version.clone(), in_green().stylesheet.version.clone());
    assert_ne!(ours, green);
    let page = show(in_green(), "/sign-in").await;
    assert!(page.text.contains(&format!("href=\"assets/pages.css?v={green}\"")), "{}", page.text);
    let named = show(in_green(), &format!("/assets/pages.css?v={green}")).await;
    assert!(named.text.contains("--accent: #0a7d33;"), "{}", named.text);
    assert_eq!(named.header("cache-control"), Some("public, max-age=31536000, immutable"));
    for other in ["/assets/pages.css".to_owned(), format!("/assets/pages.css?v={ours}")] {
        assert_eq!(show(in_green(), &other).await.header("cache-control"), Some("public, no-cache"));
    }
    let tag = named.header("etag").unwrap().to_owned();
    let again = |tag| TestRequest::get().uri("/assets/pages.css").insert_header(("if-none-match", tag));
    let known = get(in_green(), again(tag.clone())).await;
    assert_eq!((known.status.as_u16(), &*known.text), (304, ""));
    assert_eq!(get(None, again(tag)).await.status, 200);
}
