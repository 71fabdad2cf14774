//! What a device's answer says of an upload, in words that both protocols share.

use std::time::Duration;

use url::Url;

/// What one answer says, or that there is none.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Heard {
    /// There is an upload now.
    Created(Created),
    /// So much of the upload is there.
    At(At),
    /// Something went well, but nothing is said of how much is there.
    Silent,
    /// Bytes were sent from another offset than the one that the device is at.
    Mismatch,
    /// There is no such upload, or not any more.
    Gone,
    /// What was sent did not match its checksum.
    Damaged,
    /// The device takes no more bytes at a time than this.
    TooLarge(Limits),
    /// The whole was there, and the device could not make use of it.
    Spoilt,
    /// No answer, or one that may be another the next time.
    Failed,
    /// An answer that is final.
    Refused,
}

/// A new upload.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Created {
    /// Where it is; none where the answer does not say, or leads to another host.
    pub(super) url: Option<Url>,
    pub(super) offset: Option<u64>,
    pub(super) limits: Limits,
    pub(super) expires_in: Option<Duration>,
}

/// Where an upload stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct At {
    pub(super) offset: Option<u64>,
    /// Whether the device has all that it expects.
    pub(super) complete: Option<bool>,
    /// The length that the device expects.
    pub(super) length: Option<u64>,
    pub(super) expires_in: Option<Duration>,
}

/// What a device takes, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Limits {
    pub(super) largest: Option<u64>,
    pub(super) smallest: Option<u64>,
    /// At a time.
    pub(super) most: Option<u64>,
    /// At a time, but for the last.
    pub(super) least: Option<u64>,
}

impl Limits {
    /// These, and where they say nothing, `older` ones.
    pub(super) fn over(self, older: Self) -> Self {
        Self {
            largest: self.largest.or(older.largest),
            smallest: self.smallest.or(older.smallest),
            most: self.most.or(older.most),
            least: self.least.or(older.least),
        }
    }
}
