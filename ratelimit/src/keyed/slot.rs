//! One key's place in the table: two words, and what their bits mean.

use crate::sync::{AtomicU64, Ordering};

/// Slots to a bucket. In models one, so that two keys fight for it at once.
pub(super) const WAYS: usize = if cfg!(steadfast_loom) { 1 } else { 4 };

/// Slots that one read of memory brings in: a cache line.
#[repr(align(64))]
#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) slots: [Slot; WAYS],
}

/// A key's limit. Never used: both words 0.
#[derive(Debug)]
pub(super) struct Slot {
    /// An [`Id`]. Written only by whoever has put [`Word::GIVEN_AWAY`] into `word`.
    id: AtomicU64,
    /// A [`Word`].
    word: AtomicU64,
}

/// Who a slot belongs to: 48 bits of the key's hash, never all 0, and 16 bits for its class of quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Id(u64);

/// The GCRA cell in 62 bits, and 2 bits that change with the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word(u64);

impl Bucket {
    pub(super) fn new() -> Self {
        Self { slots: core::array::from_fn(|_| Slot { id: AtomicU64::new(0), word: AtomicU64::new(0) }) }
    }

    /// The slot that looks to be the key's, `None` if there is none. All are compared and one picked, because a branch
    /// at each would be foretold wrongly nearly every time.
    #[inline]
    pub(super) fn find(&self, fingerprint: u64) -> Option<&Slot> {
        let mut found = 0;
        for (nth, slot) in self.slots.iter().enumerate() {
            found |= usize::from(slot.hint().fingerprint() == fingerprint) << nth;
        }
        self.slots.get(found.trailing_zeros() as usize)
    }

    /// Whether a slot was never used, which are the last ones.
    #[inline]
    pub(super) fn has_unused(&self) -> bool {
        self.slots[WAYS - 1].hint().is_none()
    }
}

impl Slot {
    /// Whose it looks to be: a hint, until [`read`](Self::read) says the same.
    #[inline]
    pub(super) fn hint(&self) -> Id {
        Id(self.id.load(Ordering::Relaxed))
    }

    /// The word, and whose it is: a word that [`swap`](Self::swap) finds unchanged is still this owner's.
    ///
    /// The word comes first. Who changes the owner stores the id before the new word, so whoever sees that word sees
    /// that id or a later one; and whoever sees that id sees the point that its change was told for.
    #[inline]
    pub(super) fn read(&self) -> (Word, Id) {
        let word = Word(self.word.load(Ordering::Acquire));
        (word, Id(self.id.load(Ordering::Acquire)))
    }

    #[inline]
    pub(super) fn swap(&self, from: Word, to: Word) -> bool {
        self.word.compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Takes the slot from its owner, if `from` is still its word. Whoever is told `true` has to [`give`](Self::give)
    /// it away; everyone else keeps off until then.
    pub(super) fn withdraw(&self, from: Word) -> bool {
        self.swap(from, Word::GIVEN_AWAY)
    }

    /// Ends what [`withdraw`](Self::withdraw) began.
    pub(super) fn give(&self, to: Id, word: Word) {
        self.id.store(to.0, Ordering::Release);
        self.word.store(word.0, Ordering::Release);
    }
}

impl Id {
    pub(super) const fn new(fingerprint: u64, class: u16) -> Self {
        Self(fingerprint << 16 | class as u64)
    }

    #[inline]
    pub(super) const fn fingerprint(self) -> u64 {
        self.0 >> 16
    }

    #[inline]
    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    pub(super) const fn class(self) -> u16 {
        (self.0 & 0xffff) as u16
    }

    #[inline]
    pub(super) const fn is_none(self) -> bool {
        self.0 == 0
    }
}

impl Word {
    /// Between two owners.
    const GIVEN_AWAY: Self = Self(u64::MAX);
    /// The bits that change with the owner.
    const TAG: u64 = 0b11;
    /// The highest cell.
    pub(super) const MOST: u64 = (u64::MAX >> 2) - 1;

    #[inline]
    pub(super) const fn is_given_away(self) -> bool {
        self.0 == Self::GIVEN_AWAY.0
    }

    pub(super) const fn is_unused(self) -> bool {
        self.0 == 0
    }

    #[inline]
    pub(super) const fn cell(self) -> u64 {
        self.0 >> 2
    }

    /// The same owner's word with another cell, at most [`MOST`](Self::MOST).
    #[inline]
    pub(super) const fn with(self, cell: u64) -> Self {
        Self(cell << 2 | self.0 & Self::TAG)
    }

    /// The next owner's first word.
    pub(super) const fn next(self, cell: u64) -> Self {
        Self(cell << 2 | self.0.wrapping_add(1) & Self::TAG)
    }
}
