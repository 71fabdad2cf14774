//! The file itself: made for its owner alone.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

use crate::error::{Error, ErrorKind};

/// Makes the file if there is none. One that is there stays as it is.
pub(super) fn make(path: &Path, with_folder: bool) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder.filter(|_| with_folder) {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|error| refused("make folder", folder, error))?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(refused("make", path, error)),
    }
}

fn refused(what: &str, path: &Path, error: io::Error) -> Error {
    let why = match error.kind() {
        io::ErrorKind::NotFound => String::from("its folder is missing: make it first"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            String::from("missing rights: choose a place that you may write to")
        }
        io::ErrorKind::StorageFull => String::from("the disk is full: make room"),
        _ => error.to_string(),
    };
    Error::new(ErrorKind::Store, format!("cannot {what} {}: {why}", path.display())).caused_by(error)
}
