//! How far a long command is: a bar where somebody watches, otherwise a line now and then.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use countersign_infrastructure::moving::Progress;

/// So often the bar is drawn.
const DRAWN_EVERY: Duration = Duration::from_millis(100);
/// So often a line is written where nobody watches: to a file it is kept.
const TOLD_EVERY: Duration = Duration::from_secs(10);
const WIDTH: usize = 24;

/// On standard error, so that standard output has nothing but the outcome.
pub(crate) struct ProgressLine {
    is_watched: bool,
    began: Instant,
    last: Instant,
    is_drawn: bool,
}

impl Default for ProgressLine {
    fn default() -> Self {
        let now = Instant::now();
        Self { is_watched: io::stderr().is_terminal(), began: now, last: now, is_drawn: false }
    }
}

impl ProgressLine {
    /// Draws it, if it was not just drawn.
    pub(crate) fn show(&mut self, progress: Progress) {
        let pause = if self.is_watched { DRAWN_EVERY } else { TOLD_EVERY };
        if self.last.elapsed() < pause {
            return;
        }
        self.last = Instant::now();
        let text = text(progress, self.began.elapsed());
        let mut errors = io::stderr().lock();
        let _reader_gone = if self.is_watched {
            self.is_drawn = true;
            write!(errors, "\r\x1b[2K{} {text}", bar(progress)).and_then(|()| errors.flush())
        } else {
            writeln!(errors, "{text}")
        };
    }

    /// Takes the bar away.
    pub(crate) fn clear(&mut self) {
        if std::mem::take(&mut self.is_drawn) {
            let mut errors = io::stderr().lock();
            let _reader_gone = write!(errors, "\r\x1b[2K").and_then(|()| errors.flush());
        }
    }
}

fn percent(progress: Progress) -> u64 {
    (100 * progress.done).checked_div(progress.of).unwrap_or(100).min(100)
}

fn bar(progress: Progress) -> String {
    let full = usize::try_from(percent(progress)).unwrap_or(100) * WIDTH / 100;
    format!("[{}{}]", "#".repeat(full), "-".repeat(WIDTH - full))
}

fn text(progress: Progress, since: Duration) -> String {
    format!("{:>3} %  {}, {} s", percent(progress), progress.what, since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills_from_left_to_right_and_not_beyond() {
        for (done, of, shown) in [(0, 8, 0), (4, 8, WIDTH / 2), (8, 8, WIDTH), (9, 8, WIDTH), (0, 0, WIDTH)] {
            let bar = bar(Progress { what: "accounts", done, of });
            assert_eq!(bar, format!("[{}{}]", "#".repeat(shown), "-".repeat(WIDTH - shown)));
        }
    }
}
