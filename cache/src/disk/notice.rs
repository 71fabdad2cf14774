//! What a cache on disk has to say.

use std::fmt;
use std::path::PathBuf;

/// A file was set aside, and the cache was begun anew.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiskNotice {
    /// The file was corrupt.
    #[non_exhaustive]
    Corrupt {
        /// Where it is now.
        moved_to: PathBuf,
    },
    /// The file was written by another version of this crate.
    #[non_exhaustive]
    OtherVersion {
        /// The version of its schema.
        version: i64,
        /// Where it is now.
        moved_to: PathBuf,
    },
}

impl fmt::Display for DiskNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Corrupt { moved_to } => {
                write!(f, "the cache was corrupt and is begun anew; the old file is {}", moved_to.display())
            }
            Self::OtherVersion { version, moved_to } => write!(
                f,
                "the cache had schema version {version} and is begun anew; the old file is {}",
                moved_to.display()
            ),
        }
    }
}
