use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::moving::lines::Lines;
use crate::moving::scene::Scene;
use crate::moving::schema::complaints;
use crate::support::{run, said};

const WITHOUT_SECRETS: [&str; 6] = ["user", "team", "membership", "invitation", "sign_in_network", "audit_event"];
const WITH_SECRETS: [&str; 4] = ["session", "one_time_token", "mail", "signing_key"];

#[tokio::test]
async fn an_export_has_everything_and_no_secret_unless_it_is_asked_for() {
    let scene = Scene::start().await;
    let rows = scene.server.rows().await;
    // One that stays on its way.
    let later = rows.moment("+1 hour");
    let first = "SELECT id FROM mails ORDER BY id LIMIT 1";
    let queued = format!("UPDATE mails SET status = 'queued', next_attempt_at = {later} WHERE id = ({first})");
    assert_eq!(rows.execute(&queued).await, 1);
    let (plain, whole) = (scene.export("plain", &[]), scene.export("whole", &["--with-secrets"]));
    for kind in WITHOUT_SECRETS {
        assert!(plain.count(kind) > 0, "{kind}");
        assert_eq!(plain.count(kind), whole.count(kind), "{kind}");
    }
    for kind in WITH_SECRETS {
        assert!(whole.count(kind) > plain.count(kind), "{kind}");
    }
    let hashes: Vec<String> = rows.column("SELECT password_hash FROM users").await;
    let text = |name: &str| std::fs::read_to_string(scene.file(name)).unwrap();
    assert_eq!(hashes.len(), 4);
    for hash in hashes {
        assert!(text("whole").contains(&hash) && !text("plain").contains(&hash));
    }
    for word in ["hash", "digest", "sealed", "$2b$"] {
        assert!(!text("plain").contains(word), "{word}");
    }
    for lines in [&plain, &whole] {
        let counted = |kind: &str| lines.of_kind(kind).len() as u64;
        assert!(lines.kinds().as_object().unwrap().keys().all(|kind| counted(kind) == lines.count(kind)));
    }
    assert_eq!((plain.header()["secrets"].clone(), whole.header()["secrets"].clone()), (false.into(), true.into()));
}

#[tokio::test]
async fn every_line_is_as_the_schema_says() {
    let scene = Scene::start().await;
    let schema: Value = serde_json::from_str(include_str!("../../../../../docs/export.schema.json")).unwrap();
    let lines = [scene.export("plain", &[]), scene.export("whole", &["--with-secrets"])];
    for line in lines.iter().flat_map(Lines::all) {
        assert_eq!(complaints(&schema, line), Vec::<String>::new(), "{line}");
    }
    let mut wrong = lines[0].of_kind("user")[0].clone();
    for (member, value) in
        [("is_active", Value::Null), ("id", "x".into()), ("created_at", "yesterday".into()), ("x", 1.into())]
    {
        wrong[member] = value;
        assert!(!complaints(&schema, &wrong).is_empty(), "{wrong}");
        wrong = lines[0].of_kind("user")[0].clone();
    }
}

#[tokio::test]
async fn an_export_is_for_its_owner_alone_and_replaces_nothing_by_a_slip() {
    let scene = Scene::start().await;
    let file = scene.exported("export", &[]);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let first = std::fs::read(&file).unwrap();
    let again = ["export", file.to_str().unwrap()];
    let (code, output, errors) = said(&scene.server.run(&again, ""));
    assert_eq!((code, &*output), (Some(2), ""));
    assert!(errors.contains("is there already; --force replaces it"), "{errors}");
    assert_eq!(std::fs::read(&file).unwrap(), first);
    scene.exported("export", &["--force", "--with-secrets"]);
    assert!(std::fs::read(&file).unwrap().len() > first.len());
    assert_eq!(std::fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "nothing else is left");
}

#[tokio::test]
async fn an_export_goes_to_standard_output_and_what_is_said_of_it_does_not() {
    let scene = Scene::start().await;
    let (code, output, errors) = said(&scene.server.run(&["export", "-"], ""));
    assert_eq!(code, Some(0), "{errors}");
    assert_eq!(Lines::parse(&output).count("user"), 4);
    assert!(errors.contains("4  accounts"), "{errors}");
}

#[test]
fn where_there_is_no_database_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, errors) = said(&run(folder.path(), &["export", "file"], &[]));
    assert_eq!(code, Some(1));
    assert!(errors.contains("there is no database"), "{errors}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_schema_of_another_version_is_neither_exported_nor_changed() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| said(&run(folder.path(), arguments, &[]));
    assert_eq!(run(&["migrate", "up"]).0, Some(0));
    assert_eq!(run(&["migrate", "down", "--yes"]).0, Some(0));
    let (_, before, _) = run(&["migrate", "status"]);
    let (code, _, errors) = run(&["export", "file"]);
    assert_eq!(code, Some(1));
    assert!(errors.contains("run `countersign migrate up` first"), "{errors}");
    assert_eq!(run(&["migrate", "status"]).1, before);
    assert!(!folder.path().join("file").exists() && !folder.path().join("file.part").exists());
}
