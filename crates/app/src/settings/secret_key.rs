//! The secret key of the service: given as a setting, or made in the data folder on the embedded default.

use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use countersign_application::ports::secret_generator::SecretGenerator;
use countersign_infrastructure::security::SecretKey;

/// File in the data folder that holds the key of the embedded default.
pub(crate) const FILE: &str = "secret.key";

/// Reads a key, and says how to make one when it is none.
pub(crate) fn parse(text: &str) -> Result<SecretKey, String> {
    SecretKey::parse(text).map_err(|error| format!("is no good: {error}; make one with `openssl rand -base64 32`"))
}

/// The key in the data folder; on the first start it is made and stored, readable by its owner alone. One that everybody
/// may read is none any more, and is refused.
pub(crate) fn load_or_create(data_dir: &Path, secrets: &dyn SecretGenerator) -> io::Result<SecretKey> {
    let path = data_dir.join(FILE);
    match std::fs::read_to_string(&path) {
        Ok(text) => {
            refuse_open(&path)?;
            read(&path, &text)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(data_dir, &path, secrets),
        Err(error) => Err(error),
    }
}

fn create(data_dir: &Path, path: &Path, secrets: &dyn SecretGenerator) -> io::Result<SecretKey> {
    let key = SecretKey::generate(secrets);
    let draft = data_dir.join(format!("{FILE}.{}.new", std::process::id()));
    let mut file = private_file(&draft)?;
    writeln!(file, "{}", key.to_base64().expose())?;
    file.sync_all()?;
    // Linking fails where the file exists: of two processes that start at once, both go on with one key.
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft)?;
    std::fs::File::open(data_dir)?.sync_all()?;
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(path, &std::fs::read_to_string(path)?),
        Err(error) => Err(error),
    }
}

/// A group may be what lets the service itself in, as on volumes of an orchestrator.
fn refuse_open(path: &Path) -> io::Result<()> {
    let mode = path.metadata()?.permissions().mode();
    if mode & 0o007 != 0 {
        let path = path.display();
        let problem = format!(
            "every user of this machine may use {path}: run `chmod 600 {path}`, and replace the key if somebody may have read it"
        );
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, problem));
    }
    Ok(())
}

fn read(path: &Path, text: &str) -> io::Result<SecretKey> {
    parse(text).map_err(|what| io::Error::new(io::ErrorKind::InvalidData, format!("{} {what}", path.display())))
}

fn private_file(path: &Path) -> io::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use countersign_infrastructure::system::SystemSecretGenerator;

    use super::*;

    fn in_base64(key: &SecretKey) -> String {
        key.to_base64().expose().to_owned()
    }

    #[test]
    fn the_key_of_the_data_folder_is_made_once_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = load_or_create(folder.path(), &SystemSecretGenerator).unwrap();
        let second = load_or_create(folder.path(), &SystemSecretGenerator).unwrap();
        assert_eq!(in_base64(&first), in_base64(&second));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(folder.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_key_that_everybody_may_read_is_refused_and_one_of_a_group_is_not() {
        let folder = tempfile::tempdir().unwrap();
        load_or_create(folder.path(), &SystemSecretGenerator).unwrap();
        for (mode, taken) in [(0o644, false), (0o602, false), (0o640, true), (0o660, true), (0o400, true)] {
            let permissions = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(folder.path().join(FILE), permissions).unwrap();
            let loaded = load_or_create(folder.path(), &SystemSecretGenerator);
            assert_eq!(loaded.is_ok(), taken, "{mode:o} {loaded:?}");
        }
    }

    #[test]
    fn a_damaged_key_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "damaged").unwrap();
        assert!(load_or_create(folder.path(), &SystemSecretGenerator).is_err());
        assert_eq!(std::fs::read_to_string(folder.path().join(FILE)).unwrap(), "damaged");
    }
}
