//! What threads share: one word that takers change by compare-and-swap, and the quota that it is counted in.

use steadfast_clock::Nanos;

use crate::decision::Origin;
use crate::gcra::Rule;
use crate::slot::Slot;
use crate::sync::{AtomicBool, AtomicU64, Crowd, Ordering, fence, relax};
use crate::{Decision, Denied, Grant, Quota};

/// A GCRA cell whose quota can be changed while others take from it.
///
/// The word is the [`Gcra`](crate::Gcra) cell and, in its two lowest bits, the slot of the quota that it is counted in.
/// A change of quota fills the next slot, which nobody uses, and then moves the word over by compare-and-swap. So a
/// slot is refilled only once the word has moved on three times since it was in use:
///
/// - a taker that has read one while it was refilled holds a word that no longer stands; its own compare-and-swap fails;
/// - whoever only reads, looks at the word again afterwards, and starts over when it has changed.
///
/// Both rest on a word never coming back. Counted in one slot it does, when a taker refunds, and means the same thing
/// then. Across slots it would take four changes of quota within one call of a taker, and the same point in units.
#[derive(Debug)]
pub(crate) struct Cell {
    hot: Hot,
    slots: [Slot; 4],
    /// How many changes of quota there were; the slot in force is this one's.
    era: AtomicU64,
    /// Nothing is admitted before this point.
    paused: AtomicU64,
    /// Changes of quota come one after the other. Takers never look at this.
    changing: AtomicBool,
}

/// What every taker writes, on a cache line of its own.
#[derive(Debug)]
#[repr(align(64))]
struct Hot {
    word: AtomicU64,
    /// At least the latest point that anything was decided at, by whoever changed the word before it was read.
    ///
    /// Refunds need it: a thread's own `now` may lag behind what another has already taken. So that it costs the takers
    /// next to nothing, it is ahead by up to [`QUANTUM`] while they follow each other faster than that.
    latest: AtomicU64,
}

/// Which of the four slots, in the word's lowest bits.
const TAG: u64 = 3;
const TAG_BITS: u32 = 2;

/// In nanoseconds. A refund under load may give back too little by what is earned in it.
const QUANTUM: u64 = 1024;

/// The cell at one point, to be asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    word: u64,
    rule: Rule,
    rate: (u64, u64),
    era: u64,
    since: Nanos,
    paused: Nanos,
}

impl Cell {
    pub(crate) fn new(quota: Quota) -> Self {
        Self {
            hot: Hot { word: AtomicU64::new(0), latest: AtomicU64::new(0) },
            slots: [0, 1, 2, 3].map(|era| Slot::new(era, &quota)),
            era: AtomicU64::new(0),
            paused: AtomicU64::new(0),
            changing: AtomicBool::new(false),
        }
    }

    // A little too large to be inlined unasked, and a third slower when it is not.
    #[inline(always)]
    pub(crate) fn take(&self, name: &'static str, cost: u64, now: Nanos) -> Decision {
        // The usual case, small enough to be inlined: nothing holds the time back, others came as late before, and the
        // first try goes through. The slot is read beside the word, not by it, so that neither waits for the other.
        let word = self.hot.word.load(Ordering::Acquire);
        let slot = self.slot(self.era.load(Ordering::Relaxed));
        let era = slot.era();
        let usual = (era ^ word) & TAG == 0 && cost != 0;
        if usual && now >= slot.since() && now >= self.paused() && now <= self.latest() {
            if let Some(next) = slot.rule().admit(word >> TAG_BITS, cost, now) {
                if self.exchange(word, next << TAG_BITS | word & TAG).is_ok() {
                    return Decision::Allow(Grant::from(Origin(era), cost, now));
                }
                return self.take_in_a_crowd(name, cost, now);
            }
        }
        self.take_in_turn(name, cost, now, Crowd::new())
    }

