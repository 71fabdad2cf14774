//! A limiter with a limit per key: every key owes something, and they are asked in an order that no cache foresees.

use std::cell::Cell;
use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::QuantaUpkeepClock;
use governor::{DefaultKeyedRateLimiter, RateLimiter};
use steadfast_clock::{Clock, Coarse, Tsc};
use steadfast_ratelimit::{Keyed, Limiter, Quota};
use throttle_net::PerKey;

use super::TICK;
use crate::Row;

/// One permit a second, and a burst that nobody here uses up: what is taken is not earned back while it is measured.
const BURST: NonZeroU32 = NonZeroU32::new(1_000_000).expect("not zero");

/// Ten thousand: everything in the caches.
pub(super) fn ten_thousand() -> Row {
    others(over("limiter: keyed, 10,000 u64 keys", 10_000), 10_000).reach(0.5, "governor")
}

/// The same on two threads.
pub(super) fn ten_thousand_on_two() -> Row {
    let (ours, clock) = (Arc::new(ours(10_000)), Tsc::new());
    let governor = Arc::new(governor(10_000));
    let starts = Cell::new(0);
    Row::on_two("limiter: keyed, 10,000 u64 keys, 2 threads", || {
        let (ours, mut keys) = (Arc::clone(&ours), Keys::from(&starts, 10_000));
        move |n| {
            for _ in 0..n {
                assert!(black_box(&ours).of(&keys.next()).take(1, clock.now()).is_allowed());
            }
        }
    })
    .peer_on_two("governor", || {
        let (governor, mut keys) = (Arc::clone(&governor), Keys::from(&starts, 10_000));
        move |n| {
            for _ in 0..n {
                assert!(black_box(&governor).check_key(&keys.next()).is_ok());
            }
        }
    })
}

/// The same on clocks that a thread brings up to date, so that it is the tables that are compared.
pub(super) fn ten_thousand_on_a_coarse_clock() -> Row {
    on_a_coarse_clock("limiter: keyed, 10,000 u64 keys, coarse clock", 10_000).reach(0.5, "governor (upkeep clock)")
}

/// A million of them so.
pub(super) fn a_million_on_a_coarse_clock() -> Row {
    on_a_coarse_clock("limiter: keyed, 1,000,000 u64 keys, coarse clock", 1_000_000)
        .reach(0.3, "governor (upkeep clock)")
}

fn on_a_coarse_clock(name: &'static str, count: u64) -> Row {
    let clock = Coarse::start(TICK).expect("a thread to be had");
    let (ours, mut keys) = (filled(count, &clock), Keys::new(count));
    let upkeep = QuantaUpkeepClock::from_interval(TICK).expect("a thread to be had");
    let governor = RateLimiter::dashmap_with_clock(theirs(), upkeep);
    for key in 0..count {
        assert!(governor.check_key(&key).is_ok());
    }
    let mut theirs = Keys::new(count);
    Row::new(name, move |n| {
        for _ in 0..n {
            assert!(black_box(&ours).of(&keys.next()).take(1, clock.now()).is_allowed());
        }
    })
    .peer("governor (upkeep clock)", move |n| {
        for _ in 0..n {
            assert!(black_box(&governor).check_key(&theirs.next()).is_ok());
        }
    })
}

/// A million: most of them in memory only.
pub(super) fn a_million() -> Row {
    over("limiter: keyed, 1,000,000 u64 keys", 1_000_000).reach(0.3, "governor")
}

/// Ours and governor, each on the precise clock that suits it best.
fn over(name: &'static str, count: u64) -> Row {
    let (ours, clock, mut keys) = (ours(count), Tsc::new(), Keys::new(count));
    let (governor, mut theirs) = (governor(count), Keys::new(count));
    Row::new(name, move |n| {
        for _ in 0..n {
            assert!(black_box(&ours).of(&keys.next()).take(1, clock.now()).is_allowed());
        }
    })
    .peer("governor", move |n| {
        for _ in 0..n {
            assert!(black_box(&governor).check_key(&theirs.next()).is_ok());
        }
    })
}

fn others(row: Row, count: u64) -> Row {
    let throttle = PerKey::builder().rate(1, Duration::from_secs(1)).burst(BURST.get()).build();
    for key in 0..count {
        assert!(throttle.try_acquire(&key));
    }
    let mut keys = Keys::new(count);
    row.peer("throttle-net", move |n| {
        for _ in 0..n {
            assert!(black_box(&throttle).try_acquire(&keys.next()));
        }
    })
}

fn ours(count: u64) -> Keyed<u64> {
    filled(count, &Tsc::new())
}

fn filled(count: u64, clock: &impl Clock) -> Keyed<u64> {
    let quota = Quota::per_second(1).and_then(|quota| quota.burst(u64::from(BURST.get()))).expect("a quota that works");
    let keyed = Keyed::with_capacity(quota, count as usize);
    let now = clock.now();
    for key in 0..count {
        assert!(keyed.of(&key).take(1, now).is_allowed());
    }
    keyed
}

fn governor(count: u64) -> DefaultKeyedRateLimiter<u64> {
    let keyed = RateLimiter::keyed(theirs());
    for key in 0..count {
        assert!(keyed.check_key(&key).is_ok());
    }
    keyed
}

fn theirs() -> governor::Quota {
    governor::Quota::per_second(NonZeroU32::MIN).allow_burst(BURST)
}

/// Keys below a number, by a generator that visits them evenly (Steele and Vigna, 2021).
struct Keys {
    state: u64,
    count: u64,
}

impl Keys {
    fn new(count: u64) -> Self {
        Self { state: 1, count }
    }

    /// From another start each time, so that two threads are not at the same key all the time.
    fn from(starts: &Cell<u64>, count: u64) -> Self {
        starts.set(starts.get().wrapping_add(0x9E37_79B9_7F4A_7C15));
        Self { state: starts.get(), count }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_mul(0xD134_2543_DE82_EF95).wrapping_add(1);
        ((self.state >> 32) * self.count) >> 32
    }
}
