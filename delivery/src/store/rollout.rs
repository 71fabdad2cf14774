//! What is kept of a rollout as a whole.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::artifact::Artifact;
use crate::device::Device;
use crate::record::RolloutStatus;
use crate::strategy::Strategy;

/// What a rollout was asked to do. Does not change once it has started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Spec {
    /// What is delivered.
    pub artifact: ArtifactRecord,
    /// The version that devices are told and must report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Which devices, in which steps, when.
    #[serde(default)]
    pub strategy: Strategy,
    /// How many devices at once.
    pub concurrency: usize,
    /// What devices get when a phase fails and is to be rolled back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<(ArtifactRecord, String)>,
    /// The rollout that this one takes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_of: Option<String>,
    /// What the program that started it wants to find again, such as how to reach devices; no secrets.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub extra: Value,
}

/// Which artifact, so that the same one is found again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ArtifactRecord {
    /// Its file; `None` for one that was in memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// Its length in bytes.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
}

/// A rollout to be added.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewRollout {
    /// Its id.
    pub id: String,
    /// What it is to do.
    pub spec: Spec,
    /// Its devices, in the order of their places.
    pub devices: Vec<Device>,
    /// When it was made, in milliseconds since 1970.
    pub at_ms: u64,
}

/// A rollout as it is kept.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RolloutRecord {
    /// Its id.
    pub id: String,
    /// What it is to do.
    pub spec: Spec,
    /// Where it stands. The counters are exact; rate and time left are those of `status_at_ms`.
    pub status: RolloutStatus,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: u64,
    /// When rate and time left were written, in milliseconds since 1970.
    pub status_at_ms: u64,
    /// The number of its last event; 0 before the first.
    pub last_seq: u64,
    /// What its engine wrote last; null before it started.
    pub engine: Value,
    /// The number of the last command that was carried out.
    pub commands_done: u64,
    /// Who drives it, and until when in milliseconds since 1970 unless renewed; `None` when nobody does.
    pub driver: Option<(super::Holder, u64)>,
}

impl Spec {
    /// Everything to all devices at once, 64 at a time.
    #[must_use]
    pub fn new(artifact: ArtifactRecord) -> Self {
        Self {
            artifact,
            version: None,
            strategy: Strategy::immediate(),
            concurrency: 64,
            rollback: None,
            rollback_of: None,
            extra: Value::Null,
        }
    }
}

impl ArtifactRecord {
    /// An artifact by its path, length and SHA-256 in hexadecimal digits.
    #[must_use]
    pub fn new(path: Option<PathBuf>, bytes: u64, sha256: impl Into<String>) -> Self {
        Self { path, bytes, sha256: sha256.into() }
    }

    /// The record of an artifact.
    #[must_use]
    pub fn of(artifact: &Artifact) -> Self {
        Self::new(artifact.path().map(Path::to_path_buf), artifact.len(), artifact.digest_hex())
    }
}

impl NewRollout {
    /// A rollout of these devices.
    #[must_use]
    pub fn new(id: impl Into<String>, spec: Spec, devices: Vec<Device>, at_ms: u64) -> Self {
        Self { id: id.into(), spec, devices, at_ms }
    }
}

impl RolloutRecord {
    /// A rollout that has not started.
    #[must_use]
    pub fn new(id: impl Into<String>, spec: Spec, status: RolloutStatus, created_ms: u64) -> Self {
        Self {
            id: id.into(),
            spec,
            status,
            created_ms,
            status_at_ms: created_ms,
            last_seq: 0,
            engine: Value::Null,
            commands_done: 0,
            driver: None,
        }
    }
}
