//! A limit for each of many keys, in memory that never grows.

#[cfg(feature = "serde")]
mod config;
mod enter;
mod hash;
mod key_ref;
mod plans;
mod slot;
mod table;

use core::fmt;
use core::hash::{BuildHasher, Hash};
use core::marker::PhantomData;
use core::num::NonZeroUsize;

use crate::Quota;
use crate::sync::Ordering;

#[cfg(feature = "serde")]
pub use config::KeyedConfig;
pub use hash::{KeyHasher, SeededHash};
pub use key_ref::KeyRef;
pub use plans::{Plan, TooManyPlans};

use plans::Plans;
use table::Table;

/// A limit of its own for each key: user, host, device. Share it by reference or in an `Arc`.
///
/// Memory is fixed when the table is made, at 32 bytes for each of the keys that it is made for, and nobody has to clean
/// up: a key that owes nothing is as good as one never seen, and its slot goes to the next that needs one. Keys that
/// still owe are never forgotten. Should a new key find nothing but those in all 32 slots that it may be in, it shares
/// one of 64 more cells with others so placed: it may be denied for what they took, never be admitted more;
/// [`overflowed`](Self::overflowed) counts how often. As long as such a cell owes something, so does every new key that
/// falls to it.
///
/// Keys are known by a hash with a seed of the table's own. Two keys whose hashes agree in 48 bits and about their place
/// share a limit: among a million keys that is one pair in ten million tables.
///
/// ```
/// use steadfast_clock::{Clock, ManualClock};
/// use steadfast_ratelimit::{Keyed, Limiter, Quota};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let clock = ManualClock::new();
/// let users = Keyed::<str>::with_capacity(Quota::per_second(10)?.burst(2)?, 10_000).named("user");
/// let alice = users.of("alice");
/// assert!(alice.take(2, clock.now()).is_allowed());
/// assert!(!alice.take(1, clock.now()).is_allowed());
/// assert!(users.of("bob").take(1, clock.now()).is_allowed());
///
/// let paying = users.plan(Quota::per_second(100)?.burst(50)?)?;
/// assert!(users.of_with("carol", paying).take(50, clock.now()).is_allowed());
/// # Ok(())
/// # }
/// ```
pub struct Keyed<K: ?Sized, S = SeededHash> {
    table: Table,
    hash: S,
    keys: PhantomData<fn(&K)>,
}

impl<K: Hash + ?Sized> Keyed<K> {
    /// A table for about so many keys that owe something at once, 32 bytes each.
    #[must_use]
    pub fn with_capacity(quota: Quota, keys: usize) -> Self {
        Self::with_hasher(quota, keys, SeededHash::default())
    }
}

impl<K: Hash + ?Sized, S: BuildHasher> Keyed<K, S> {
    /// The same with another hash, all of whose 64 bits have to be good: who can choose keys whose hashes agree makes
    /// them share a limit.
    #[must_use]
    pub fn with_hasher(quota: Quota, keys: usize, hash: S) -> Self {
        let keys = NonZeroUsize::new(keys).unwrap_or(NonZeroUsize::MIN);
        Self { table: Table::new(Plans::new(quota, "key"), keys), hash, keys: PhantomData }
    }

    /// Sets the name that denials carry; "key" unless set. Plans are made after that: it drops those made before.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        self.table.plans = Plans::new(self.quota(), name);
        self
    }

    /// The limit of a key, at the table's quota as it is at each call.
    #[inline]
    pub fn of(&self, key: &K) -> KeyRef<'_> {
        KeyRef::new(&self.table, self.hash.hash_one(key), None)
    }

    /// The limit of a key, at a quota of its own.
    ///
    /// What a key has taken at another quota stays taken: as many permits are owed at this one. A key that is asked for
    /// at two quotas in turn is converted at each turn; give each key one.
    #[inline]
    pub fn of_with(&self, key: &K, plan: Plan) -> KeyRef<'_> {
        KeyRef::new(&self.table, self.hash.hash_one(key), Some(plan))
    }
}

impl<K: ?Sized, S> Keyed<K, S> {
    /// The quota of keys that have none of their own.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.table.plans.default().gcra.quota()
    }

    /// The name that denials carry.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.table.plans.name()
    }

    /// Changes the quota of all keys that have none of their own, in an instant. What they have taken stays taken: as
    /// many permits are owed at the new one.
    ///
    /// A key that has no slot owes nothing at the new quota, whatever is in the cell that it shared at the old one.
    ///
    /// # Errors
    ///
    /// Above 65,535 different quotas in the life of a table.
    pub fn set_quota(&self, quota: Quota) -> Result<(), TooManyPlans> {
        self.table.plans.set_default(self.plan(quota)?);
        Ok(())
    }

    /// A quota for [`of_with`](Self::of_with). The same quota has the same plan, and is kept as long as the table.
    ///
    /// # Errors
    ///
    /// Above 65,535 different quotas in the life of a table.
    pub fn plan(&self, quota: Quota) -> Result<Plan, TooManyPlans> {
        self.table.plans.intern(quota)
    }

    /// How many slots there are; about half of them can be in debt before keys begin to share.
    #[must_use]
    pub const fn slots(&self) -> usize {
        self.table.slots()
    }

    /// How many slots have been used; never less than before. They are used again once their keys owe nothing.
    #[must_use]
    pub fn occupied(&self) -> usize {
        self.table.occupied.load(Ordering::Relaxed)
    }

    /// How many calls were judged by the cell that keys without a slot share. A table for which this grows is too small.
    #[must_use]
    pub fn overflowed(&self) -> u64 {
        self.table.overflowed.load(Ordering::Relaxed)
    }
}

impl<K: ?Sized, S> fmt::Debug for Keyed<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyed")
            .field("name", &self.name())
            .field("quota", &self.quota())
            .field("slots", &self.slots())
            .field("occupied", &self.occupied())
            .field("overflowed", &self.overflowed())
            .finish_non_exhaustive()
    }
}
