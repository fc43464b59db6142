//! What was exported with its secrets is the same database where it is imported, on SQLite and PostgreSQL and back.

use serde_json::json;

use crate::moving::lines::Lines;
use crate::moving::scene::Scene;
use crate::moving::target::Target;
use crate::support::{Account, TestServer};

/// Everybody is who they were, signed in as they were, in the teams they were in.
async fn assert_moved(scene: &Scene, server: &TestServer) {
    let Scene { owner, tokens, team, .. } = scene;
    server.login(owner).await;
    let tokens = server.refreshed(tokens).await;
    assert_eq!(server.my_teams(&tokens).await.len(), 1);
    let members = server.get(&format!("/teams/{team}/members")).bearer(&tokens.access).send().await.expect(200);
    let mut roles: Vec<(String, String)> = (0..2)
        .map(|n| (members.text_at(&format!("/items/{n}/email")), members.text_at(&format!("/items/{n}/role"))))
        .collect();
    roles.sort();
    let expected = [("member@example.org", "member"), ("owner@example.org", "admin")];
    assert_eq!(roles, expected.map(|(email, role)| (email.to_owned(), role.to_owned())));
    let invited = scene.server.mailbox().about("invited@example.org", "invitation").await.token();
    let registration = json!({
        "email": "invited@example.org", "password": owner.password, "first_name": "Firstname", "last_name": "Lastname",
        "invitation_token": invited,
    });
    server.post("/auth/register").json(&registration).send().await.expect(201);
    let invited = Account { email: "invited@example.org".to_owned(), ..owner.clone() };
    let invited = server.login(&invited).await;
    assert_eq!(server.my_teams(&invited).await.len(), 1, "the invitation was kept");
}

#[tokio::test]
async fn an_import_of_an_export_gives_the_same_database_and_so_does_the_way_back() {
    let scene = Scene::start().await;
    let out = scene.exported("out", &["--with-secrets"]);
    let first = Lines::of(&out);
    let there = Target::sqlite().with_key_of(&scene.server);
    there.import(&out, &[]);
    let (out, second) = there.export_with("out", &["--with-secrets"]);
    assert_eq!(first.kinds(), second.kinds());
    there.rows().await.check_integrity().await;

    let back = Target::of_this_run().await.with_key_of(&scene.server);
    back.import(&out, &[]);
    let (_, third) = back.export("out");
    assert_eq!(first.kinds(), third.kinds());
    assert_moved(&scene, &back.serve().await).await;
}

#[tokio::test]
async fn without_its_secrets_everybody_is_there_and_sets_a_password() {
    let scene = Scene::start().await;
    let out = scene.exported("out", &[]);
    let first = Lines::of(&out);
    let there = Target::of_this_run().await;
    let report = there.import(&out, &[]);
    assert!(report.contains("4 of the imported accounts have no password"), "{report}");
    let second = there.export_with("out", &[]).1;
    for kind in ["user", "team", "membership", "invitation", "sign_in_network", "audit_event", "mail"] {
        assert_eq!(first.kinds()[kind], second.kinds()[kind], "{kind}");
    }
    assert_eq!((second.count("user"), second.count("invitation")), (4, 1));
    assert_eq!(there.rows().await.count("sessions").await, 0);

    let server = there.serve().await;
    let refused = server.sign_in(&scene.owner.email, &scene.owner.password).send().await;
    refused.expect(401);
    server.post("/auth/password-reset-request").json(&json!({"email": scene.owner.email})).send().await.expect(202);
    let token = server.mailbox().about(&scene.owner.email, "set a new password").await.token();
    let reset = json!({"token": token, "new_password": "eight brown boxes"});
    server.post("/auth/password-reset").json(&reset).send().await.expect(200);
    let account = Account { password: "eight brown boxes".to_owned(), ..scene.owner.clone() };
    let tokens = server.login(&account).await;
    assert_eq!(server.my_teams(&tokens).await.len(), 1);
    assert!(!server.log().contains("of no known form"), "an account without a password is nothing to warn of");
}

#[tokio::test]
async fn that_the_secret_key_is_another_is_told_where_signing_keys_came_along() {
    let scene = Scene::start().await;
    let (whole, plain) = (scene.exported("whole", &["--with-secrets"]), scene.exported("plain", &[]));
    let import = |there: &Target, file: &std::path::Path| there.run(&["import", file.to_str().unwrap()]);
    let another = "MwrmUPmg+jT41hJtk+EW9qCURZnap18eM10eiQFzDt4=";
    let (code, _, errors) = import(&Target::of_this_run().await.with_key(another), &whole);
    assert_eq!(code, Some(0), "{errors}");
    assert!(
        errors.contains("warning: cannot use the signing keys: they were sealed with another secret key"),
        "{errors}"
    );
    for (there, file) in [
        (Target::of_this_run().await.with_key_of(&scene.server), &whole),
        (Target::of_this_run().await.with_key(another), &plain),
    ] {
        let (code, _, errors) = import(&there, file);
        assert_eq!(code, Some(0), "{errors}");
        assert!(!errors.contains("warning"), "{errors}");
    }
}
