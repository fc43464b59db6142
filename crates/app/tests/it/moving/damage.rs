//! A file that is not what was exported is refused before anything of it is stored, and the line is told.

use crate::moving::lines::{Lines, sealed};
use crate::moving::scene::Scene;
use crate::moving::target::Target;

#[tokio::test]
async fn a_damaged_file_is_refused_with_its_line_and_nothing_is_stored() {
    let scene = Scene::start().await;
    let out = scene.exported("out", &["--with-secrets"]);
    let text = std::fs::read_to_string(&out).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let last = lines.len();
    let without = |at: usize| [&lines[..at - 1], &lines[at..]].concat().join("\n") + "\n";
    let swapped =
        [&lines[..1], &lines[last - 2..last - 1], &lines[1..last - 2], &lines[last - 1..]].concat().join("\n") + "\n";
    let cases = [
        (text.replacen("owner@", "0wner@", 1), "lines 2 to 5".to_owned(), last),
        (text.replacen("\"record\":\"team\"", "\"record\":\"tea", 1), "this is no line of an export".to_owned(), 6),
        (
            text.replacen("\"record\":\"team\"", "\"record\":\"crew\"", 1),
            "nobody knows what record this is".to_owned(),
            6,
        ),
        (
            text.replacen("\"is_active\":true", "\"is_active\":7", 1),
            "is_active is missing or of a wrong form".to_owned(),
            2,
        ),
        (text.replacen("\"is_active\":true,", "", 1), "is_active is missing or of a wrong form".to_owned(), 2),
        (text.replacen("\"is_active\"", "\"x\":0,\"is_active\"", 1), "nobody knows \"x\"".to_owned(), 2),
        (without(3), "there were 4 accounts when it was made, and here are 3".to_owned(), last - 1),
        (without(last), "it is not whole".to_owned(), last - 1),
        (text[..text.len() - 5].to_owned(), "the line is cut off".to_owned(), last),
        (format!("{text}{}\n", lines[1]), "there is something behind the last line".to_owned(), last + 1),
        (swapped, "do not stand here".to_owned(), 3),
        (without(1), "this is no countersign-export".to_owned(), 1),
        (text.replacen("\"version\":1", "\"version\":2", 1), "it was made by a newer version".to_owned(), 1),
        (text.replacen("\"schema\":\"m2", "\"schema\":\"m9", 1), "it was made by a newer version".to_owned(), 1),
        (text.replacen("\"made_by\":\"", "\"made_by\":\"x", 1), "something was changed".to_owned(), last),
        (String::new(), "it is not whole".to_owned(), 0),
    ];
    let there = Target::sqlite();
    for (nth, (damaged, why, line)) in cases.into_iter().enumerate() {
        assert_ne!(damaged, text, "{why}");
        let file = scene.file(&format!("damaged{nth}"));
        std::fs::write(&file, damaged).unwrap();
        let (code, output, errors) = there.run(&["import", file.to_str().unwrap()]);
        assert_eq!((code, &*output), (Some(2), ""), "{why}: {errors}");
        let told = format!("{}:{line}: ", file.display());
        assert!(errors.contains(&told) && errors.contains(&why), "{told}{why} is not said: {errors}");
        assert_eq!(there.rows().await.count("users").await, 0, "{why}");
    }
}

#[tokio::test]
async fn what_is_sealed_in_this_test_is_as_the_service_writes_it() {
    let scene = Scene::start().await;
    let file = scene.exported("out", &["--with-secrets"]);
    let lines = Lines::of(&file);
    let records = &lines.all()[1..lines.all().len() - 1];
    let file = scene.file("sealed");
    std::fs::write(&file, sealed(lines.header(), records)).unwrap();
    Target::sqlite().import(&file, &[]);
}
