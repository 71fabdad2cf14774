//! Numbers for jitter: a small generator, seeded from the system.

use core::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;
use std::thread_local;

use rand::rngs::{SysRng, Xoshiro256PlusPlus};
use rand::{Rng, SeedableRng};

/// A small generator (xoshiro256++ of Blackman and Vigna) for jitter. Not for secrets.
///
/// ```
/// use steadfast_backoff::Entropy;
///
/// let mut drawn = Entropy::from_seed(7);
/// let mut again = Entropy::from_seed(7);
/// assert_eq!(drawn.next(), again.next());
/// ```
#[derive(Clone)]
pub struct Entropy(Xoshiro256PlusPlus);

impl Default for Entropy {
    fn default() -> Self {
        Self::new()
    }
}

impl Entropy {
    /// A generator seeded from the system: different in every process, and each time.
    #[must_use]
    pub fn new() -> Self {
        // Where the system has no randomness to give, the standard library's hash keys are the next best thing.
        let seeded = Xoshiro256PlusPlus::try_from_rng(&mut SysRng);
        seeded.map_or_else(|_| Self::from_seed(RandomState::new().hash_one("jitter")), Self)
    }

    /// A generator whose numbers are the same for the same seed, on every platform: for tests and simulations.
    #[must_use]
    pub fn from_seed(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// The next number.
    #[inline]
    #[expect(clippy::should_implement_trait, reason = "an endless source, not an iterator")]
    pub fn next(&mut self) -> u64 {
        self.0.next_u64()
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entropy").finish_non_exhaustive()
    }
}

/// A number of the calling thread's own generator, which is seeded from the system at its first use.
#[inline]
#[must_use]
pub fn entropy() -> u64 {
    thread_local! {
        static SOURCE: RefCell<Entropy> = RefCell::new(Entropy::new());
    }
    // A thread that is ending may have dropped its generator already.
    SOURCE.try_with(|source| source.borrow_mut().next()).unwrap_or_else(|_| Entropy::new().next())
}
