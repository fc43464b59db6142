//! The edges between crates, and who may know which technology.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Every crate of the workspace and what of the workspace it may build on.
const EDGES: &[(&str, &[&str])] = &[
    ("countersign-domain", &[]),
    ("countersign-migration", &[]),
    ("countersign-verifier", &[]),
    ("countersign-application", &["countersign-domain"]),
    ("countersign-infrastructure", &["countersign-application", "countersign-domain", "countersign-migration"]),
    ("countersign-web", &["countersign-application", "countersign-domain"]),
    (
        "countersign",
        &[
            "countersign-application",
            "countersign-domain",
            "countersign-infrastructure",
            "countersign-migration",
            "countersign-web",
        ],
    ),
];

/// What only these crates may build on. Tools beside the service, such as benchmarks, are not held to it.
const TECHNOLOGIES: &[(&str, &[&str])] = &[
    ("sea-orm", &["countersign-infrastructure", "countersign-migration"]),
    ("sea-orm-migration", &["countersign-infrastructure", "countersign-migration"]),
    ("sqlx", &["countersign-infrastructure", "countersign-migration"]),
    ("actix-web", &["countersign-web", "countersign", "countersign-verifier"]),
    ("actix-http", &["countersign-web"]),
    ("actix-server", &["countersign-web"]),
    ("actix-service", &["countersign-web"]),
    ("actix-tls", &["countersign-web"]),
    ("actix-cors", &["countersign-web"]),
    ("actix-governor", &["countersign-web"]),
    ("utoipa", &["countersign-web"]),
    ("utoipa-swagger-ui", &["countersign-web"]),
    ("h2", &["countersign-web"]),
    ("http", &["countersign-web", "countersign-verifier"]),
    ("hyper", &["countersign"]),
    ("hyper-util", &["countersign"]),
    ("http-body-util", &["countersign"]),
    ("rustls", &["countersign-infrastructure", "countersign-web", "countersign"]),
    ("tokio-rustls", &["countersign"]),
    ("lettre", &["countersign-infrastructure"]),
    ("mail-parser", &["countersign-infrastructure"]),
    ("csv", &["countersign-infrastructure"]),
    ("quick_cache", &["countersign-infrastructure"]),
    ("getrandom", &["countersign-infrastructure"]),
    ("moka", &["countersign-verifier"]),
    ("redis", &["countersign-infrastructure"]),
    ("deadpool-redis", &["countersign-infrastructure"]),
    ("deadpool", &["countersign-infrastructure"]),
    ("bcrypt", &["countersign-infrastructure"]),
    ("jsonwebtoken", &["countersign-infrastructure", "countersign-verifier"]),
    ("axum-core", &["countersign-verifier"]),
    ("reqwest", &["countersign-verifier"]),
    ("metrics", &["countersign-infrastructure", "countersign-web", "countersign"]),
    ("metrics-exporter-prometheus", &["countersign"]),
    ("opentelemetry", &["countersign"]),
    ("opentelemetry_sdk", &["countersign"]),
    ("opentelemetry-proto", &["countersign"]),
    ("prost", &["countersign"]),
    ("tracing-opentelemetry", &["countersign"]),
    ("anyhow", &["countersign"]),
    ("clap", &["countersign"]),
];

/// What rules must not know: no runtime, no I/O.
const NOT_IN_DOMAIN: &[&str] = &["tokio", "async-trait", "futures-util", "serde_json", "tracing", "mockall"];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .unwrap()
}

fn normal_dependencies(package: &Package) -> BTreeSet<String> {
    let normal = package.dependencies.iter().filter(|dependency| dependency.kind == DependencyKind::Normal);
    normal.map(|dependency| dependency.name.clone()).collect()
}

fn service() -> BTreeMap<String, BTreeSet<String>> {
    let packages = metadata().packages;
    let known = |package: &&Package| EDGES.iter().any(|(name, _)| *name == package.name.as_str());
    packages.iter().filter(known).map(|p| (p.name.to_string(), normal_dependencies(p))).collect()
}

#[test]
fn crates_build_on_each_other_along_the_allowed_edges_only() {
    let service = service();
    assert_eq!(service.len(), EDGES.len(), "a crate of the service is missing: {:?}", service.keys());
    for (name, allowed) in EDGES {
        let ours = service[*name].iter().filter(|dependency| dependency.starts_with("countersign"));
        for dependency in ours {
            assert!(allowed.contains(&dependency.as_str()), "{name} may not build on {dependency}");
        }
    }
}

