//! Searching for a part of a text, whatever is in it.
//!
//! PostgreSQL has indexes of trigrams on exactly these expressions, where it may (`docs/scaling.md`). A text with three letters
//! or digits in a row is found by one anywhere. A shorter one is looked for where address and names begin, of which there is
//! an index of its own: among trigrams of the whole, each `.com` would be a beginning with `c`. Several short words follow each
//! other from there on, and of them the index of the whole knows where each ends, too.

use sea_orm::DbBackend;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, LikeExpr};

/// So many letters or digits in a row make a trigram.
const TRIGRAM: usize = 3;
/// So many characters of a beginning are in the index.
const BEGINNING: usize = 2;

/// The columns that are searched of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Searched(&'static [&'static str]);

/// Of an account: address and names.
pub(crate) const ACCOUNT: Searched = Searched(&["email", "first_name", "last_name"]);
/// Of a team: its name.
pub(crate) const TEAM: Searched = Searched(&["name"]);

impl Searched {
    /// Whether `part` is found in it. Capital letters of ASCII count as small ones; `%`, `_` and `\` mean themselves.
    pub(crate) fn finds(self, part: &str, backend: DbBackend) -> Condition {
        let escaped = escape(part);
        match longest_run(part) {
            // Nothing can be: an index knows letters and digits alone.
            0 => Condition::all().add(Expr::cust("1 = 0")),
            1..TRIGRAM => self.begins_with(part, backend),
            _ => Condition::all().add(like(self.whole(backend), format!("%{escaped}%"))),
        }
    }

    fn begins_with(self, part: &str, backend: DbBackend) -> Condition {
        let beginning: String = part.chars().take(BEGINNING).collect();
        // Several words are found by the index of the whole, which has them in a row.
        let several = part.contains(' ');
        let (text, first) = if several { (self.whole(backend), part) } else { (self.beginnings(backend), &*beginning) };
        let condition = Condition::all().add(like(text, format!("% {}%", escape(first))));
        if beginning == part {
            return condition;
        }
        let begins = self.tails().into_iter().map(|text| like(folded(&text, backend), format!("{}%", escape(part))));
        condition.add(begins.fold(Condition::any(), Condition::add))
    }

    /// What follows the beginning of each part: `li na` is a first name and a last one.
    fn tails(self) -> Vec<String> {
        let Self(columns) = self;
        (0..columns.len()).map(|first| columns[first..].join(" || ' ' || ")).collect()
    }

    fn whole(self, backend: DbBackend) -> String {
        self.each(|column| format!("' ' || {column}"), backend)
    }

    fn beginnings(self, backend: DbBackend) -> String {
        self.each(|column| format!("' ' || substr({column}, 1, {BEGINNING})"), backend)
    }

    /// One text, in which each part follows a space.
    fn each(self, part: impl Fn(&str) -> String, backend: DbBackend) -> String {
        let Self(columns) = self;
        let parts: Vec<_> = columns.iter().map(|column| part(column)).collect();
        folded(&parts.join(" || "), backend)
    }
}

/// Both databases fold ASCII alone, whatever the locale of PostgreSQL is: what is found is the same.
fn folded(text: &str, backend: DbBackend) -> String {
    if backend == DbBackend::Postgres { format!("lower(({text}) COLLATE \"C\")") } else { format!("lower({text})") }
}

fn like(text: String, pattern: String) -> Expr {
    Expr::cust(text).like(LikeExpr::new(pattern).escape('\\'))
}

/// How many letters or digits stand together at most.
fn longest_run(part: &str) -> usize {
    part.split(|c: char| !c.is_alphanumeric()).map(|run| run.chars().count()).max().unwrap_or(0)
}

fn escape(part: &str) -> String {
    let mut escaped = String::with_capacity(part.len());
    for c in part.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c.to_ascii_lowercase());
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_mean_themselves() {
        assert_eq!(escape("50%_\\A"), "50\\%\\_\\\\a");
    }

    #[test]
    fn letters_and_digits_are_counted_as_far_as_they_stand_together() {
        for (part, run) in [("", 0), ("%_@", 0), ("a.b", 1), ("a@ex", 2), ("_ab1_", 3), ("Äö", 2), ("ÄöÜ", 3)] {
            assert_eq!(longest_run(part), run, "{part}");
        }
    }
}
