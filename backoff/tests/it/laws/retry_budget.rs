//! The laws of the retry budget.

use proptest::prelude::*;
use steadfast_backoff::{Budget, RetryBudget};
use steadfast_clock::Nanos;

/// What a history is made of.
#[derive(Clone, Copy, Debug)]
enum Step {
    Deposit(u32),
    Withdraw(u32),
    Forward(u64),
    Back(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (1..30u32).prop_map(Step::Deposit),
        (0..4u32).prop_map(Step::Withdraw),
        (0..4u32).prop_map(Step::Withdraw),
        (0..3_000_000_000u64).prop_map(Step::Forward),
        (0..3_000_000_000u64).prop_map(Step::Back),
    ];
    prop::collection::vec(step, 1..60)
}

/// A budget in exact numbers: 10⁻¹³ of a retry.
const UNIT: i128 = 10_000 * 1_000_000_000;
/// What the budget itself counts in.
const PART: i128 = UNIT / 10_000;

/// Ratio and floor in 1/10,000 of a retry, and the reserve in retries.
type Config = (u32, u32, u32);

fn config() -> impl Strategy<Value = Config> {
    (prop_oneof![Just(0), 1..20_000u32], prop_oneof![Just(0), 1..50_000u32], 1..6u32)
}

fn build((ratio, floor, reserve): Config) -> RetryBudget {
    let (ratio, floor) = (f64::from(ratio) / 10_000.0, f64::from(floor) / 10_000.0);
    RetryBudget::builder().ratio(ratio).floor(floor).reserve(reserve).build().unwrap()
}

/// What was earned after a number of deposits, when the clock's highest reading was `high`.
fn earned((ratio, floor, _): Config, deposits: i128, high: u64) -> i128 {
    deposits * i128::from(ratio) * PART + i128::from(high) * i128::from(floor)
}

proptest! {
    /// Between any two points of any history, withdrawn ≤ reserve + ratio · deposits + floor · t, to one part in 10,000,
    /// where t is how far the highest reading of the clock that a withdrawal was given rose.
    #[test]
    fn withdrawals_are_bounded_between_any_two_points(config in config(), history in steps()) {
        let budget = build(config);
        let (mut now, mut high, mut deposits, mut withdrawn) = (5_000_000_000u64, 0, 0i128, 0i128);
        let mut points = Vec::new();
        for step in history {
            match step {
                Step::Deposit(times) => {
                    (0..times).for_each(|_| budget.deposit(Nanos::from_nanos(now)));
                    deposits += i128::from(times);
                }
                Step::Withdraw(cost) => {
                    high = now.max(high);
                    points.push((withdrawn, earned(config, deposits, high)));
                    let granted = budget.withdraw(cost, Nanos::from_nanos(now));
                    withdrawn += if granted { i128::from(cost) * UNIT } else { 0 };
                    points.push((withdrawn, earned(config, deposits, high)));
                }
                Step::Forward(by) => now += by,
                Step::Back(by) => now = now.saturating_sub(by),
            }
        }
        let reserve = i128::from(config.2) * UNIT;
        for (index, (withdrawn, earned)) in points.iter().enumerate() {
            for (before, earned_before) in &points[..index] {
                prop_assert!(withdrawn - before <= reserve + (earned - earned_before) + PART);
            }
        }
    }

    /// It is a token bucket: granted is exactly what a bucket of the reserve's size, filled by successes and time, holds.
    #[test]
    fn it_grants_what_a_token_bucket_holds(config in config(), history in steps()) {
        let budget = build(config);
        let reserve = i128::from(config.2) * UNIT;
        let (mut now, mut high, mut deposits) = (0u64, 0u64, 0i128);
        let (mut level, mut filled) = (reserve, 0i128);
        for step in history {
            match step {
                Step::Deposit(times) => {
                    (0..times).for_each(|_| budget.deposit(Nanos::from_nanos(now)));
                    deposits += i128::from(times);
                }
                Step::Withdraw(cost) => {
                    high = high.max(now);
                    // The budget rounds time down to a part; so does the bucket.
                    let by_now = earned(config, deposits, high) / PART * PART;
                    level = reserve.min(level + by_now - filled);
                    filled = by_now;
                    let cost_units = i128::from(cost) * UNIT;
                    prop_assert_eq!(i128::from(budget.available(Nanos::from_nanos(now))), level / UNIT);
                    let granted = budget.withdraw(cost, Nanos::from_nanos(now));
                    prop_assert_eq!(granted, cost_units <= level);
                    level -= if granted { cost_units } else { 0 };
                }
                Step::Forward(by) => now += by,
                Step::Back(by) => now = now.saturating_sub(by),
            }
        }
    }
}
