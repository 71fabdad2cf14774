//! The atomics and the lock, swapped for loom's when models are checked.

#[cfg(not(steadfast_loom))]
pub(crate) use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
#[cfg(steadfast_loom)]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU64, Ordering};
#[cfg(steadfast_loom)]
pub(crate) use loom::sync::{Mutex, MutexGuard};
#[cfg(not(steadfast_loom))]
pub(crate) use std::sync::{Mutex, MutexGuard};
