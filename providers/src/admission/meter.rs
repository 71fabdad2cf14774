//! One limit as we know it: the vendor's bucket, mirrored. Pure: the time is an argument.

use std::time::Duration;

use steadfast_clock::Nanos;
use steadfast_pool::ratelimit::{Decision, Gcra, Grant, Observed, Quota};

use super::peaks::Peaks;
use super::table::Measure;

/// The times that limits are for, in seconds.
const WINDOWS: [u64; 4] = [1, 60, 3_600, 86_400];

/// How much later one request may reach the vendor than the one before it, beyond what it was sent later.
const JITTER: Duration = Duration::from_millis(500);

/// The largest limit that is kept; nobody has more.
const LARGEST: u64 = 1 << 40;

/// A limit, and what is left of it.
///
/// The vendor has a bucket that holds `limit` and is filled once in `window`; ours holds less by what is filled in
/// [`JITTER`], so that requests which overtake each other on their way never find the vendor's empty.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    pub(super) measure: Measure,
    pub(super) limit: u64,
    pub(super) window: Duration,
    /// Headers told of it.
    pub(super) told: bool,
    /// The window is not known from the table: the headers may tell it.
    open: bool,
    at_once: bool,
    headroom: u64,
    gcra: Gcra,
    cell: u64,
    latest: Nanos,
    /// How much was left at most, since when.
    peaks: Peaks,
    /// Nothing is left until then.
    empty_until: Nanos,
    /// What headers corrected so far, added up: positive is what they gave.
    corrected: i64,
    /// How often it became another limit.
    era: u32,
    /// Another window that the last headers spoke for.
    vote: Option<Duration>,
}

/// What a call holds of a limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    pub(super) meter: usize,
    cost: u64,
    at: Nanos,
    /// What was left then.
    left: i64,
    corrected: i64,
    era: u32,
}

impl Meter {
    /// A limit of which all is there; `None` where it is none that can be kept.
    pub(super) fn new(measure: Measure, limit: u64, window: Duration) -> Option<Self> {
        let headroom = headroom(limit, window);
        Some(Self {
            measure,
            limit,
            window,
            told: false,
            open: false,
            at_once: false,
            headroom,
            gcra: bucket(limit, headroom, window)?,
            cell: 0,
            latest: Nanos::ZERO,
            peaks: Peaks::default(),
            empty_until: Nanos::ZERO,
            corrected: 0,
            era: 0,
            vote: None,
        })
    }

    /// Lets headers tell the window.
    pub(super) fn open(mut self, open: bool) -> Self {
        self.open = open;
        self
    }

    /// All of it comes back at the reset, and nothing before.
    pub(super) fn at_once(mut self, at_once: bool) -> Self {
        self.at_once = at_once;
        self
    }

    /// Becomes another limit, of which all is there.
    pub(super) fn configure(&mut self, other: Self) {
        let era = self.era.wrapping_add(1);
        *self = Self { open: self.open, at_once: self.at_once, latest: self.latest, era, ..other };
    }

    fn burst(&self) -> u64 {
        self.gcra.quota().burst_size()
    }

    /// What a cost counts as. An estimate may be twice what the call really takes: up to double the limit counts as all of
    /// it.
    pub(super) fn fitted(&self, cost: u64) -> u64 {
        cost.min(self.burst())
    }

    /// Whether the cost can never fit.
    pub(super) fn never(&self, cost: u64) -> bool {
        cost > self.limit.saturating_mul(2)
    }

    /// What would be admitted at once; below zero what is owed beyond.
    pub(super) fn left(&self, now: Nanos) -> i64 {
        let now = now.max(self.latest);
        signed(self.burst()).saturating_sub(signed(self.gcra.owed(self.cell, now)))
    }

    pub(super) fn admits(&self, cost: u64, now: Nanos) -> bool {
        now >= self.empty_until
            && matches!(self.gcra.decide(self.cell, cost, now.max(self.latest)).1, Decision::Allow(_))
    }

    /// The first point by which `cost` is admitted, if nobody takes anything before.
    pub(super) fn due(&self, cost: u64, now: Nanos) -> Nanos {
        let now = now.max(self.latest).max(self.empty_until);
        self.gcra.due(self.cell, cost, now).unwrap_or(Nanos::MAX)
    }

    /// Takes what [`admits`](Self::admits) said.
    pub(super) fn take(&mut self, meter: usize, cost: u64, now: Nanos) -> Hold {
        let now = self.moved(now);
        self.peaks.note(now, self.left(now));
        self.cell = self.gcra.charge(self.cell, cost, now);
        Hold { meter, cost, at: now, left: self.left(now), corrected: self.corrected, era: self.era }
    }

