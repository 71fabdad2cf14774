//! A closed breaker around a call that succeeds.

mod consecutive;
mod peers;
mod rate;
mod window;

use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};

use steadfast_breaker::{Observer, Transition};

use super::Make;

pub(super) const ROWS: &[Make] = &[
    consecutive::borrowed,
    consecutive::borrowed_on_two,
    consecutive::owned,
    window::permit,
    window::now_given,
    rate::alone,
    rate::on_two,
    rate::flat,
];

/// Counts changes of state, so that a breaker has somebody to tell.
#[derive(Debug, Default)]
struct Changes(AtomicU64);

impl Observer for Changes {
    fn on(&self, _transition: &Transition) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn call() -> Result<u64, u64> {
    let value = black_box(1);
    if value > 0 { Ok(value) } else { Err(value) }
}
