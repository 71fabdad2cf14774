//! A million calls on virtual time: storms of 429, overload, stalls and callers who go away.

use std::time::Duration;

use steadfast_providers::admission::LimitTable;

use super::plan::Plan;
use super::world::{Tally, World};

/// Whatever the weather: every call ends once, no limit of the vendor's is exceeded, and retries stay within their budget.
fn holds(plan: Plan) -> Tally {
    let calls = plan.calls;
    let tally = World::run(plan);
    assert_eq!(tally.ended(), calls, "{tally:?}");
    assert_eq!(tally.exceeded, 0, "{tally:?}");
    assert_eq!(tally.retries, tally.budget_granted, "{tally:?}");
    assert!(tally.attempts <= calls + tally.retries, "{tally:?}");
    assert!(tally.retries as f64 <= tally.budget_bound, "{tally:?}");
    tally
}

/// A quarter of a million calls in bad weather. Four of these tests are the million, so that none of them takes long.
fn in_bad_weather(seed: u64, table: LimitTable, limits: &[(usize, u64)], early: bool) {
    let mut plan = Plan::new(250_000, table, limits).known();
    (plan.seed, plan.early, plan.faults, plan.gap) = (seed, early, true, Duration::from_micros(8_300));
    let tally = holds(plan);
    // All of it happened.
    assert!(tally.answered > 125_000 && tally.cancelled > 500 && tally.stalled > 10, "{tally:?}");
    assert!(tally.storms > 300 && tally.overloads > 30 && tally.broken > 300, "{tally:?}");
    assert!(tally.refused_here > 300 && tally.retries > 300, "{tally:?}");
}

#[test]
fn a_million_calls_in_bad_weather_by_openais_rules() {
    in_bad_weather(1, LimitTable::OPENAI, &[(0, 6_000), (1, 12_000_000)], false);
}

#[test]
fn a_million_calls_in_bad_weather_by_openais_rules_told_early() {
    in_bad_weather(2, LimitTable::OPENAI, &[(0, 60_000), (1, 7_000_000)], true);
}

#[test]
fn a_million_calls_in_bad_weather_by_anthropics_rules() {
    in_bad_weather(3, LimitTable::ANTHROPIC, &[(0, 6_000), (2, 2_000_000), (3, 9_000_000)], false);
}

#[test]
fn a_million_calls_in_bad_weather_by_anthropics_rules_told_early() {
    in_bad_weather(4, LimitTable::ANTHROPIC, &[(0, 6_000), (2, 9_000_000), (3, 9_000_000)], true);
}

/// Who asks for more than there is gets at least 95 % of it.
fn is_used(table: &LimitTable, limits: &[(usize, u64)]) {
    for early in [false, true] {
        let mut plan = Plan::new(60_000, table.clone(), limits).known();
        (plan.early, plan.gap) = (early, Duration::from_millis(5));
        let tally = holds(plan);
        assert!(tally.used >= 0.95, "{limits:?}: {tally:?}");
    }
}

#[test]
fn the_requests_there_are_are_used() {
    is_used(&LimitTable::OPENAI, &[(0, 6_000), (1, 60_000_000)]);
    is_used(&LimitTable::ANTHROPIC, &[(0, 4_000), (2, 2_000_000), (3, 4_000_000)]);
}

#[test]
fn the_tokens_there_are_are_used() {
    is_used(&LimitTable::OPENAI, &[(0, 60_000), (1, 6_000_000)]);
}

#[test]
fn the_tokens_to_be_read_are_used() {
    is_used(&LimitTable::ANTHROPIC, &[(0, 40_000), (2, 400_000), (3, 4_000_000)]);
}

#[test]
fn the_tokens_to_be_written_are_used() {
    is_used(&LimitTable::ANTHROPIC, &[(0, 40_000), (2, 40_000_000), (3, 1_000_000)]);
}

/// Somebody else takes as much with the same key: what we do not know of is found out from headers, and only a few calls
/// run into it.
#[test]
fn others_with_the_same_key_are_made_room_for() {
    for early in [false, true] {
        let mut plan = Plan::new(20_000, LimitTable::OPENAI, &[(0, 6_000), (1, 3_000_000)]).known();
        (plan.early, plan.gap, plan.others) = (early, Duration::from_millis(8), 100);
        let tally = World::run(plan);
        assert_eq!(tally.ended(), 20_000, "{tally:?}");
        assert!(tally.exceeded * 10 < tally.attempts, "{tally:?}");
    }
}
