//! What layers above keep beside the pool, shared by all of its clones: one value of each type.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::pool::Pool;

/// One value of each type that was asked for.
#[derive(Default)]
pub(crate) struct Attached(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Pool {
    /// The one value of this type that goes with the pool, made when it is first asked for. For layers above whose state
    /// is shared by all that use the pool, as breakers are.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use steadfast_pool::mock::MockPool;
    ///
    /// #[derive(Default)]
    /// struct Sheep(AtomicU32);
    ///
    /// let pool = MockPool::new();
    /// pool.clone().attached::<Sheep>().0.fetch_add(1, Ordering::Relaxed);
    /// assert_eq!(pool.attached::<Sheep>().0.load(Ordering::Relaxed), 1);
    /// ```
    #[must_use]
    pub fn attached<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut all = self.inner.attached.0.lock().unwrap_or_else(PoisonError::into_inner);
        let one = all.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default()));
        Arc::clone(one).downcast().unwrap_or_default()
    }
}

impl fmt::Debug for Attached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attached")
    }
}