    /// Settles what a call holds by what it took.
    ///
    /// What it did not take is given back as if it had never been held: where the bucket was full since, that much would
    /// have run over, and is lost.
    pub(super) fn settle(&mut self, hold: &Hold, took: u64, now: Nanos) {
        let now = self.moved(now);
        if took > hold.cost {
            self.peaks.note(now, self.left(now));
            self.cell = self.gcra.charge(self.cell, took - hold.cost, now);
        } else if took < hold.cost && hold.era == self.era {
            let left = self.left(now);
            // The peak at the hold's own point is the one before it.
            let since = hold.at.saturating_add(Duration::from_nanos(1));
            let peak = self.peaks.since(since).map_or(left, |peak| peak.max(left));
            let room = signed(self.burst()).saturating_sub(peak).max(0).unsigned_abs();
            let unused = (hold.cost - took).min(room);
            self.cell = self.gcra.refund(self.cell, &Grant::new(unused, now), unused, now);
            self.peaks.raise(since, signed(unused));
        }
    }

    /// Takes in what headers told; `uncounted` is what the vendor may not have known of when it wrote them.
    ///
    /// It may have written them when the request came or when the answer went. So it gives only what is left by either
    /// reading, and takes only what is missing by both.
    pub(super) fn learn(&mut self, told: &Observed, uncounted: u64, hold: Option<&Hold>, now: Nanos) {
        let now = self.moved(now);
        let another = self.adopt(told, now);
        let Some(remaining) = told.remaining else { return };
        let target = signed(remaining.min(self.limit)).saturating_sub(signed(self.headroom));
        let sure = target.saturating_sub(signed(uncounted));
        if another || !self.told {
            self.told = true;
            self.peaks.note(now, self.left(now));
            self.set_left(sure, now);
        } else {
            let left = self.left(now);
            let then = hold
                .filter(|hold| hold.era == self.era)
                .map_or(left, |hold| hold.left.saturating_add(self.corrected.saturating_sub(hold.corrected)));
            let low = left.min(then);
            if low > target {
                let missing = low.saturating_sub(target);
                self.corrected = self.corrected.saturating_sub(missing);
                self.peaks.note(now, left);
                self.cell = self.gcra.charge(self.cell, missing.unsigned_abs(), now);
            } else if sure > left {
                self.corrected = self.corrected.saturating_add(sure.saturating_sub(left));
                self.set_left(sure, now);
            }
        }
        if self.at_once {
            let empty = remaining == 0;
            self.empty_until = told.resets_in.filter(|_| empty).map_or(Nanos::ZERO, |after| now.saturating_add(after));
        }
    }

    /// Becomes the limit that was told, if it is another one.
    fn adopt(&mut self, told: &Observed, now: Nanos) -> bool {
        let limit = told.limit.unwrap_or(self.limit).min(LARGEST);
        let window = self.window_told(told);
        if (limit, window) == (self.limit, self.window) {
            return false;
        }
        let headroom = headroom(limit, window);
        let Some(gcra) = bucket(limit, headroom, window) else { return false };
        self.cell = self.gcra.convert(self.cell, &gcra, now);
        (self.limit, self.window, self.headroom, self.gcra) = (limit, window, headroom, gcra);
        self.corrected = 0;
        self.era = self.era.wrapping_add(1);
        self.vote = None;
        self.peaks.clear();
        true
    }

    /// The window that limit, rest and reset speak for, if they do so twice in a row: a bucket that is filled bit by bit is
    /// full again after the share of the window that is missing.
    fn window_told(&mut self, told: &Observed) -> Duration {
        let Observed { limit: Some(limit), remaining: Some(remaining), resets_in: Some(after), .. } = *told else {
            return self.window;
        };
        let missing = limit.saturating_sub(remaining);
        if !self.open || self.at_once || missing == 0 || after.is_zero() {
            return self.window;
        }
        let whole = after.as_nanos().saturating_mul(u128::from(limit)) / u128::from(missing);
        let near = |seconds: &&u64| {
            let window = u128::from(**seconds) * 1_000_000_000;
            whole * 4 >= window * 3 && whole * 3 <= window * 4
        };
        let window = WINDOWS.iter().find(near).map(|seconds| Duration::from_secs(*seconds));
        match window {
            Some(window) if window != self.window && self.vote == Some(window) => window,
            other => {
                self.vote = other.filter(|window| *window != self.window);
                self.window
            }
        }
    }

    fn set_left(&mut self, left: i64, now: Nanos) {
        let owed = signed(self.burst()).saturating_sub(left).max(0);
        self.cell = self.gcra.charge(0, owed.unsigned_abs(), now);
    }

    fn moved(&mut self, now: Nanos) -> Nanos {
        self.latest = self.latest.max(now);
        self.latest
    }
}

fn bucket(limit: u64, headroom: u64, window: Duration) -> Option<Gcra> {
    let limit = limit.min(LARGEST);
    Quota::new(limit, window).and_then(|quota| quota.burst(limit - headroom)).ok().map(Gcra::new)
}

/// What is filled in [`JITTER`], at least one, and never all.
fn headroom(limit: u64, window: Duration) -> u64 {
    let limit = limit.min(LARGEST);
    let filled = (u128::from(limit) * JITTER.as_nanos()).div_ceil(window.as_nanos().max(1));
    u64::try_from(filled).unwrap_or(u64::MAX).clamp(1, (limit / 2).max(1)).min(limit.saturating_sub(1))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
