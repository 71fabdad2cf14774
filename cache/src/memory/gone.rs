//! What the store pushes out, kept until its lock is released: a body may be large, or run code of its owner.

use quick_cache::{Lifecycle, Weighter};

use super::held::Held;
use crate::CacheKey;

/// Has the store hand over what it lets go.
#[derive(Clone, Copy)]
pub(super) struct HandOver;

impl Lifecycle<CacheKey, Held> for HandOver {
    type RequestState = Vec<(CacheKey, Held)>;

    fn on_evict(&self, gone: &mut Self::RequestState, key: CacheKey, held: Held) {
        gone.push((key, held));
    }
}

/// Has the store weigh an entry as it was weighed when it came.
#[derive(Clone, Copy)]
pub(super) struct AsHeld;

impl Weighter<CacheKey, Held> for AsHeld {
    #[inline]
    fn weight(&self, _key: &CacheKey, held: &Held) -> u64 {
        held.units
    }
}
