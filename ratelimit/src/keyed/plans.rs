//! The quotas of a table: kept once each, known by a number, read without a lock.

use core::fmt;
use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::table::Key;
use crate::sync::{AtomicU32, AtomicU64, Ordering};
use crate::{Gcra, Quota};

/// A quota that keys of a table can have. Made by [`Keyed::plan`](crate::Keyed::plan), for that table only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Plan {
    pub(super) class: u16,
}

/// A table has as many different quotas as it can ever have: 65,535.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooManyPlans;

/// A quota in use, and the cells of those of its keys that found no slot.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) gcra: Gcra,
    pub(super) number: u16,
    overflow: [AtomicU64; OVERFLOWS],
}

/// Cells for keys without a slot. A new key is judged by its one of them, too, since it may have been there before: the
/// more there are, the fewer are judged by what another took.
pub(super) const OVERFLOWS: usize = if cfg!(steadfast_loom) { 1 } else { 64 };

/// All quotas of a table. None ever leaves.
#[derive(Debug)]
pub(super) struct Plans {
    /// Chunk `i` has room for 2^i classes.
    chunks: [OnceLock<Box<[OnceLock<Class>]>>; 16],
    numbers: Mutex<HashMap<Quota, u16>>,
    default: AtomicU32,
    first: Class,
    name: &'static str,
}

impl Plans {
    pub(super) fn new(default: Quota, name: &'static str) -> Self {
        Self {
            chunks: [const { OnceLock::new() }; 16],
            numbers: Mutex::new(HashMap::from([(default, 0)])),
            default: AtomicU32::new(0),
            first: Class::new(default, name, 0),
            name,
        }
    }

    pub(super) const fn name(&self) -> &'static str {
        self.name
    }

    /// The class that keys have unless told otherwise.
    #[inline]
    pub(super) fn default(&self) -> &Class {
        match self.default.load(Ordering::Acquire) {
            0 => &self.first,
            #[expect(clippy::cast_possible_truncation, reason = "only numbers of classes are stored")]
            number => self.class(number as u16),
        }
    }

    pub(super) fn set_default(&self, plan: Plan) {
        self.default.store(u32::from(plan.class), Ordering::Release);
    }

    /// The class of this number; the first one for a number that another table gave out.
    pub(super) fn class(&self, number: u16) -> &Class {
        let (chunk, place) = position(number);
        let class = self.chunks.get(chunk).and_then(OnceLock::get).and_then(|chunk| chunk.get(place)?.get());
        class.unwrap_or(&self.first)
    }

    pub(super) fn intern(&self, quota: Quota) -> Result<Plan, TooManyPlans> {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&class) = numbers.get(&quota) {
            return Ok(Plan { class });
        }
        let class = u16::try_from(numbers.len()).ok().filter(|number| *number < u16::MAX);
        let class = class.ok_or(TooManyPlans)?;
        let (chunk, place) = position(class);
        let room = self.chunks.get(chunk).ok_or(TooManyPlans)?;
        let room = room.get_or_init(|| (0..1_usize << chunk).map(|_| OnceLock::new()).collect());
        let place = room.get(place).ok_or(TooManyPlans)?;
        place.get_or_init(|| Class::new(quota, self.name, class));
        numbers.insert(quota, class);
        Ok(Plan { class })
    }
}

impl Class {
    fn new(quota: Quota, name: &'static str, number: u16) -> Self {
        Self { gcra: Gcra::new(quota).named(name), number, overflow: core::array::from_fn(|_| AtomicU64::new(0)) }
    }

    /// The cell that a key has in common with others, should it find no slot.
    pub(super) fn overflow(&self, key: Key) -> &AtomicU64 {
        let nth = (key.fingerprint >> 42) as usize % OVERFLOWS;
        &self.overflow[nth]
    }
}

/// The chunk of a class, and its place there. Class 0 is in none, and 1 the first.
const fn position(number: u16) -> (usize, usize) {
    match number.checked_ilog2() {
        Some(chunk) => (chunk as usize, number as usize - (1 << chunk)),
        None => (usize::MAX, 0),
    }
}

impl fmt::Display for TooManyPlans {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table has at most 65,535 different quotas")
    }
}

impl core::error::Error for TooManyPlans {}
