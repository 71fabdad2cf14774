//! What the next wait costs.

use std::hint::black_box;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use steadfast_backoff::{Entropy, Exponential, Schedule, Step};

use super::Make;
use crate::Row;

pub(super) const ROWS: &[Make] = &[next_jittered];

/// One wait, randomness included.
fn next_jittered() -> Row {
    let schedule = Exponential::builder()
        .base(Duration::from_millis(1))
        .cap(Duration::from_secs(60))
        .build()
        .expect("a schedule that works");
    let mut entropy = Entropy::new();
    let mut retry = 0u32;
    let mut backon = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(1))
        .with_max_delay(Duration::from_secs(60))
        .without_max_times()
        .with_jitter()
        .build();
    Row::new("delay: next, with jitter", move |n| {
        for _ in 0..n {
            retry = (retry + 1) & 15;
            black_box(schedule.delay(&Step::new(black_box(retry)), entropy.next()));
        }
    })
    .peer("backon", move |n| {
        for _ in 0..n {
            black_box(backon.next());
        }
    })
    .reach(0.25, "backon")
}
