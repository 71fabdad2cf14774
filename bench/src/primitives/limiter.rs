//! A limiter that always allows, however fast it is asked.

mod alone;
mod keyed;
mod shared;

use std::num::NonZeroU32;
use std::time::Duration;

use steadfast_ratelimit::Quota;

use super::Make;

pub(super) const ROWS: &[Make] = &[
    alone::on_its_clock,
    alone::on_a_coarse_clock,
    alone::now_given,
    alone::leased,
    shared::on_one_cell,
    shared::leased,
    keyed::ten_thousand,
    keyed::ten_thousand_on_two,
    keyed::ten_thousand_on_a_coarse_clock,
    keyed::a_million,
    keyed::a_million_on_a_coarse_clock,
];

/// One permit a nanosecond: slower than anyone can ask, and still an interval of whole nanoseconds.
const RATE: NonZeroU32 = NonZeroU32::new(1_000_000_000).expect("not zero");

/// How often a clock is brought up to date that is read more often than it moves.
const TICK: Duration = Duration::from_millis(1);

/// How many permits a lease takes at a time.
const LEASE: u64 = 64;

fn quota() -> Quota {
    let rate = u64::from(RATE.get());
    Quota::per_second(rate).and_then(|quota| quota.burst(rate)).expect("a quota that works")
}

fn theirs() -> governor::Quota {
    governor::Quota::per_second(RATE)
}