    /// The same, after somebody else was quicker.
    #[cold]
    #[inline(never)]
    fn take_in_a_crowd(&self, name: &'static str, cost: u64, now: Nanos) -> Decision {
        let mut crowd = Crowd::new();
        crowd.yield_to();
        self.take_in_turn(name, cost, now, crowd)
    }

    /// The same, whatever comes between.
    #[cold]
    #[inline(never)]
    fn take_in_turn(&self, name: &'static str, cost: u64, now: Nanos, mut crowd: Crowd) -> Decision {
        if cost == 0 {
            return Decision::Allow(Grant::new(0, now));
        }
        loop {
            let word = self.hot.word.load(Ordering::Acquire);
            let seen = self.look(word);
            let at = now.max(seen.since);
            match seen.admit(cost, at) {
                None => {
                    let denied = seen.denial(name, cost, now);
                    if self.stands(word).is_ok() {
                        return Decision::Deny(denied);
                    }
                }
                Some(next) => {
                    self.note(at);
                    if self.exchange(word, next << TAG_BITS | word & TAG).is_ok() {
                        return Decision::Allow(Grant::from(Origin(seen.era), cost, at));
                    }
                    crowd.yield_to();
                }
            }
        }
    }

    pub(crate) fn peek(&self, name: &'static str, cost: u64, now: Nanos) -> Decision {
        let seen = self.read();
        if cost == 0 || seen.admit(cost, now.max(seen.since)).is_some() {
            return Decision::Allow(Grant::new(0, now));
        }
        Decision::Deny(seen.denial(name, cost, now))
    }

    pub(crate) fn charge(&self, cost: u64, now: Nanos) {
        self.update(Seen::tag, |seen| {
            let at = now.max(seen.since);
            self.note(at);
            seen.rule.charge(seen.cell(), cost, at)
        });
    }

    pub(crate) fn refund(&self, grant: &Grant, unused: u64, now: Nanos) {
        let unused = unused.min(grant.cost());
        self.update(Seen::tag, |seen| {
            // Read after the word: whoever changed it before had noted the time before. That the word is the one that the
            // grant left says nothing: refunds of older grants and newer takers bring it back.
            let present = self.latest();
            seen.rule.refund(seen.cell(), self.earned(grant, seen), unused, present.max(now).max(seen.since))
        });
    }

    /// Puts `quota` in force from `now` on, or from the latest point that was decided at.
    pub(crate) fn set_quota(&self, quota: &Quota, now: Nanos) {
        while self.changing.compare_exchange_weak(false, true, Ordering::Acquire, Ordering::Relaxed).is_err() {
            relax();
        }
        let era = self.era.load(Ordering::Relaxed).wrapping_add(1);
        let slot = self.slot(era);
        slot.write(era, quota);
        let rule = slot.rule();
        self.update(
            |_| era & TAG,
            |seen| {
                // All who took so far took at this point or before, and all who will are judged at this or after it. In
                // permits the cell therefore goes on as if nothing had happened, only that the time runs at another rate.
                let at = now.max(self.latest()).max(seen.since);
                slot.begin(at);
                seen.rule.convert(seen.cell(), rule, at)
            },
        );
        self.era.store(era, Ordering::Release);
        self.changing.store(false, Ordering::Release);
    }

    pub(crate) fn pause_until(&self, at: Nanos) {
        self.paused.fetch_max(at.as_nanos(), Ordering::AcqRel);
    }

    pub(crate) fn resume(&self) {
        self.paused.store(0, Ordering::Release);
    }

    /// Everything at one point.
    pub(crate) fn read(&self) -> Seen {
        let mut word = self.hot.word.load(Ordering::Acquire);
        loop {
            let seen = self.look(word);
            match self.stands(word) {
                Ok(()) => return seen,
                Err(present) => word = present,
            }
        }
    }

    #[inline]
    fn slot(&self, era: u64) -> &Slot {
        &self.slots[(era & TAG) as usize]
    }

    #[inline]
    fn paused(&self) -> Nanos {
        Nanos::from_nanos(self.paused.load(Ordering::Relaxed))
    }

