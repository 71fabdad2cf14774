//! A breaker for each host, model or tenant: a bounded map that forgets only what has nothing to remember.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use steadfast_clock::{Clock, Nanos};

use crate::{CircuitBreaker, ConfigError, Machine, Rule, State, Status};

/// Breakers by key, at most so many.
///
/// When it is full, a new key takes the places of idle breakers: closed by their rule, with no failure and no slow call
/// that counts, and held by nobody. Where there is none, the keys beyond the bound share one breaker, the overflow; how
/// often that happened is told. So the memory is bounded, no state is lost, and no key goes without a breaker.
///
/// Looking a known key up takes a shared lock for the time of a hash look-up. A new key in a full registry looks at every
/// breaker in the worst case, when all are busy.
///
/// ```
/// use std::num::NonZeroUsize;
/// use steadfast_breaker::{Registry, Rule};
/// use steadfast_clock::{Clock, System};
///
/// # fn main() -> Result<(), steadfast_breaker::ConfigError> {
/// let clock = System::new();
/// let hosts: Registry<String> = Registry::new(NonZeroUsize::MIN.saturating_add(1023), Rule::new())?;
/// for _ in 0..5 {
///     if let Ok(permit) = hosts.of("api.example.com", &clock).permit(&clock) {
///         permit.failure();
///     }
/// }
/// assert!(hosts.of("api.example.com", &clock).permit(&clock).is_err());
/// assert!(hosts.of("eu.example.com", &clock).permit(&clock).is_ok());
/// assert_eq!(hosts.summary(clock.now()).open, 1);
/// # Ok(())
/// # }
/// ```
pub struct Registry<K, O = ()> {
    most: usize,
    make: Make<K, O>,
    overflow: Arc<CircuitBreaker<O>>,
    overflowed: AtomicU64,
    breakers: RwLock<HashMap<K, Arc<CircuitBreaker<O>>>>,
}

type Make<K, O> = Box<dyn Fn(&K) -> CircuitBreaker<O> + Send + Sync>;

/// How many breakers of a registry are in which state; the overflow is not among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Summary {
    /// Closed, by their rule or by hand, or switched off.
    pub closed: usize,
    /// Open.
    pub open: usize,
    /// Half-open.
    pub half_open: usize,
    /// How often a call went to the overflow, because all places were taken by busy breakers.
    pub overflowed: u64,
}

impl<K> Registry<K> {
    /// At most `most` breakers, all by the same rule.
    ///
    /// # Errors
    ///
    /// When the rule cannot work, see [`Rule::check`].
    pub fn new(most: NonZeroUsize, rule: Rule) -> Result<Self, ConfigError> {
        let machine = Machine::new(rule)?;
        let overflow = CircuitBreaker::from_machine(machine.clone(), ());
        Ok(Self::with(most, overflow, move |_| CircuitBreaker::from_machine(machine.clone(), ())))
    }
}

impl<K, O> Registry<K, O> {
    /// At most `most` breakers, each made by `make` when its key is first asked for: with a rule and an observer of its
    /// own. `overflow` serves the keys that find no place.
    pub fn with(
        most: NonZeroUsize,
        overflow: CircuitBreaker<O>,
        make: impl Fn(&K) -> CircuitBreaker<O> + Send + Sync + 'static,
    ) -> Self {
        Self {
            most: most.get(),
            make: Box::new(make),
            overflow: Arc::new(overflow),
            overflowed: AtomicU64::new(0),
            breakers: RwLock::default(),
        }
    }

    /// The breaker that serves the keys beyond the bound.
    #[must_use]
    pub const fn overflow(&self) -> &Arc<CircuitBreaker<O>> {
        &self.overflow
    }

    /// The most breakers that it holds.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.most
    }

    /// How many breakers it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.read().len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.read().is_empty()
    }

    /// How many breakers are in which state at `now`.
    #[must_use]
    pub fn summary(&self, now: Nanos) -> Summary {
        let mut summary = Summary { overflowed: self.overflowed.load(Ordering::Relaxed), ..Summary::default() };
        for breaker in self.read().values() {
            match breaker.state(now) {
                State::Closed => summary.closed += 1,
                State::Open => summary.open += 1,
                State::HalfOpen => summary.half_open += 1,
            }
        }
        summary
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<K, Arc<CircuitBreaker<O>>>> {
        self.breakers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<K, Arc<CircuitBreaker<O>>>> {
        self.breakers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq, O> Registry<K, O> {
    /// The breaker of `key`, made if it is not there. The clock is read only when it is made.
    #[must_use]
    pub fn of<Q>(&self, key: &Q, clock: &(impl Clock + ?Sized)) -> Arc<CircuitBreaker<O>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if let Some(breaker) = self.read().get(key) {
            return Arc::clone(breaker);
        }
        // Made, and the clock read, with no lock held: both are the caller's.
        let owned = key.to_owned();
        let fresh = Arc::new((self.make)(&owned));
        let now = clock.now();
        let mut breakers = self.write();
        if let Some(breaker) = breakers.get(key) {
            return Arc::clone(breaker);
        }
        if breakers.len() >= self.most {
            // Nobody gets hold of one while the map is locked: one that the map alone holds stays as it is.
            breakers.retain(|_, breaker| Arc::strong_count(breaker) > 1 || !breaker.is_idle(now));
        }
        if breakers.len() >= self.most {
            self.overflowed.fetch_add(1, Ordering::Relaxed);
            return Arc::clone(&self.overflow);
        }
        breakers.insert(owned, Arc::clone(&fresh));
        fresh
    }

    /// The breaker of `key`, if it is there.
    #[must_use]
    pub fn find<Q>(&self, key: &Q) -> Option<Arc<CircuitBreaker<O>>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.read().get(key).map(Arc::clone)
    }

    /// Forgets the breaker of `key`, whatever its state. Who holds it keeps it.
    pub fn remove<Q>(&self, key: &Q) -> Option<Arc<CircuitBreaker<O>>>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.write().remove(key)
    }
}

impl<K: Clone, O> Registry<K, O> {
    /// Every key with the status of its breaker at `now`, in no order.
    #[must_use]
    pub fn statuses(&self, now: Nanos) -> Vec<(K, Status)> {
        self.read().iter().map(|(key, breaker)| (key.clone(), breaker.status(now))).collect()
    }
}

impl<K, O> fmt::Debug for Registry<K, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registry").field("len", &self.len()).field("capacity", &self.most).finish_non_exhaustive()
    }
}
