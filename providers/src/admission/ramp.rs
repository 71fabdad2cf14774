//! Slow start after a 429 that nothing explains: what the limit is, has to be found out anew. Pure.

use std::time::Duration;

use steadfast_clock::Nanos;
use steadfast_pool::ratelimit::{Decision, Gcra, Quota};

/// By how much the pace grows at a time: a half, which is the most that OpenAI's `slow_down` asks for.
const GROWTH: (u64, u64) = (3, 2);

/// The slowest pace, in requests an hour: one a second.
const SLOWEST: u64 = 3_600;

/// What is earned in five seconds may go at once, so that few calls are not held up at all.
const BURSTS_AN_HOUR: u64 = 720;

/// A pace of requests that grows, until it is twice what it was when the vendor said no.
#[derive(Clone, Debug)]
pub(super) struct Ramp {
    /// In requests an hour.
    pub(super) pace: u64,
    goal: u64,
    step: Duration,
    grows_at: Nanos,
    gcra: Gcra,
    cell: u64,
}

impl Ramp {
    /// Begins at half of the pace that the vendor refused.
    pub(super) fn after(refused: u64, step: Duration, now: Nanos) -> Option<Self> {
        let pace = (refused / 2).max(SLOWEST);
        let gcra = at(pace)?;
        Some(Self { pace, goal: refused.saturating_mul(2), step, grows_at: now.saturating_add(step), gcra, cell: 0 })
    }

    /// Grows by what is due; tells whether it has come to its end.
    pub(super) fn grow(&mut self, now: Nanos) -> bool {
        while now >= self.grows_at {
            if self.pace >= self.goal {
                return true;
            }
            self.pace = self.pace.saturating_mul(GROWTH.0) / GROWTH.1;
            self.grows_at = self.grows_at.saturating_add(self.step);
            let Some(gcra) = at(self.pace) else { return true };
            self.cell = self.gcra.convert(self.cell, &gcra, now);
            self.gcra = gcra;
        }
        false
    }

    pub(super) fn admits(&self, now: Nanos) -> bool {
        matches!(self.gcra.decide(self.cell, 1, now).1, Decision::Allow(_))
    }

    pub(super) fn due(&self, requests: u64, now: Nanos) -> Nanos {
        self.gcra.due(self.cell, requests, now).unwrap_or(Nanos::MAX)
    }

    pub(super) fn take(&mut self, now: Nanos) {
        self.cell = self.gcra.charge(self.cell, 1, now);
    }
}

fn at(pace: u64) -> Option<Gcra> {
    Quota::per_hour(pace).and_then(|quota| quota.burst((pace / BURSTS_AN_HOUR).max(1))).ok().map(Gcra::new)
}

/// How many requests there were lately, in two spans of ten seconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pulse {
    since: Nanos,
    before: u64,
    here: u64,
}

const SPAN: Duration = Duration::from_secs(10);

impl Pulse {
    pub(super) fn beat(&mut self, now: Nanos) {
        self.turn(now);
        self.here = self.here.saturating_add(1);
    }

    /// The pace in requests an hour.
    pub(super) fn pace(&mut self, now: Nanos) -> u64 {
        self.turn(now);
        let millis = (SPAN + now.since(self.since)).as_millis();
        let requests = u128::from(self.before) + u128::from(self.here);
        u64::try_from(requests * 3_600_000 / millis).unwrap_or(u64::MAX)
    }

    fn turn(&mut self, now: Nanos) {
        let passed = now.since(self.since);
        if passed >= SPAN {
            self.before = if passed < SPAN * 2 { self.here } else { 0 };
            self.here = 0;
            self.since = now;
        }
    }
}
