//! The atomics, the locks and the thread-locals, swapped for loom's when models are checked.

#[cfg(not(steadfast_loom))]
pub(crate) use std::sync::atomic::{AtomicI64, AtomicU64, Ordering, fence};
#[cfg(not(steadfast_loom))]
pub(crate) use std::sync::{Arc, Mutex, OnceLock};
#[cfg(not(steadfast_loom))]
pub(crate) use std::thread_local;

#[cfg(steadfast_loom)]
pub(crate) use loom::sync::atomic::{AtomicI64, AtomicU64, Ordering, fence};
#[cfg(steadfast_loom)]
pub(crate) use loom::sync::{Arc, Mutex};
#[cfg(steadfast_loom)]
pub(crate) use loom::thread_local;
#[cfg(steadfast_loom)]
pub(crate) use once::OnceLock;

/// How many handles share what is behind this one. Whoever sees that it is alone sees all that was done through the others.
pub(crate) fn handles<T>(shared: &Arc<T>) -> usize {
    let handles = Arc::strong_count(shared);
    // The counterpart of the release with which the last of the others was dropped.
    fence(Ordering::Acquire);
    handles
}

/// What loom has none of: a value that is made once, with the order between threads that the standard one gives.
#[cfg(steadfast_loom)]
mod once {
    use super::{AtomicU64, Mutex, Ordering};

    #[derive(Debug)]
    pub(crate) struct OnceLock<T> {
        made: AtomicU64,
        making: Mutex<()>,
        value: std::sync::OnceLock<T>,
    }

    impl<T> Default for OnceLock<T> {
        fn default() -> Self {
            Self::new()
        }
    }

    impl<T> OnceLock<T> {
        pub(crate) fn new() -> Self {
            Self { made: AtomicU64::new(0), making: Mutex::new(()), value: std::sync::OnceLock::new() }
        }

        pub(crate) fn get(&self) -> Option<&T> {
            (self.made.load(Ordering::Acquire) == 1).then(|| self.value.get()).flatten()
        }

        pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
            if let Some(value) = self.get() {
                return value;
            }
            let _making = self.making.lock();
            let value = self.value.get_or_init(make);
            self.made.store(1, Ordering::Release);
            value
        }
    }
}
