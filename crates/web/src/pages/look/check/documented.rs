//! What `docs/pages.md` promises to adopters is what there is, neither more nor less.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::test::TestRequest;
use countersign_application::testing::{Mocks, user};
use minijinja::Value;

use crate::pages::look::Look;
use crate::pages::look::check::AROUND;
use crate::pages::look::folder::{STYLESHEET, TEXTS};
use crate::pages::look::templates::{self, TEMPLATES};
use crate::pages::stylesheet::Stylesheet;
use crate::pages::texts::texts;
use crate::settings::WebSettings;
use crate::testing::{call_with, in_browser, settings, sign_in};

const GUIDE: &str = include_str!("../../../../../../docs/pages.md");

/// What stands between backticks, in order.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// What the first cells of the table name that begins with this line, each with the second cell.
fn table(head: &str) -> Vec<(&'static str, &'static str)> {
    let (_, rest) = GUIDE.split_once(head).unwrap_or_else(|| panic!("no table {head}"));
    let rows = rest.trim_start_matches('\n').lines().skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| row.trim_matches('|').split_once(" | ").unwrap())
        .map(|(name, says)| (quoted(name)[0], says))
        .collect()
}

#[track_caller]
fn assert_same<'a>(told: impl IntoIterator<Item = &'a str>, there: impl IntoIterator<Item = &'a str>) {
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), there.into_iter().collect::<BTreeSet<_>>());
}

#[test]
fn the_table_of_names_is_what_every_page_is_given() {
    let names = table("| Name | What every page is given |");
    assert!(names.len() > 5, "{names:?}");
    assert_same(names.iter().map(|(name, _)| *name), AROUND.iter().copied().filter(|name| !name.contains('.')));
    let (_, person) = names.iter().find(|(name, _)| *name == "person").unwrap();
    assert_same(quoted(person), AROUND.iter().filter_map(|name| name.strip_prefix("person.")));
}

#[actix_web::test]
async fn every_page_is_given_what_the_table_names() {
    let missing = |name: &&str| format!("{{% if {name} is not defined %}}{name} {{% endif %}}");
    let template = ("account.html".to_owned(), AROUND.iter().map(missing).collect());
    let look = Look {
        templates: templates::load(&[template], &mut vec![]),
        texts: Value::from_serialize(texts(None, &mut vec![])),
        stylesheet: Stylesheet::new(None, None),
    };
    let mut mocks = Mocks::default();
    sign_in(&mut mocks, &user(1));
    let settings = WebSettings { look: Some(Arc::new(look)), ..settings() };
    let answer = call_with(mocks, settings, in_browser(TestRequest::get().uri("/account"))).await;
    assert_eq!((answer.status.as_u16(), &*answer.text), (200, ""));
}

#[test]
fn the_files_of_the_folder_are_those_that_are_read() {
    let told: Vec<_> = table("| File | What it does |").into_iter().map(|(name, _)| name).collect();
    assert_same(told, ["<name>.html", TEXTS, STYLESHEET]);
}

#[test]
fn the_colours_are_those_of_the_stylesheet_in_the_light_and_in_the_dark() {
    let line = GUIDE.lines().find(|line| line.starts_with("Colours are variables")).unwrap();
    let told = || quoted(line).into_iter().filter(|name| name.starts_with("--"));
    let stylesheet = include_str!("../../pages.css");
    let (light, dark) = stylesheet.split_once("@media (prefers-color-scheme: dark)").unwrap();
    for scheme in [light, dark] {
        let (_, root) = scheme.split_once(":root {").unwrap();
        let declared = root.split('}').next().unwrap().split(';').filter_map(|line| line.split_once(':'));
        assert_same(told(), declared.map(|(name, _)| name.trim()).filter(|name| name.starts_with("--")));
    }
}

#[test]
fn the_macros_are_those_of_the_parts() {
    let (_, source) = TEMPLATES.iter().find(|(name, _)| *name == "parts.html").unwrap();
    let there = source.split("macro ").skip(1).filter(|rest| !rest.starts_with('%'));
    let there = there.filter_map(|rest| rest.split_once('(')).map(|(name, _)| name);
    let (_, told) = GUIDE.split_once("`parts.html` has the macros ").unwrap();
    assert_same(quoted(told.split(';').next().unwrap()), there);
}

#[test]
fn templates_and_texts_that_are_named_are_there() {
    let texts: serde_json::Value = serde_json::from_str(include_str!("../../texts.json")).unwrap();
    let text = |path: &str| path.split('.').try_fold(&texts, |texts, name| texts.get(name));
    for name in quoted(&GUIDE.replace("```", "")) {
        if let Some(template) =
            Some(name).filter(|name| name.strip_suffix(".html").is_some() && !name.starts_with(['<', '.']))
        {
            assert!(templates::names().contains(&template), "{template}");
        }
    }
    let (_, section) = GUIDE.split_once("### Texts").unwrap();
    let section = section.split("###").next().unwrap();
    let (_, example) = section.split_once("```json").unwrap();
    let (example, prose) = example.split_once("```").unwrap();
    let named: Vec<_> = quoted(prose).into_iter().filter(|name| !name.contains(['{', '['])).collect();
    assert_same(
        named.iter().copied(),
        ["problem_details.rate_limited", "waits", "frame.links", "field_errors", "problem_details"],
    );
    let mut paths: Vec<_> = named.iter().map(ToString::to_string).collect();
    collect(&serde_json::from_str(example).unwrap(), "", &mut paths);
    assert_eq!(paths.len(), 8, "{paths:?}");
    assert!(paths.iter().all(|path| text(path).is_some()), "{paths:?}");
    for (path, placeholder) in [("fields.new_password.hint", "{least}"), ("problem_details.rate_limited", "{wait}")] {
        assert!(text(path).unwrap().as_str().unwrap().contains(placeholder), "{path}");
        assert!(prose.contains(&format!("`{placeholder}`")), "{placeholder}");
    }
}

/// The paths of all texts in this.
fn collect(texts: &serde_json::Value, path: &str, paths: &mut Vec<String>) {
    match texts.as_object() {
        None => paths.push(path.trim_start_matches('.').to_owned()),
        Some(texts) => texts.iter().for_each(|(name, text)| collect(text, &format!("{path}.{name}"), paths)),
    }
}
