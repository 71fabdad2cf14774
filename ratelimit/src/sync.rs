//! The atomics, swapped for loom's when models are checked.

#[cfg(not(steadfast_loom))]
pub(crate) use core::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
#[cfg(all(feature = "std", not(steadfast_loom)))]
pub(crate) use core::sync::atomic::{AtomicU32, AtomicUsize};
#[cfg(steadfast_loom)]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
#[cfg(all(feature = "std", steadfast_loom))]
pub(crate) use loom::sync::atomic::{AtomicU32, AtomicUsize};
#[cfg(all(feature = "std", steadfast_loom))]
pub(crate) use loom::sync::{Mutex, MutexGuard};
#[cfg(all(feature = "std", not(steadfast_loom)))]
pub(crate) use std::sync::{Mutex, MutexGuard};

/// Lets others run, while one of them holds what is needed for some nanoseconds.
pub(crate) fn relax() {
    #[cfg(steadfast_loom)]
    loom::thread::yield_now();
    #[cfg(all(feature = "std", not(steadfast_loom)))]
    std::thread::yield_now();
    #[cfg(all(not(feature = "std"), not(steadfast_loom)))]
    core::hint::spin_loop();
}

/// How to come after others who are quicker: keep away for longer each time, so that whoever has the cache line gets
/// several things done before it moves.
#[derive(Debug)]
pub(crate) struct Crowd {
    spins: u32,
}

impl Crowd {
    const LEAST: u32 = 8;
    const MOST: u32 = 64;

    pub(crate) const fn new() -> Self {
        Self { spins: Self::LEAST }
    }

    pub(crate) fn yield_to(&mut self) {
        #[cfg(not(steadfast_loom))]
        for _ in 0..self.spins {
            core::hint::spin_loop();
        }
        self.spins = Self::MOST.min(self.spins * 2);
    }
}
