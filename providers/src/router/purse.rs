//! An allowance by the hour. No clock: time is handed in.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use steadfast_clock::Nanos;

/// An allowance by the hour: a token bucket that holds half of it and gains the other half in an hour, so that no hour
/// sees more than the whole.
#[derive(Debug)]
pub(super) struct Purse {
    half: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    left: f64,
    at: Nanos,
}

const HOUR: Duration = Duration::from_secs(3600);

impl Purse {
    /// A full one.
    pub(super) fn new(per_hour: f64) -> Self {
        let half = per_hour / 2.0;
        Self { half, state: Mutex::new(State { left: half, at: Nanos::ZERO }) }
    }

    /// Takes so much, all or nothing.
    pub(super) fn take(&self, cost: f64, now: Nanos) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let gained = self.half * (now.since(state.at).as_secs_f64() / HOUR.as_secs_f64());
        state.left = (state.left + gained).min(self.half);
        state.at = state.at.max(now);
        let granted = cost <= state.left;
        if granted {
            state.left -= cost;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// No hour sees more than the whole allowance, whatever is asked for and when.
        #[test]
        fn no_hour_sees_more(steps in prop::collection::vec((0.0f64..60.0, 0u64..2000), 1..200)) {
            let purse = Purse::new(100.0);
            let (mut now, mut taken) = (0u64, Vec::new());
            for (cost, wait) in steps {
                now += wait;
                if purse.take(cost, Nanos::ZERO.saturating_add(Duration::from_secs(now))) {
                    taken.push((now, cost));
                }
            }
            for (from, _) in &taken {
                let within = taken.iter().filter(|(at, _)| (*from..=from + 3600).contains(at));
                let spent: f64 = within.map(|(_, cost)| cost).sum();
                prop_assert!(spent <= 100.0 + 1e-6, "{spent}");
            }
        }
    }
}
