//! Moving in and out, where the service cannot be told when to do what.

use std::io::{self, Write};

use countersign_domain::team::role::Role;
use countersign_infrastructure::moving::table::{TABLES, Type};
use countersign_infrastructure::moving::{Export, export};
use sea_orm::{ConnectionTrait as _, Database};

use crate::persistence::fresh::{Fresh, on_each};

/// Runs a statement on another connection before it takes the first line of this kind.
struct Meddler<'a> {
    url: &'a str,
    sql: Option<&'static str>,
    before: &'static str,
    text: String,
}

impl Write for Meddler<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let text = std::str::from_utf8(octets).unwrap();
        if text.contains(self.before) {
            self.sql.take().into_iter().for_each(|sql| execute(self.url, sql));
        }
        self.text.push_str(text);
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// On a thread of its own: the test's waits for it.
fn execute(url: &str, sql: &str) {
    std::thread::scope(|scope| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let work = async { Database::connect(url).await.unwrap().execute_unprepared(sql).await.unwrap() };
        scope.spawn(move || runtime.block_on(work)).join().unwrap();
    });
}

async fn exported(fresh: &Fresh, before: &'static str, sql: &'static str) -> String {
    let mut meddler = Meddler { url: fresh.url(), sql: Some(sql), before, text: String::new() };
    let what = Export { secrets: true, made_by: "a test".to_owned(), made_at: String::new() };
    export(fresh.database(), &what, &mut meddler, &mut |_| {}).await.unwrap();
    assert!(meddler.sql.is_none(), "nobody wrote meanwhile");
    meddler.text
}

#[tokio::test]
async fn an_export_is_of_one_moment() {
    on_each(|fresh| async move {
        fresh.user(1).await;
        let team = fresh.team(1).await;
        fresh.member(1, &team, Role::Admin).await;
        // At the first account: teams and memberships are read later.
        let text = exported(&fresh, "\"record\":\"user\"", "DELETE FROM teams").await;
        let count = |kind: &str| text.matches(&format!("\"record\":\"{kind}\"")).count();
        assert_eq!(["user", "team", "membership"].map(count), [1, 1, 1]);
    })
    .await;
}

#[tokio::test]
async fn every_column_is_moved() {
    on_each(|fresh| async move {
        let mut moved: Vec<(String, String)> = TABLES
            .iter()
            .flat_map(|table| table.columns.iter().map(|column| (table.name.to_owned(), column.name.to_owned())))
            .collect();
        let mut stored = fresh.database().columns().await.unwrap();
        moved.sort();
        stored.sort();
        assert_eq!(moved, stored);
    })
    .await;
}

#[test]
fn nothing_comes_before_what_it_refers_to_and_keys_are_ids_or_texts() {
    for (nth, table) in TABLES.iter().enumerate() {
        for column in table.columns {
            let before = |name| TABLES[..nth].iter().any(|table| table.name == name);
            assert!(column.refers_to.is_none_or(before), "{} of {}", column.name, table.name);
        }
        for name in table.key {
            let column = table.columns.iter().find(|column| column.name == *name).unwrap();
            assert!(matches!(column.of, Type::Id | Type::Text) && !column.optional && !column.secret);
        }
    }
}
