//! The laws that every schedule keeps, and the plain formula of each.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_backoff::{
    AnySchedule, Constant, Decorrelated, Exponential, Fibonacci, Jitter, Linear, List, Schedule, Step,
};

use super::{any_wild, jitters, retries, spans};

/// Nanoseconds as all schedules tell them: at most 584 years.
fn told(duration: Duration) -> u128 {
    duration.as_nanos().min(u128::from(u64::MAX))
}

fn step(retry: u32, previous: Option<Duration>) -> Step {
    let step = Step::new(retry);
    previous.map_or(step, |previous| step.after(previous))
}

/// The shortest and the longest wait, whatever the schedule.
fn interval(schedule: &AnySchedule, step: &Step) -> Option<(Duration, Duration)> {
    match schedule {
        AnySchedule::Constant(constant) => Some(constant.interval()),
        AnySchedule::Linear(linear) => Some(linear.interval(step.retry)),
        AnySchedule::Exponential(exponential) => Some(exponential.interval(step.retry)),
        AnySchedule::Fibonacci(fibonacci) => Some(fibonacci.interval(step.retry)),
        AnySchedule::Decorrelated(decorrelated) => Some(decorrelated.interval(step.previous)),
        AnySchedule::List(list) => list.interval(step.retry),
        _ => None,
    }
}

