//! What a service that embeds a crate of ours builds along with it.

use std::collections::BTreeSet;
use std::process::Command;

/// Everything that is built for it, by name: with its features as they are by default, but for its tests.
fn tree(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--package", package, "--edges", "normal,build", "--prefix", "none"])
        .args(["--format", "{lib}"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree: BTreeSet<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| line.trim_end_matches(" (*)").to_owned())
        .collect();
    assert!(tree.contains(&package.replace('-', "_")), "{tree:?}");
    tree
}

#[track_caller]
fn assert_none(package: &str, tree: &BTreeSet<String>, unwanted: &[&str]) {
    for prefix in unwanted {
        let found: Vec<_> = tree.iter().filter(|name| name.starts_with(prefix)).collect();
        assert!(found.is_empty(), "{package} brings {found:?} into the tree of whoever embeds it");
    }
}

/// No server, no database, no Redis, no mail: those are for whoever embeds it to choose.
#[test]
fn the_use_cases_bring_no_technology_along() {
    let technologies = [
        "actix",
        "sea_orm",
        "sea_query",
        "sqlx",
        "libsqlite3",
        "redis",
        "deadpool",
        "lettre",
        "rustls",
        "aws_lc",
        "hyper",
    ];
    for package in ["countersign-domain", "countersign-application"] {
        let tree = tree(package);
        assert_none(package, &tree, &technologies);
        // Doubles are for tests.
        assert_none(package, &tree, &["mockall"]);
    }
}

#[test]
fn a_verifier_brings_neither_the_service_nor_a_server_along() {
    let tree = tree("countersign-verifier");
    assert_none("countersign-verifier", &tree, &["actix", "axum", "sea_orm", "sqlx", "redis", "lettre"]);
    let ours: Vec<_> = tree.iter().filter(|name| name.starts_with("countersign")).collect();
    assert_eq!(ours, ["countersign_verifier"]);
}

/// actix-governor is under GPL-3.0-or-later: only the server may have it.
#[test]
fn nothing_under_the_gpl_comes_with_what_may_be_embedded() {
    for package in [
        "countersign-domain",
        "countersign-application",
        "countersign-infrastructure",
        "countersign-migration",
        "countersign-verifier",
    ] {
        assert_none(package, &tree(package), &["actix_governor"]);
    }
    assert!(tree("countersign-web").contains("actix_governor"), "the name in this test is that of the crate");
}