    fn look(&self, word: u64) -> Seen {
        let slot = self.slot(word);
        let (rule, rate, era, since) = (slot.rule(), slot.rate(), slot.era(), slot.since());
        Seen { word, rule, rate, era, since, paused: self.paused() }
    }

    /// Whether the word is still the one that slots were read for; if not, which it is now.
    fn stands(&self, word: u64) -> Result<(), u64> {
        fence(Ordering::Acquire);
        let present = self.hot.word.load(Ordering::Acquire);
        if present == word { Ok(()) } else { Err(present) }
    }

    /// Keeps `at` as the latest point, if it is. Before the word changes, so that nobody sees the change without it.
    fn note(&self, at: Nanos) {
        let (at, latest) = (at.as_nanos(), self.latest().as_nanos());
        if at > latest {
            let busy = at - latest < QUANTUM;
            self.hot.latest.fetch_max(if busy { at.saturating_add(QUANTUM) } else { at }, Ordering::Relaxed);
        }
    }

    #[inline]
    fn latest(&self) -> Nanos {
        Nanos::from_nanos(self.hot.latest.load(Ordering::Relaxed))
    }

    /// The point that a grant is earned by, in the units that `seen` is counted in; 0 when that is too long ago to tell.
    fn earned(&self, grant: &Grant, seen: &Seen) -> u128 {
        let era = match grant.origin.0 {
            // Somebody else's: it counts if it is from the present quota's time.
            u64::MAX if grant.at() < seen.since => return 0,
            u64::MAX => seen.era,
            era => era,
        };
        // The next slot may be being refilled, so two quotas back is as far as one can see.
        let changes = seen.era.wrapping_sub(era);
        if changes > 2 {
            return 0;
        }
        let mut slot = self.slot(era);
        let mut earned = slot.rule().earned(grant.cost(), grant.at());
        for change in 1..=changes {
            let next = self.slot(era.wrapping_add(change));
            earned = slot.rule().convert_earned(earned, next.rule(), next.since());
            slot = next;
        }
        earned
    }

    /// Changes the cell, in the slot that `tag` tells.
    fn update(&self, tag: impl Fn(&Seen) -> u64, next: impl Fn(&Seen) -> u64) {
        let mut word = self.hot.word.load(Ordering::Acquire);
        loop {
            let seen = self.look(word);
            match self.exchange(word, next(&seen) << TAG_BITS | tag(&seen)) {
                Ok(_) => return,
                Err(present) => word = present,
            }
        }
    }

    #[inline]
    fn exchange(&self, word: u64, next: u64) -> Result<u64, u64> {
        self.hot.word.compare_exchange_weak(word, next, Ordering::AcqRel, Ordering::Acquire)
    }
}

impl Seen {
    pub(crate) const fn cell(&self) -> u64 {
        self.word >> TAG_BITS
    }

    pub(crate) fn quota(&self) -> Quota {
        let (permits, period) = self.rate;
        Quota::restored(permits, period, self.burst())
    }

    /// In permits.
    pub(crate) const fn burst(&self) -> u64 {
        self.rule.burst
    }

    /// The first point from `now` on by which `cost` is admitted if nobody else takes anything.
    #[cfg(feature = "tokio")]
    pub(crate) fn due(&self, cost: u64, now: Nanos) -> Option<Nanos> {
        self.rule.due(self.cell(), cost, self.judged(now))
    }

    pub(crate) fn denial(&self, name: &'static str, cost: u64, now: Nanos) -> Denied {
        self.rule.denial(name, self.cell(), cost, self.judged(now), now)
    }

    const fn tag(&self) -> u64 {
        self.word & TAG
    }

    fn admit(&self, cost: u64, at: Nanos) -> Option<u64> {
        if at < self.paused { None } else { self.rule.admit(self.cell(), cost, at) }
    }

    /// The earliest point from `now` on that anything can be admitted at.
    fn judged(&self, now: Nanos) -> Nanos {
        now.max(self.since).max(self.paused)
    }
}
