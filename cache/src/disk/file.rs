//! The file itself: made for its owner alone, or set aside.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::OpenError;

/// What SQLite adds to the name of a file for those that it keeps beside it.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Makes the file and the folders above it, or closes a file that is there to others.
pub(super) fn prepare(path: &Path) -> Result<(), OpenError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|source| OpenError::Io { path: folder.to_owned(), source })?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => close_to_others(path),
        Err(source) => Err(OpenError::Io { path: path.to_owned(), source }),
    }
}

fn close_to_others(path: &Path) -> Result<(), OpenError> {
    let facts = fs::metadata(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
    if !facts.is_file() {
        return Err(OpenError::NotAFile { path: path.to_owned() });
    }
    for path in BESIDE.iter().map(|suffix| with(path, suffix)).chain([path.to_owned()]) {
        owner_only(&path).map_err(|source| OpenError::NotPrivate { path, source })?;
    }
    Ok(())
}

/// Only the owner of a file may change its mode: somebody else's stays open, and is refused.
#[cfg(unix)]
fn owner_only(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;

    match fs::metadata(path) {
        Ok(facts) if facts.permissions().mode() & 0o077 == 0 => Ok(()),
        Ok(_) => fs::set_permissions(path, fs::Permissions::from_mode(0o600)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(not(unix))]
fn owner_only(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Gives the file another name, in place of an earlier one of that name; tells the name.
pub(super) fn set_aside(path: &Path, suffix: &str) -> Result<PathBuf, OpenError> {
    let aside = with(path, suffix);
    fs::rename(path, &aside).map_err(|source| OpenError::Io { path: aside.clone(), source })?;
    for beside in BESIDE {
        // Left where it is, it would become part of the new file.
        match fs::remove_file(with(path, beside)) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(OpenError::Io { path: with(path, beside), source });
            }
            _ => {}
        }
    }
    Ok(aside)
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}
