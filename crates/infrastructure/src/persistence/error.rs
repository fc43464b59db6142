//! What the database's errors mean to the application.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use countersign_application::error::{Conflict, Fault, WriteError};
use sea_orm::sqlx::Error as SqlxError;
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlErr};

/// Uniqueness that an index guards: the name that PostgreSQL reports, the columns that SQLite reports, the meaning.
const CONFLICTS: &[(&str, &str, Conflict)] = &[
    ("uq_users_email", "users.email", Conflict::EmailTaken),
    ("pk_user_teams", "user_teams.user_id, user_teams.team_id", Conflict::MembershipExists),
    ("uq_invitations_team_id_email_pending", "invitations.team_id, invitations.email", Conflict::InvitationPending),
];

/// The source of a fault. Hides in `Debug` what PostgreSQL adds as detail: the values of the row.
struct DatabaseError(DbErr);

impl fmt::Display for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for DatabaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseError({})", self.0)
    }
}

impl StdError for DatabaseError {}

/// A fault: contention when the database gave others the way, an outage when it is away, full, read-only or busy,
/// otherwise a mistake of ours.
pub(crate) fn fault(error: DbErr) -> Fault {
    if is_contention(&error) {
        Fault::contended("database", DatabaseError(error))
    } else if is_outage(&error) {
        Fault::unavailable("database", DatabaseError(error))
    } else {
        Fault::internal("database", DatabaseError(error))
    }
}

/// A conflict if a named uniqueness was broken, otherwise a fault.
pub(crate) fn write_error(error: DbErr) -> WriteError {
    match conflict(&error) {
        Some(conflict) => WriteError::Conflict(conflict),
        None => WriteError::Fault(fault(error)),
    }
}

/// A row that no writer of this service can have stored.
pub(crate) fn unreadable(column: &'static str) -> Fault {
    Fault::internal("database", format!("{column} cannot be read"))
}

fn conflict(error: &DbErr) -> Option<Conflict> {
    let Some(SqlErr::UniqueConstraintViolation(message)) = error.sql_err() else { return None };
    let broken = message.strip_prefix("UNIQUE constraint failed: ");
    CONFLICTS
        .iter()
        .find(|(index, columns, _)| match broken {
            Some(broken) => broken == *columns,
            None => message.contains(&format!("\"{index}\"")),
        })
        .map(|(_, _, conflict)| *conflict)
}

/// What the database calls its answer to a statement that it did not carry out.
fn code(error: &DbErr) -> Option<Cow<'_, str>> {
    let (DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) = error else {
        return None;
    };
    let SqlxError::Database(error) = &**error else { return None };
    error.code()
}

/// Serialization failures and deadlocks (class 40 of PostgreSQL): the transaction is rolled back as a whole. Whether it
/// is one whose end is not known (40003) is left to the client.
fn is_contention(error: &DbErr) -> bool {
    code(error).is_some_and(|code| matches!(&*code, "40001" | "40P01"))
}

/// Whether it is away, full, read-only or busy.
pub(crate) fn is_outage(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            is_outage_of_driver(error)
        }
        _ => false,
    }
}

/// Whether a connection was not made, or came to its end, rather than that something took too long on it.
pub(crate) fn is_disconnection(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed) | DbErr::Conn(RuntimeErr::SqlxError(_)) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => match &**error {
            SqlxError::Io(_)
            | SqlxError::Tls(_)
            | SqlxError::Protocol(_)
            | SqlxError::PoolClosed
            | SqlxError::WorkerCrashed => true,
            SqlxError::Database(error) => error.code().is_some_and(|code| ends_connection(&code)),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a statement was cancelled: it took too long, or somebody would have it so.
pub(crate) fn is_cancellation(error: &DbErr) -> bool {
    code(error).is_some_and(|code| code == "57014")
}

/// Whether a lock was waited for too long.
pub(crate) fn is_locked_out(error: &DbErr) -> bool {
    code(error).is_some_and(|code| code == "55P03")
}

/// Whether the server let nobody in for what the URL says: user, password, name of the database. Trying again is of no
/// use then.
pub fn is_turned_away(fault: &Fault) -> bool {
    let source = StdError::source(fault).and_then(|source| source.downcast_ref::<DatabaseError>());
    let Some(DatabaseError(DbErr::Conn(RuntimeErr::SqlxError(error)))) = source else { return false };
    let SqlxError::Database(error) = &**error else { return false };
    error.code().is_some_and(|code| turns_away(&code))
}

/// Invalid authorization (class 28), and no such database.
fn turns_away(code: &str) -> bool {
    code.starts_with("28") || code == "3D000"
}

/// Connection exceptions; the server stops, crashed, or is starting.
fn ends_connection(code: &str) -> bool {
    code.starts_with("08") || code.starts_with("57P")
}

fn is_outage_of_driver(error: &SqlxError) -> bool {
    match error {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::Protocol(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => true,
        SqlxError::Database(error) => error.code().is_some_and(|code| {
            if error.try_downcast_ref::<sea_orm::sqlx::sqlite::SqliteError>().is_some() {
                is_outage_of_sqlite(&code)
            } else {
                is_outage_of_postgres(&code)
            }
        }),
        _ => false,
    }
}

/// The low octet of a result code is its primary code: BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL, CANTOPEN.
fn is_outage_of_sqlite(code: &str) -> bool {
    code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 7 | 8 | 10 | 13 | 14))
}

/// Connection exceptions, serialization failures and deadlocks, insufficient resources, operator intervention
/// (shutdown, a statement cancelled for its time), system errors, a read-only server, a lock or an idle transaction
/// that took too long.
fn is_outage_of_postgres(code: &str) -> bool {
    ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class))
        || matches!(code, "25006" | "25P03" | "55P03")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_a_busy_file_and_a_lost_server_are_outages() {
        for code in ["5", "517", "8", "10", "13", "1544", "3850"] {
            assert!(is_outage_of_sqlite(code), "{code}");
        }
        for code in ["1", "19", "2067", "787", "11"] {
            assert!(!is_outage_of_sqlite(code), "{code}");
        }
        for code in ["08006", "40001", "40P01", "53100", "53300", "57014", "57P01", "25006", "55P03"] {
            assert!(is_outage_of_postgres(code), "{code}");
        }
        for code in ["23505", "42601", "25P02", "22P02"] {
            assert!(!is_outage_of_postgres(code), "{code}");
        }
    }

    #[test]
    fn who_is_turned_away_need_not_try_again() {
        for code in ["28P01", "28000", "3D000"] {
            assert!(turns_away(code), "{code}");
        }
        for code in ["57P03", "53300", "08006", "42P01"] {
            assert!(!turns_away(code), "{code}");
        }
        assert!(!is_turned_away(&fault(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout))));
    }

    #[test]
    fn a_statement_that_took_too_long_does_not_end_its_connection() {
        for code in ["08006", "57P01", "57P02", "57P03"] {
            assert!(ends_connection(code), "{code}");
        }
        for code in ["57014", "55P03", "40001", "53300", "42P01"] {
            assert!(!ends_connection(code), "{code}");
        }
        assert!(!is_disconnection(&DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)));
        assert!(!is_disconnection(&DbErr::Conn(RuntimeErr::Internal("no answer in time".to_owned()))));
    }
}
