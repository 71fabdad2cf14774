//! The area `primitives`: limiter, breaker, retry, delay, counter, histogram.

mod breaker;
mod limiter;
mod retry;
mod telemetry;

use crate::Row;

/// All rows of the area.
pub fn rows() -> Vec<Row> {
    vec![
        limiter::on_its_clock(),
        limiter::now_given(),
        breaker::closed_and_ok(),
        breaker::now_given(),
        retry::first_try_ok(),
        retry::first_try_ok_and_a_free_clock(),
        retry::next_jittered_delay(),
        telemetry::counter(),
        telemetry::histogram(),
    ]
}
