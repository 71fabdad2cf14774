//! The area `primitives`: limiter, breaker, retry, delay, budget, counter, histogram, cache.

mod breaker;
mod budget;
mod cache;
mod delay;
mod limiter;
mod retry;
mod runtime;
mod telemetry;

use crate::Row;

/// All rows of the area, each made when it is its turn.
pub fn rows() -> impl Iterator<Item = Row> {
    let areas = [limiter::ROWS, breaker::ROWS, retry::ROWS, delay::ROWS, budget::ROWS, telemetry::ROWS, cache::ROWS];
    areas.into_iter().flatten().map(|make| make())
}

/// What makes one row.
type Make = fn() -> Row;
