//! Why a cache on disk cannot be opened.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use crate::ConfigError;

/// Why a [`DiskCache`](crate::DiskCache) cannot be opened. Go on without one: a cache is never the only source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It cannot be configured so.
    #[error(transparent)]
    Config(ConfigError),
    /// The file or its folder cannot be made or moved.
    #[error("cannot make {}", path.display())]
    #[non_exhaustive]
    Io {
        /// What could not be made or moved.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Others may use the file, and they cannot be kept out: it belongs to somebody else.
    #[error("{} is open to others and cannot be closed to them", path.display())]
    #[non_exhaustive]
    NotPrivate {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The path is not that of a file.
    #[error("{} is not a file", path.display())]
    #[non_exhaustive]
    NotAFile {
        /// What is there.
        path: PathBuf,
    },
    /// The file is a database of something else. It was left alone.
    #[error("{} is a database of something else", path.display())]
    #[non_exhaustive]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be used as a database.
    #[error("cannot use {}", path.display())]
    #[non_exhaustive]
    Unavailable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn Error + Send + Sync>,
    },
}