proptest! {
    /// No wait of any schedule is above its cap, jitter included, and nothing panics, whatever was configured.
    #[test]
    fn no_wait_is_above_its_cap(
        (schedule, cap) in any_wild(),
        retry in retries(),
        previous in prop::option::of(spans()),
        entropy: u64,
    ) {
        let wait = schedule.delay(&step(retry, previous), entropy);
        prop_assert!(wait.is_none_or(|wait| wait <= cap));
        prop_assert!(wait.is_some() || matches!(&schedule, AnySchedule::List(list) if !list.repeats_last()));
    }

    /// A wait of any schedule lies in its interval; entropy 0 gives the one end of it and the largest entropy the other.
    #[test]
    fn waits_fill_their_interval(
        (schedule, _) in any_wild(),
        retry in retries(),
        previous in prop::option::of(spans()),
        entropy: u64,
    ) {
        let step = step(retry, previous);
        let ends = interval(&schedule, &step);
        prop_assert_eq!(schedule.delay(&step, 0), ends.map(|ends| ends.0));
        prop_assert_eq!(schedule.delay(&step, u64::MAX), ends.map(|ends| ends.1));
        if let (Some((low, high)), Some(wait)) = (ends, schedule.delay(&step, entropy)) {
            prop_assert!(low <= wait && wait <= high);
            prop_assert!(schedule.is_jittered() || low == high);
        }
    }

    /// Jitter around the same wait under the same cap gives the same interval, whatever the kind of schedule.
    #[test]
    fn jitter_is_the_same_everywhere(a in spans(), b in spans(), jitter in jitters(), entropy: u64) {
        let (base, cap) = (a.min(b), a.max(b));
        let exponential = Exponential::builder().base(base).cap(cap).jitter(jitter).build().unwrap();
        let expected = exponential.delay(&Step::new(1), entropy);
        let others: [AnySchedule; 4] = [
            Constant::new(base).unwrap().with_cap(cap).unwrap().with_jitter(jitter).unwrap().into(),
            Linear::builder().base(base).cap(cap).jitter(jitter).build().unwrap().into(),
            Fibonacci::builder().base(base).cap(cap).jitter(jitter).build().unwrap().into(),
            List::new([base]).unwrap().with_jitter(jitter).unwrap().with_cap(cap).unwrap().into(),
        ];
        for other in others {
            prop_assert_eq!(other.delay(&Step::new(1), entropy), expected, "{:?}", other);
        }
    }

    /// Without jitter, linear waits are `base + increment · (n − 1)` up to the cap.
    #[test]
    fn linear_is_its_formula(a in spans(), b in spans(), increment in spans(), retry in retries()) {
        let (base, cap) = (a.min(b), a.max(b));
        let schedule = Linear::builder().base(base).increment(increment).cap(cap).build().unwrap();
        let expected = (told(base) + told(increment) * u128::from(retry - 1)).min(told(cap));
        prop_assert_eq!(schedule.wait(retry).as_nanos(), expected);
    }

    /// Without jitter, doubled waits are `base · 2^(n − 1)` up to the cap, to the nanosecond; so are those of any power
    /// of two.
    #[test]
    fn doubling_is_exact(a in spans(), b in spans(), doublings in 0..9u32, retry in retries()) {
        let (base, cap) = (a.min(b), a.max(b));
        let factor = f64::from(1u32 << doublings);
        let schedule = Exponential::builder().base(base).factor(factor).cap(cap).build().unwrap();
        let mut expected = told(base);
        for _ in 1..retry.min(70) {
            expected = (expected << doublings).min(told(cap));
        }
        prop_assert_eq!(schedule.wait(retry).as_nanos(), expected);
    }

    /// Without jitter, each Fibonacci wait is the sum of the two before it, up to the cap.
    #[test]
    fn fibonacci_is_its_sum(a in spans(), b in spans()) {
        let (base, cap) = (a.min(b), a.max(b));
        let schedule = Fibonacci::builder().base(base).cap(cap).jitter(Jitter::None).build().unwrap();
        let (mut one, mut two) = (told(base), told(base));
        for (retry, wait) in (1..).zip(schedule.iter(|| 0).take(120)) {
            prop_assert_eq!(wait.as_nanos(), one.min(told(cap)), "retry {}", retry);
            (one, two) = (two, (one + two).min(u128::from(u64::MAX)));
        }
    }

    /// Decorrelated waits are `uniform(base, min(3 · previous, cap))`, each drawn from the one that was waited before.
    #[test]
    fn decorrelated_is_its_formula(
        a in spans(),
        b in spans(),
        hinted in prop::option::of(spans()),
        entropy in prop::collection::vec(any::<u64>(), 1..40),
    ) {
        let schedule = Decorrelated::new(a.min(b), a.max(b)).unwrap();
        let (base, cap) = (told(a.min(b)), told(a.max(b)));
        let mut previous = hinted;
        for (retry, entropy) in (1..).zip(entropy) {
            let before = previous.map_or(base, told).max(base);
            let high = (3 * before).min(cap);
            let share = (high - base + 1) * u128::from(entropy >> 32);
            let wait = schedule.delay(&step(retry, previous), entropy).unwrap();
            // To the share of the upper half of the entropy, which 128 bits can hold.
            prop_assert!(wait.as_nanos() >= base + (share >> 32) && wait.as_nanos() <= high);
            prop_assert!(wait.as_nanos() <= base + ((share + (high - base + 1)) >> 32));
            previous = Some(wait);
        }
    }

    /// A list gives its waits in order and then ends; one that repeats its last wait never does.
    #[test]
    fn lists_end(waits in prop::collection::vec(spans(), 1..9)) {
        let expected: Vec<_> = waits.iter().map(|wait| told(*wait)).collect();
        let schedule = List::new(waits).unwrap();
        let listed: Vec<_> = schedule.iter(|| 0).take(20).map(|wait| wait.as_nanos()).collect();
        prop_assert_eq!(&listed, &expected);
        let repeated: Vec<_> = schedule.repeat_last().iter(|| 0).take(20).map(|wait| wait.as_nanos()).collect();
        prop_assert_eq!(&repeated[..expected.len()], &expected[..]);
        prop_assert!(repeated.len() == 20 && repeated[expected.len()..].iter().all(|wait| Some(wait) == expected.last()));
    }

    /// The iterator gives what a loop over the schedule gives that hands each wait on to the next.
    #[test]
    fn the_iterator_is_the_loop((schedule, _) in any_wild(), seed: u64) {
        let source = || {
            let mut state = seed;
            move || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                state
            }
        };
        let mut numbers = source();
        let mut previous = None;
        let mut waits = schedule.iter(source());
        for retry in 1..40 {
            let wait = schedule.delay(&step(retry, previous), numbers());
            prop_assert_eq!(waits.next(), wait);
            let Some(wait) = wait else { break };
            previous = Some(wait);
        }
    }
}
