//! How keys are spread over the table.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

/// Keys are digests already, but whoever words the requests has a say in them: each table has a seed of its own from
/// the operating system's randomness. The hash is fast and not a cryptographic one.
pub(super) fn seeded() -> SeedableRandomState {
    SeedableRandomState::with_seed(RandomState::new().hash_one(0u8), SharedSeed::global_random())
}
