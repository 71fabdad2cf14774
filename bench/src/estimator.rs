//! The fastest of many short batches, the contestants taking turns: other work on the machine only ever adds.

use std::time::{Duration, Instant};

use crate::{Contestant, Measured, Outcome, Row};

/// How long a batch is: short enough to fall between two interruptions, long enough that reading the clock is nothing.
const BATCH: Duration = Duration::from_micros(30);

/// How many batches each contestant gets.
const ROUNDS: u32 = 10_000;

/// Measures the contestants of a row, in turns.
pub fn measure(row: Row) -> Outcome {
    let Row { name, mut contestants, reach } = row;
    let sizes: Vec<u64> = contestants.iter_mut().map(batch_size).collect();
    let mut best = vec![Duration::MAX; contestants.len()];
    for _ in 0..ROUNDS {
        for ((contestant, size), best) in contestants.iter_mut().zip(&sizes).zip(&mut best) {
            *best = time(contestant, *size).min(*best);
        }
    }
    let figures = contestants.iter().zip(&sizes).zip(&best).map(|((contestant, size), best)| Measured {
        who: contestant.who,
        kind: contestant.kind,
        ns: best.as_nanos() as f64 / *size as f64,
    });
    Outcome { row: name, figures: figures.collect(), reach }
}

/// How many operations fill a batch, once caches and branch predictors are warm.
fn batch_size(contestant: &mut Contestant) -> u64 {
    let mut size = 1;
    while time(contestant, size) < BATCH {
        size *= 2;
    }
    let fastest = (0..100).map(|_| time(contestant, size)).min().unwrap_or(BATCH).max(Duration::from_nanos(1));
    (u128::from(size) * BATCH.as_nanos() / fastest.as_nanos()).max(1) as u64
}

#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
fn time(contestant: &mut Contestant, operations: u64) -> Duration {
    let start = Instant::now();
    (contestant.run)(operations);
    start.elapsed()
}
