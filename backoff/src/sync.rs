//! The atomics, swapped for loom's when models are checked.

#[cfg(not(steadfast_loom))]
pub(crate) use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};
#[cfg(steadfast_loom)]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering};

#[cfg(all(target_has_atomic = "64", not(steadfast_loom)))]
pub(crate) use core::sync::atomic::AtomicU64;
#[cfg(all(target_has_atomic = "64", steadfast_loom))]
pub(crate) use loom::sync::atomic::AtomicU64;

/// A value on cache lines of its own, so that writing to its neighbours does not slow it down.
///
/// 128 bytes: on x86-64 and on Apple's processors lines are fetched in pairs.
#[cfg(target_has_atomic = "64")]
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Padded<T>(pub(crate) T);
