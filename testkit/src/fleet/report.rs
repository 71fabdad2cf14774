//! What a fleet received, in numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a fleet received: the JSON of `GET /_sim/report`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Report {
    /// The sums over all devices.
    pub totals: Tally,
    /// Each device by its id.
    pub devices: BTreeMap<String, Tally>,
}

/// What a device, or a whole fleet, received.
///
/// Pushes that a fault answered are counted by what came of their bodies, as all others. A push that announced no digest
/// and came whole is in `pushes` alone, and one that is under way is too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Tally {
    /// How many devices this is about: 1, or all.
    pub devices: u64,
    /// Requests to `POST /update`.
    pub pushes: u64,
    /// Pushes that the device itself answered with `200`.
    pub accepted: u64,
    /// Complete bodies that match the digest announced with them.
    pub digest_ok: u64,
    /// Complete bodies that do not.
    pub digest_bad: u64,
    /// Bodies that ended early.
    pub cut: u64,
    /// Pushes begun after the device had accepted one of the same version. Where either carries no version, every push
    /// after an accepted one.
    pub pushes_after_success: u64,
}

impl Tally {
    pub(super) fn add(&mut self, other: &Self) {
        self.devices += other.devices;
        self.pushes += other.pushes;
        self.accepted += other.accepted;
        self.digest_ok += other.digest_ok;
        self.digest_bad += other.digest_bad;
        self.cut += other.cut;
        self.pushes_after_success += other.pushes_after_success;
    }
}
