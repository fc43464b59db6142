//! Searching for a part of a text, whatever is in it.

use sea_orm::sea_query::{Expr, ExprTrait as _, Func, LikeExpr};

/// Whether `text` contains `part`, in any case. `%`, `_` and `\` in it mean themselves.
///
/// Both sides are folded by the database, so that they are folded alike.
pub(crate) fn contains(text: Expr, part: &str) -> Expr {
    let pattern = LikeExpr::new(format!("%{}%", escape(part))).escape('\\');
    Expr::expr(Func::lower(text)).like(pattern)
}

fn escape(part: &str) -> String {
    let mut escaped = String::with_capacity(part.len());
    for c in part.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        // SQLite folds ASCII only, and PostgreSQL's folding is the same there.
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
}
