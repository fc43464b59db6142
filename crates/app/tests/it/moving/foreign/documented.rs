//! The commands of docs/moving.md, on tables as those systems have them.

use std::process::Command;

use crate::moving::target::{Target, tally};
use crate::support::{PostgresServer, Rows};

const GUIDE: &str = include_str!("../../../../../../docs/moving.md");
const HASH: &str = "$2b$05$Kq9Vv0oJ5S7yD1bq3Yv2fO6Jmh0GpVO2hzsSdZRyX6DqeTqSPDj1K";

/// The columns that fastapi-users-db-sqlalchemy gives its table.
const FASTAPI_USERS: &[&str] = &[
    r#"CREATE TABLE "user" (id uuid PRIMARY KEY, email varchar(320) NOT NULL, hashed_password varchar(1024) NOT NULL,
       is_active boolean NOT NULL, is_superuser boolean NOT NULL, is_verified boolean NOT NULL)"#,
    r#"INSERT INTO "user" VALUES (gen_random_uuid(), 'a@example.org', '{hash}', true, false, true)"#,
];
/// Those of Supabase that are read, and some that are not.
const SUPABASE: &[&str] = &[
    "CREATE SCHEMA auth",
    "CREATE TABLE auth.users (instance_id uuid, id uuid PRIMARY KEY, aud varchar(255), email varchar(255),
       encrypted_password varchar(255), email_confirmed_at timestamptz, raw_user_meta_data jsonb, created_at timestamptz,
       phone text, banned_until timestamptz, deleted_at timestamptz)",
    r#"INSERT INTO auth.users VALUES (NULL, gen_random_uuid(), 'authenticated', 'a@example.org', '{hash}', now(),
       '{"full_name": "Given \"Of\" Family"}', now(), NULL, NULL, NULL)"#,
];
/// As its command line creates them on PostgreSQL.
const BETTER_AUTH: &[&str] = &[
    r#"CREATE TABLE "user" (id text PRIMARY KEY, name text NOT NULL, email text NOT NULL, "emailVerified" boolean NOT NULL,
       image text, "createdAt" timestamptz DEFAULT now(), "updatedAt" timestamptz DEFAULT now())"#,
    r#"CREATE TABLE account (id text PRIMARY KEY, "accountId" text, "providerId" text, "userId" text, password text)"#,
    r#"CREATE TABLE organization (id text PRIMARY KEY, name text, slug text, "createdAt" timestamptz, metadata text)"#,
    r#"CREATE TABLE member (id text PRIMARY KEY, "organizationId" text, "userId" text, role text, "createdAt" timestamptz)"#,
    r#"CREATE TABLE invitation (id text PRIMARY KEY, "organizationId" text, email text, role text, status text,
       "expiresAt" timestamptz, "inviterId" text)"#,
    r#"INSERT INTO "user" VALUES ('u1', 'Given Family', 'a@example.org', true), ('u2', 'Given', 'b@example.org', true)"#,
    "INSERT INTO account VALUES ('a1', 'u1', 'credential', 'u1', '{hash}'), ('a2', 'x', 'google', 'u1', NULL),
       ('a3', 'y', 'google', 'u2', NULL)",
    "INSERT INTO organization VALUES ('o1', 'Teamname', 'teamname', now())",
    "INSERT INTO member VALUES ('m1', 'o1', 'u1', 'owner', now()), ('m2', 'o1', 'u2', 'member', now())",
    "INSERT INTO invitation VALUES ('i1', 'o1', 'c@example.org', 'admin', 'pending', now() + interval '2 days', 'u1')",
];

/// The lines for a shell beneath this heading, but those for SQLite: those that make files, and the import.
fn commands(heading: &str) -> (String, Vec<String>) {
    let section = GUIDE.split("\n### ").find(|section| section.starts_with(heading)).unwrap();
    let block = section.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let (import, dump): (Vec<&str>, Vec<&str>) =
        block.lines().filter(|line| !line.starts_with("sqlite3")).partition(|line| line.starts_with("countersign "));
    let words = import[0].split(' ').skip(1).map(str::to_owned).collect();
    (dump.join("\n"), words)
}

#[tokio::test]
async fn the_documented_commands_make_files_that_are_read() {
    let Some(postgres) = PostgresServer::start() else { return };
    let programs = postgres.client("psql").get_program().to_owned();
    let programs = std::path::Path::new(&programs).parent().unwrap().display().to_string();
    for (nth, (heading, tables, accounts)) in
        [("fastapi-users", FASTAPI_USERS, 1), ("Supabase", SUPABASE, 1), ("better-auth", BETTER_AUTH, 2)]
            .into_iter()
            .enumerate()
    {
        let admin = Rows::of_postgres(&postgres.url()).await;
        admin.execute(&format!("CREATE DATABASE other{nth}")).await;
        let url = format!("{}/other{nth}", postgres.url().strip_suffix("/postgres").unwrap());
        let other = Rows::of_postgres(&url).await;
        for statement in tables {
            other.execute(&statement.replace("{hash}", HASH)).await;
        }
        let (there, (dump, import)) = (Target::sqlite(), commands(heading));
        let mut shell = Command::new("bash");
        shell.args(["-euc", &format!("PATH={programs}:$PATH\n{dump}")]).env("OTHER_URL", &url);
        let dumped = shell.current_dir(there.folder()).output().unwrap();
        assert!(dumped.status.success(), "{heading}: {}", String::from_utf8_lossy(&dumped.stderr));
        let import: Vec<&str> = import.iter().map(String::as_str).collect();
        let (code, said, errors) = there.run(&import);
        assert_eq!(code, Some(0), "{heading}: {said}{errors}");
        assert_eq!(tally(&said, "accounts"), [accounts, accounts, 0, 0], "{heading}");
        if heading == "better-auth" {
            assert_eq!((tally(&said, "memberships"), tally(&said, "invitations")), ([2, 2, 0, 0], [1, 1, 0, 0]));
        }
        let rows = there.rows().await;
        let hashed = rows.count(&format!("users WHERE password_hash = '{HASH}'")).await;
        assert_eq!(hashed, 1, "{heading}");
        if heading == "Supabase" {
            assert_eq!(rows.one::<String>("SELECT last_name FROM users").await, "\"Of\" Family");
        }
    }
}
