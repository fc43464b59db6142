//! Where an export goes: it is there whole, or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::commands::export::{about, unusable};

/// Large enough that the system is asked seldom.
const BUFFER: usize = 1 << 20;

/// A file that has its name once it is whole, or standard output. Dropped before, it leaves nothing.
pub(super) enum Destination {
    StandardOutput(BufWriter<io::Stdout>),
    File { writer: BufWriter<File>, part: Part, file: PathBuf, force: bool },
}

/// What is written so far, beside the file that it becomes.
pub(super) struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _gone_already = fs::remove_file(&self.0);
    }
}

impl Destination {
    pub(super) fn open(file: &Path, force: bool) -> anyhow::Result<Self> {
        if file == Path::new("-") {
            return Ok(Self::StandardOutput(BufWriter::with_capacity(BUFFER, io::stdout())));
        }
        if file.exists() && !force {
            return Err(unusable(format!("{} is there already; --force replaces it", file.display())));
        }
        let mut name = file.as_os_str().to_owned();
        name.push(".part");
        let part = PathBuf::from(name);
        let opened = about(file, create(&part))?;
        let writer = BufWriter::with_capacity(BUFFER, opened);
        Ok(Self::File { writer, part: Part(part), file: file.to_owned(), force })
    }

    pub(super) fn writer(&mut self) -> &mut (dyn Write + Send) {
        match self {
            Self::StandardOutput(output) => output,
            Self::File { writer, .. } => writer,
        }
    }

    /// It is whole, and on disk before anybody is told so.
    pub(super) fn keep(self) -> anyhow::Result<()> {
        // What goes to standard output was flushed with its last line.
        let Self::File { mut writer, part, file, force } = self else { return Ok(()) };
        about(&file, writer.flush().and_then(|()| writer.get_ref().sync_all()))?;
        // A link, unlike a new name, replaces nothing that came meanwhile.
        about(&file, if force { fs::rename(&part.0, &file) } else { fs::hard_link(&part.0, &file) })
    }
}

/// For its owner alone, and nobody else's: what an export that was killed left there goes.
fn create(part: &Path) -> io::Result<File> {
    match fs::remove_file(part) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(part)
}
