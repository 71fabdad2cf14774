//! The fastest of many short batches, the contestants taking turns: other work on the machine only ever adds.

use std::time::Duration;

use super::batch::{each, size, time};
use crate::Run;

/// How many batches each contestant gets.
const ROUNDS: u32 = 10_000;

/// Nanoseconds per operation of each.
pub(super) fn fastest(runs: &mut [&mut Run]) -> Vec<f64> {
    let sizes: Vec<u64> = runs.iter_mut().map(|run| size(run)).collect();
    let mut best = vec![Duration::MAX; runs.len()];
    for _ in 0..ROUNDS {
        for ((run, size), best) in runs.iter_mut().zip(&sizes).zip(&mut best) {
            *best = time(run, *size).min(*best);
        }
    }
    best.into_iter().zip(sizes).map(|(took, size)| each(took, size)).collect()
}
