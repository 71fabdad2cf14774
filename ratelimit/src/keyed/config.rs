//! A [`Keyed`] table in configuration: `{ quota = { permits = 10, per = "1s", burst = 5 }, keys = 10000 }`.

use core::hash::Hash;
use core::num::NonZeroUsize;

use serde::{Deserialize, Serialize};

use super::Keyed;
use crate::Quota;

/// A [`Keyed`] table as it is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct KeyedConfig {
    /// The quota of keys that have none of their own.
    pub quota: Quota,
    /// For how many keys there is room.
    pub keys: NonZeroUsize,
}

impl KeyedConfig {
    /// A table for so many keys at this quota.
    #[must_use]
    pub const fn new(quota: Quota, keys: NonZeroUsize) -> Self {
        Self { quota, keys }
    }

    /// The table.
    #[must_use]
    pub fn build<K: Hash + ?Sized>(&self) -> Keyed<K> {
        Keyed::with_capacity(self.quota, self.keys.get())
    }
}
