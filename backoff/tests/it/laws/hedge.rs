//! The laws of hedging and of the latency estimate.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use proptest::prelude::*;
use steadfast_backoff::{Hedge, Latency, Verdict};
use steadfast_clock::{Clock, ManualClock, Timer};

use crate::drive;
use crate::machine::Purse;

fn latencies() -> impl Strategy<Value = Vec<u64>> {
    let latency = prop_oneof![0..100_000u64, 0..10_000_000_000u64, 0..17_000_000_000_000u64];
    prop::collection::vec(latency, 1..120)
}

/// The exact quantile of the newest samples.
fn exact(newest: &[u64], quantile: f64) -> u64 {
    let mut sorted = newest.to_vec();
    sorted.sort_unstable();
    let rank = (1..=sorted.len()).find(|rank| *rank as f64 >= quantile * sorted.len() as f64 - 1e-6);
    sorted[rank.unwrap() - 1]
}

fn small(number: usize) -> u32 {
    u32::try_from(number).unwrap()
}

/// How an attempt goes: after how many milliseconds, and whether with success.
type Attempt = (u64, bool);

/// A plain model of a hedged call: who ends it, how many were started, and when.
fn model(attempts: &[Attempt], delay: u64) -> (u32, u32, u64) {
    let mut started = 1;
    loop {
        let ends: Vec<_> = (0..started).map(|n| (n as u64 * delay + attempts[n].0, n)).collect();
        let won = ends.iter().filter(|(_, n)| attempts[*n].1).min().copied();
        let last = ends.iter().max_by_key(|(at, n)| (*at, *n)).copied().unwrap();
        let (at, n) = won.unwrap_or(last);
        // Whoever is due before the end is started; at the very end the result comes first.
        if started == attempts.len() || started as u64 * delay >= at {
            return (small(n) + 1, small(started), at);
        }
        started += 1;
    }
}

proptest! {
    /// A quantile is never below the exact one of the newest samples, half a window to a whole one, and at most 1/32 and
    /// 1,024 ns above it.
    #[test]
    fn quantiles_are_those_of_the_newest_samples(samples in latencies(), half in 1..30usize, quantile in 0.0..=1.0f64) {
        let latency = Latency::with_window(small(half) * 2, 1).unwrap();
        for (index, sample) in samples.iter().enumerate() {
            latency.observe(Duration::from_nanos(*sample));
            if index % 41 != 0 && index + 1 != samples.len() {
                continue;
            }
            let known = &samples[(index / half).saturating_sub(1) * half..=index];
            prop_assert_eq!(latency.samples() as usize, known.len());
            let exact = exact(known, quantile);
            let told = u64::try_from(latency.quantile(quantile).unwrap().as_nanos()).unwrap();
            prop_assert!(exact <= told && told <= exact + exact / 32 + 1024, "{} told as {}", exact, told);
        }
    }

    /// A hedged call ends as a plain model of it does: the same attempt, as many started, at the same time; and every one
    /// but the first is paid.
    #[test]
    fn a_hedged_call_goes_as_its_model(
        attempts in prop::collection::vec((0..300u64, any::<bool>()), 1..5),
        delay in 1..120u64,
    ) {
        let clock = ManualClock::new();
        let (purse, dropped) = (Purse::of(9), AtomicU32::new(0));
        let hedge = Hedge::new(Duration::from_millis(delay), &clock)
            .attempts(NonZeroU32::new(small(attempts.len())).unwrap())
            .budget(&purse);
        let run = hedge.run(
            |number| {
                let (busy, good) = attempts[number as usize - 1];
                let sleep = clock.sleep_until(clock.now().saturating_add(Duration::from_millis(busy)));
                let counted = Counted(&dropped);
                async move {
                    let _counted = counted;
                    sleep.await;
                    if good { Ok(number) } else { Err(number) }
                }
            },
            Verdict::unless_ok,
        );
        let (number, race) = match drive(&clock, run) {
            Ok(won) => (won.value, won.race),
            Err(failed) => (failed.error, failed.race),
        };
        let expected = model(&attempts, delay);
        prop_assert_eq!((race.attempt, race.started, u64::try_from(race.elapsed.as_millis()).unwrap()), expected);
        prop_assert_eq!((number, dropped.into_inner()), (race.attempt, race.started));
        prop_assert_eq!(purse.asked.into_inner(), race.started - 1);
        prop_assert_eq!((clock.waiting(), race.held_back), (0, None));
    }
}

/// Counts when it is dropped.
struct Counted<'a>(&'a AtomicU32);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
