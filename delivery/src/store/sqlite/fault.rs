//! What goes wrong with the file, in one line each that says which file and what to do.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::error::{Error, ErrorKind};

/// Why something was not done.
#[derive(Debug)]
pub(super) enum Fault {
    /// It does not fit what is kept: the caller's fault, not the file's.
    Refused(Error),
    /// The file could not be read or written.
    Sqlite(rusqlite::Error),
    /// A record in it is not what was written.
    Record(&'static str, serde_json::Error),
}

impl Fault {
    /// Whether another process was in the way.
    pub(super) fn is_busy(&self) -> bool {
        let code = if let Self::Sqlite(error) = self { error.sqlite_error_code() } else { None };
        matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
    }

    pub(super) fn told(self, path: &Path) -> Error {
        match self {
            Self::Refused(error) => error,
            Self::Sqlite(error) => told(path, error),
            Self::Record(what, error) => {
                let text =
                    format!("{}: the record of {what} cannot be read: restore a copy of the file", path.display());
                Error::new(ErrorKind::Store, text).caused_by(error)
            }
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

/// The error of everybody else.
pub(super) fn told(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.display();
    let (kind, text) = match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            (ErrorKind::Busy, format!("{path} is held by another process: try again"))
        }
        Some(ErrorCode::DiskFull) => (
            ErrorKind::Store,
            format!("{path} cannot grow, the disk is full or its limit reached: make room, then go on"),
        ),
        Some(ErrorCode::DatabaseCorrupt) => {
            (ErrorKind::Store, format!("{path} is damaged: restore a copy, or begin with another file"))
        }
        Some(ErrorCode::NotADatabase) => {
            (ErrorKind::Store, format!("{path} is no SQLite database: choose another file"))
        }
        Some(ErrorCode::ReadOnly) => (ErrorKind::Store, read_only(&path)),
        Some(ErrorCode::CannotOpen) => (
            ErrorKind::Store,
            format!("{path} cannot be opened: it is no file, or you have no right to it or its folder"),
        ),
        Some(ErrorCode::SystemIoFailure) => {
            (ErrorKind::Store, format!("{path} cannot be read or written: see whether its disk is full or failing"))
        }
        _ => {
            let text = error.to_string();
            (ErrorKind::Store, format!("{path} cannot be used: {}", text.lines().next().unwrap_or_default()))
        }
    };
    Error::new(kind, text).caused_by(error)
}

pub(super) fn read_only(path: &std::path::Display<'_>) -> String {
    format!("{path} cannot be written: you have no right to write it or its folder")
}
