//! What stands in configuration files: any text as one of the settings.

use std::fmt::Debug;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use steadfast_backoff::{AnySchedule, Budget, Policy, RetryBudgetBuilder, Schedule, Step};
use steadfast_breaker::{Breaker, CircuitBreaker, Rule};
use steadfast_clock::Nanos;
use steadfast_ratelimit::{Aimd, Decision, Gcra, KeyedConfig, Quota};

use crate::lines;

/// Reads which setting is meant from the first byte, and the setting as JSON from the rest.
///
/// What is accepted is what is read back from what it is written as, and works: nothing is accepted here and refused or
/// broken where it is used.
///
/// # Panics
///
/// When that does not hold.
pub fn check(data: &[u8]) {
    let [which, rest @ ..] = data else { return };
    let Some(text) = lines::text(rest) else { return };
    match which % 6 {
        0 => read(text, |policy: &Policy<AnySchedule>| retries(policy)),
        1 => read(text, saves),
        2 => read(text, |rule: &Rule| closes(*rule)),
        3 => read(text, admits),
        4 => read(text, |_: &Aimd| {}),
        _ => read(text, |keyed: &KeyedConfig| admits(&keyed.quota)),
    }
}

fn read<T: DeserializeOwned + Serialize + PartialEq + Debug>(text: &str, works: impl FnOnce(&T)) {
    let Ok(setting) = serde_json::from_str::<T>(text) else { return };
    works(&setting);
    let written = serde_json::to_string(&setting).expect("what was read can be written");
    let again = serde_json::from_str::<T>(&written);
    assert_eq!(again.as_ref().ok(), Some(&setting), "{text} written as {written}: {:?}", again.as_ref().err());
}

/// Its waits are within their bounds, and longer with more entropy.
fn retries(policy: &Policy<AnySchedule>) {
    assert!(policy.max_attempts() > 0);
    let schedule = policy.schedule();
    for retry in [0, 1, 2, 7, u32::MAX] {
        let step = Step::new(retry);
        let [shortest, middle, longest] = [0, u64::MAX / 2, u64::MAX].map(|entropy| schedule.delay(&step, entropy));
        assert!(shortest <= middle && middle <= longest, "{schedule:?}, retry {retry}");
        if !schedule.is_jittered() {
            assert_eq!(shortest, longest, "{schedule:?} has no jitter");
        }
    }
}

/// What it starts with can be spent, and no more.
fn saves(builder: &RetryBudgetBuilder) {
    let budget = builder.build().expect("a budget");
    let all = budget.available(Nanos::ZERO);
    assert!(budget.withdraw(all, Nanos::ZERO) && !budget.withdraw(1, Nanos::ZERO), "{builder:?}: {all}");
}

/// It makes a breaker that lets calls through.
fn closes(rule: Rule) {
    let breaker = CircuitBreaker::new(rule).expect("a breaker");
    assert!(breaker.admit(Nanos::ZERO).is_ok(), "{rule:?}");
}

/// A burst is admitted at once and one more is not, before the wait that it is told is over.
fn admits(quota: &Quota) {
    let gcra = Gcra::new(*quota);
    let now = Nanos::ZERO;
    let (cell, all) = gcra.decide(0, quota.burst_size(), now);
    assert!(all.is_allowed(), "{quota:?}: the burst");
    let Decision::Deny(denied) = gcra.decide(cell, 1, now).1 else { panic!("{quota:?}: more than the burst") };
    let after = denied.after.expect("a cost that can be admitted");
    assert!(gcra.decide(cell, 1, now.saturating_add(after)).1.is_allowed(), "{quota:?}: after {after:?}");
    let early = now.saturating_add(after.saturating_sub(Duration::from_nanos(1)));
    assert!(!gcra.decide(cell, 1, early).1.is_allowed(), "{quota:?}: before {after:?}");
}
