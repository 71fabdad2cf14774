//! The newest calls, in one exact ring of bits.

use alloc::vec;
use alloc::vec::Vec;

use super::{Call, Sums};

/// How the newest `size` calls ended: two bits each, and their sums.
#[derive(Clone, Debug)]
pub(crate) struct Calls {
    failed: Vec<u64>,
    slow: Vec<u64>,
    size: usize,
    /// Where the next call goes.
    next: usize,
    sums: Sums,
}

impl Calls {
    pub(crate) fn new(size: u32) -> Self {
        let words = size.div_ceil(64) as usize;
        Self { failed: vec![0; words], slow: vec![0; words], size: size as usize, next: 0, sums: Sums::default() }
    }

    /// Adds a call; the oldest makes room.
    pub(crate) fn push(&mut self, call: Call) {
        let (word, bit) = (self.next / 64, 1 << (self.next % 64));
        if self.sums.calls < self.size as u64 {
            self.sums.calls += 1;
        }
        // A place that was never taken is zero: nothing to take off.
        replace(&mut self.failed, word, bit, call.failed, &mut self.sums.failed);
        replace(&mut self.slow, word, bit, call.slow, &mut self.sums.slow);
        self.next = (self.next + 1) % self.size;
    }

    pub(crate) const fn sums(&self) -> Sums {
        self.sums
    }

    pub(crate) fn clear(&mut self) {
        self.failed.fill(0);
        self.slow.fill(0);
        self.next = 0;
        self.sums = Sums::default();
    }
}

fn replace(words: &mut [u64], word: usize, bit: u64, set: bool, sum: &mut u64) {
    let Some(word) = words.get_mut(word) else { return };
    *sum = *sum + u64::from(set) - u64::from(*word & bit != 0);
    *word = if set { *word | bit } else { *word & !bit };
}
