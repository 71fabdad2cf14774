//! A million calls on virtual time: storms of 429, overload, stalls and callers who go away.

use std::time::Duration;

use steadfast_providers::admission::LimitTable;

use super::world::{Plan, Tally, World};

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

#[test]
fn a_million_calls_in_bad_weather() {
    let mut plan = Plan::new(1_000_000, LimitTable::OPENAI, &[(0, 6_000), (1, 12_000_000)]).known();
    plan.faults = true;
    plan.gap = Duration::from_micros(8_300);
    let tally = holds(plan);
    // All of it happened.
    assert!(tally.answered > 500_000 && tally.cancelled > 2_000 && tally.stalled > 50, "{tally:?}");
    assert!(tally.storms > 1_000 && tally.overloads > 100 && tally.broken > 1_000, "{tally:?}");
    assert!(tally.refused_here > 1_000 && tally.retries > 1_000, "{tally:?}");
}

/// Who asks for more than there is gets at least 95 % of what there is.
#[test]
fn what_there_is_is_used() {
    let tables = [
        (LimitTable::OPENAI, vec![(0, 6_000), (1, 60_000_000)]),
        (LimitTable::OPENAI, vec![(0, 60_000), (1, 6_000_000)]),
        (LimitTable::ANTHROPIC, vec![(0, 4_000), (2, 2_000_000), (3, 4_000_000)]),
        (LimitTable::ANTHROPIC, vec![(0, 40_000), (2, 400_000), (3, 4_000_000)]),
        (LimitTable::ANTHROPIC, vec![(0, 40_000), (2, 40_000_000), (3, 1_000_000)]),
    ];
    for (table, limits) in tables {
        for early in [false, true] {
            let mut plan = Plan::new(60_000, table.clone(), &limits).known();
            (plan.early, plan.gap) = (early, Duration::from_millis(5));
            let tally = holds(plan.clone());
            assert!(tally.used >= 0.95, "{} of {plan:?}: {tally:?}", tally.used);
        }
    }
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