#[test]
fn each_technology_stays_in_its_crates() {
    let locked = include_str!("../../../../Cargo.lock");
    for (technology, _) in TECHNOLOGIES {
        assert!(locked.contains(&format!("name = \"{technology}\"\n")), "there is no {technology}: is it misspelt?");
    }
    for (name, dependencies) in service() {
        for (technology, allowed) in TECHNOLOGIES {
            let is_used = dependencies.contains(*technology);
            assert!(!is_used || allowed.contains(&name.as_str()), "{name} may not build on {technology}");
        }
    }
}

#[test]
fn the_domain_knows_no_runtime_and_no_io() {
    let dependencies = &service()["countersign-domain"];
    for outsider in NOT_IN_DOMAIN {
        assert!(!dependencies.contains(*outsider), "the domain may not build on {outsider}");
    }
}

#[test]
fn no_crate_of_the_service_builds_on_a_tool() {
    let packages = metadata().packages;
    let service: BTreeSet<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    let tools: Vec<String> =
        packages.iter().map(|p| p.name.to_string()).filter(|name| !service.contains(name.as_str())).collect();
    for package in packages.iter().filter(|p| service.contains(p.name.as_str())) {
        let dependencies = normal_dependencies(package);
        assert!(!tools.iter().any(|tool| dependencies.contains(tool)), "{} builds on a tool", package.name);
    }
}

#[test]
fn modules_are_named_by_absolute_paths() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["crates", "migration"] {
        collect(&root.join(folder), &mut files);
    }
    assert!(files.len() > 100, "the sources were not found");
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(file.file_name().is_none_or(|name| name != "mod.rs"), "{} should be foo.rs", file.display());
        assert_eq!(relative_paths(&text), Vec::<&str>::new(), "{}", file.display());
    }
}

/// Every line that names a module by where it is itself: as its parent, itself, or in `use` its child.
fn relative_paths(text: &str) -> Vec<&str> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.starts_with("//"));
    let child = |line: &str| {
        let (_, declared) =
            format!(" {line}").split_once(" mod ").map(|(before, name)| (before.to_owned(), name.to_owned()))?;
        Some(declared.split([';', ' ']).next().unwrap_or_default().to_owned())
    };
    let children: BTreeSet<String> = lines().filter(|line| line.ends_with([';', '{'])).filter_map(child).collect();
    let is_relative = |line: &&str| {
        // Within `mod tests` of the same file, `use super::*` is what it is for.
        let of_parent = line.contains(concat!("super", "::")) && *line != concat!("use super", "::*;");
        // Not the end of a word, nor within a text, such as the axis of an XPath.
        let start_of_path = |at: usize| {
            !line[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                && line[..at].matches('"').count().is_multiple_of(2)
        };
        let of_itself = line.match_indices(concat!("self", "::")).any(|(at, _)| start_of_path(at));
        let used = line.split_once("use ").filter(|(before, _)| before.is_empty() || before.starts_with("pub"));
        let first = used.and_then(|(_, path)| path.split_once("::")).map(|(first, _)| first);
        of_parent || of_itself || first.is_some_and(|first| children.contains(first))
    };
    lines().filter(is_relative).collect()
}

#[test]
fn a_relative_path_is_found() {
    let relative = [
        "use child::Thing;",
        "pub(crate) use child::{A, B};",
        concat!("let x = self", "::thing();"),
        concat!("use super", "::Thing;"),
    ];
    let absolute = [
        "mod child;",
        "use crate::child::Thing;",
        "pub use other::Thing;",
        "let x = Self::new();",
        concat!("use super", "::*;"),
        concat!("let axis = \"*[self", "::tr]\";"),
        "// use child::Thing;",
    ];
    let text: Vec<&str> = absolute.into_iter().chain(relative).collect();
    assert_eq!(relative_paths(&text.join("\n")), relative);
}

#[test]
fn mail_is_handed_to_no_program() {
    // An address such as -oX@example.org is an argument to sendmail, and nothing but an address to SMTP.
    let packages = metadata().packages;
    let lettre = packages.iter().flat_map(|package| &package.dependencies).filter(|needed| needed.name == "lettre");
    let features: Vec<_> = lettre.map(|needed| (needed.uses_default_features, &needed.features)).collect();
    assert!(!features.is_empty());
    for (uses_default, features) in features {
        assert!(!uses_default && !features.iter().any(|feature| feature.starts_with("sendmail")), "{features:?}");
    }
}

#[test]
fn a_use_case_leaves_the_commit_to_the_step_that_also_logs_and_lifts() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../application/src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    let commits = |file: &std::path::PathBuf| std::fs::read_to_string(file).unwrap().contains(".commit().await");
    let committing: Vec<_> =
        files.iter().filter(|file| commits(file)).map(|file| file.strip_prefix(&root).unwrap()).collect();
    assert_eq!(committing, [std::path::Path::new("completion.rs")]);
}

fn collect(folder: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}
