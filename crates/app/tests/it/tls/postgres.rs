//! PostgreSQL over TLS. On the production profile only.

use std::path::Path;

use crate::support::{Certificate, PostgresServer, SECRET_KEY, Setup, run, said};

/// The database of this server, asked by this name and in this way, by whoever trusts this certificate.
fn url(server: &PostgresServer, host: &str, mode: &str, root: &Path) -> String {
    let root = root.to_str().unwrap();
    format!("postgres://postgres@{host}:{}/postgres?sslmode={mode}&sslrootcert={root}", server.port())
}

#[tokio::test]
async fn postgresql_is_asked_over_tls_by_its_name_and_not_at_all_by_whoever_does_not_trust_it() {
    let folder = tempfile::tempdir().unwrap();
    let make = |name, host| Certificate::make(folder.path(), name, host, 30);
    let (right, other) = (make("right", "localhost"), make("other", "other.example.org"));
    let Some(postgres) = PostgresServer::start_with_tls(&right) else { return };
    for (host, mode) in [("localhost", "verify-full"), ("127.0.0.1", "verify-ca")] {
        let server = Setup::default().start_on(&url(&postgres, host, mode, &right.cert)).await;
        server.signed_in("encrypted@example.org").await;
        let encrypted = "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
                         WHERE datname = current_database() AND application_name = 'countersign'";
        assert!(server.rows().await.one::<bool>(encrypted).await, "{mode}");
    }
    let plain = PostgresServer::start().unwrap();
    let unnamed = url(&postgres, "localhost", "verify-full", &right.cert);
    let unnamed = unnamed.split('&').next().unwrap().to_owned();
    for (what, url, cause) in [
        ("another root", url(&postgres, "localhost", "verify-full", &other.cert), "UnknownIssuer"),
        ("no root", unnamed, "UnknownIssuer"),
        ("another name", url(&postgres, "127.0.0.1", "verify-full", &right.cert), "not valid for name"),
        ("no TLS", url(&plain, "localhost", "verify-full", &right.cert), "server does not support TLS"),
    ] {
        let variables = [("DATABASE_URL", url.as_str()), ("COUNTERSIGN__SECRET_KEY", SECRET_KEY)];
        let (code, output, errors) = said(&run(folder.path(), &["doctor"], &variables));
        assert_eq!(code, Some(1), "{what}: {output}{errors}");
        let line = output.lines().find(|line| line.contains("  database  ")).unwrap();
        assert!(line.starts_with("failed") && line.contains(cause), "{what}: {line}");
    }
    let url = url(&postgres, "localhost", "verify-full", &other.cert);
    let variables = [("DATABASE_URL", url.as_str()), ("COUNTERSIGN__SECRET_KEY", SECRET_KEY)];
    let (code, _, errors) = said(&run(folder.path(), &["serve"], &variables));
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("cannot reach the database; see that") && errors.contains("its certificate"), "{errors}");
    assert!(errors.trim_end().ends_with("invalid peer certificate: UnknownIssuer"), "{errors}");
}
