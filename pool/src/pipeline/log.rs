//! The log records of retries. Their levels, texts and fields are part of the contract.

use std::time::Duration;

use crate::attempt::Attempt;

/// INFO, before each wait.
pub(super) fn retrying(scope: &str, attempt: u32, max: u32, delay: Duration, what: &str) {
    tracing::info!(
        scope,
        attempt,
        max_attempts = max,
        delay = delay.as_secs_f64(),
        "retrying (attempt {attempt}/{max}) after {:.1} s: {what}",
        delay.as_secs_f64(),
    );
}

/// ERROR, once, when a call that was retried ends without success.
pub(super) fn gave_up(place: &str, attempts: &[Attempt], total_delay: Duration, final_status: &str) {
    let all = attempts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    tracing::error!(
        retry_count = attempts.len().saturating_sub(1),
        total_delay = total_delay.as_secs_f64(),
        final_status,
        attempts = all,
        "{place}: giving up: {final_status}",
    );
}
