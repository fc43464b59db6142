//! What became of an import, for whoever called it.

use anyhow::bail;
use countersign_infrastructure::moving::Report;

use crate::terminal;

/// To standard output; an error where something was refused.
pub(super) fn show(report: &Report, dry_run: bool) -> anyhow::Result<()> {
    terminal::say(&format!("{:>10} {:>10} {:>14} {:>10}", "read", "imported", "already there", "refused"));
    for tally in &report.tallies {
        let (read, imported, present, refused) = (tally.read, tally.imported, tally.present, tally.refused);
        terminal::say(&format!("{read:>10} {imported:>10} {present:>14} {refused:>10}  {}", tally.table.plural));
    }
    for note in notes(report) {
        terminal::say(&note);
    }
    for conflict in &report.conflicts {
        terminal::say(&format!("{}: {}", conflict.place, conflict.why));
    }
    if report.more_conflicts > 0 {
        terminal::say(&format!("… and {} more", report.more_conflicts));
    }
    if dry_run {
        terminal::say("This was a dry run: nothing was stored.");
    }
    match report.refused() {
        0 => Ok(()),
        1 => bail!("1 record was refused"),
        refused => bail!("{refused} records were refused"),
    }
}

fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if report.without_password > 0 {
        notes.push(format!(
            "{} of the imported accounts have no password that can be verified here: their owners set one by «Forgot your \
             password?»",
            report.without_password
        ));
    }
    if report.unverified > 0 {
        notes.push(format!(
            "{} of the imported accounts have an address that nobody has proven: those that are not used are deleted after \
             a time (docs/moving.md)",
            report.unverified
        ));
    }
    if report.superusers > 0 {
        notes.push(format!("{} of the imported accounts are superusers", report.superusers));
    }
    if report.no_superusers > 0 {
        notes.push(format!(
            "{} accounts were superusers there and are none here: --superusers takes that over",
            report.no_superusers
        ));
    }
    if report.left_out > 0 {
        notes.push(format!(
            "{} rows were left out: invitations that are not pending, deleted accounts",
            report.left_out
        ));
    }
    for place in &report.without_admin {
        notes.push(format!("{place}: no active admin is in this team: a superuser appoints one in the console"));
    }
    notes
}
