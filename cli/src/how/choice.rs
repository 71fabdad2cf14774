//! Choices that have names: how uploads go on, and what is compressed.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use steadfast_delivery::{Resumable, Zstd};

/// How uploads go on where they broke off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Uploads {
    /// As the device says, which is asked before each delivery.
    Probe,
    /// By tus 1.0.
    Tus,
    /// By the IETF's draft.
    Draft,
    /// Not at all.
    Never,
}

impl From<Uploads> for Resumable {
    fn from(uploads: Uploads) -> Self {
        match uploads {
            Uploads::Probe => Self::Probe,
            Uploads::Tus => Self::Tus,
            Uploads::Draft => Self::Draft,
            Uploads::Never => Self::Never,
        }
    }
}

/// When artifacts are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Compress {
    /// Where a device says that it takes them so.
    IfOffered,
    /// To all devices.
    Always,
    /// Not at all.
    Never,
}

impl From<Compress> for Zstd {
    fn from(when: Compress) -> Self {
        match when {
            Compress::IfOffered => Self::IfOffered,
            Compress::Always => Self::Always,
            Compress::Never => Self::Never,
        }
    }
}
