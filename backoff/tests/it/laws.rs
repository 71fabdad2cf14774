//! The laws: of schedules, of the machine, of the driver and of header values.

use std::time::Duration;

use proptest::prelude::*;
use steadfast_backoff::{AnySchedule, Constant, Decorrelated, Exponential, Fibonacci, Jitter, Linear, List};

mod carried;
mod driver;
mod exponential;
mod headers;
mod hedge;
mod machine;
mod retry_budget;
mod schedules;

fn jitters() -> impl Strategy<Value = Jitter> {
    prop_oneof![
        Just(Jitter::None),
        Just(Jitter::Full),
        Just(Jitter::Equal),
        (0.01..=1.0).prop_map(Jitter::Fraction),
        (0.01..=1.0).prop_map(Jitter::Additive),
    ]
}

/// Any schedule that can be built, with the widest numbers.
fn wild() -> impl Strategy<Value = Exponential> {
    let spans = prop_oneof![
        Just(Duration::MAX),
        Just(Duration::from_nanos(1)),
        (1..u64::MAX).prop_map(Duration::from_nanos),
        (0..u64::MAX, 1..1_000_000_000u32).prop_map(|(secs, nanos)| Duration::new(secs, nanos)),
    ];
    let factors = prop_oneof![Just(1.0), 1.0..10.0, 1.0..f64::MAX];
    (spans.clone(), spans, factors, jitters()).prop_map(|(a, b, factor, jitter)| {
        Exponential::builder().base(a.min(b)).cap(a.max(b)).factor(factor).jitter(jitter).build().unwrap()
    })
}

/// A schedule as people configure it: a base of 1 ms to 10 s, a cap of up to 1,000 times as much.
fn usual() -> impl Strategy<Value = Exponential> {
    (1..10_000u64, 1..1000u64, 1000..5000u32, jitters()).prop_map(|(base_ms, room, thousandths, jitter)| {
        Exponential::builder()
            .base(Duration::from_millis(base_ms))
            .cap(Duration::from_millis(base_ms * room))
            .factor(f64::from(thousandths) / 1000.0)
            .jitter(jitter)
            .build()
            .unwrap()
    })
}

fn retries() -> impl Strategy<Value = u32> {
    prop_oneof![1..40u32, 1..=u32::MAX, Just(u32::MAX)]
}

/// The multiples of a wait between which a jitter draws.
fn ends(jitter: Jitter) -> (f64, f64) {
    match jitter {
        Jitter::Full => (0.0, 1.0),
        Jitter::Equal => (0.5, 1.0),
        Jitter::Fraction(f) => (1.0 - f, 1.0 + f),
        Jitter::Additive(f) => (1.0, 1.0 + f),
        _ => (1.0, 1.0),
    }
}

/// Spans from the shortest to the longest that there are.
fn spans() -> impl Strategy<Value = Duration> {
    prop_oneof![
        Just(Duration::MAX),
        Just(Duration::from_nanos(1)),
        Just(Duration::from_nanos(u64::MAX)),
        (1..u64::MAX).prop_map(Duration::from_nanos),
        (1..100_000_000_000u64).prop_map(Duration::from_nanos),
        (0..u64::MAX, 1..1_000_000_000u32).prop_map(|(secs, nanos)| Duration::new(secs, nanos)),
    ]
}

/// A schedule of any kind, with the widest numbers, and its cap.
fn any_wild() -> impl Strategy<Value = (AnySchedule, Duration)> {
    let lists = prop::collection::vec(spans(), 1..6);
    prop_oneof![
        wild().prop_map(|schedule| (schedule.into(), schedule.cap())),
        (spans(), spans(), jitters()).prop_map(|(a, b, jitter)| {
            let schedule = Constant::new(a.min(b)).unwrap().with_jitter(jitter).unwrap().with_cap(a.max(b)).unwrap();
            (schedule.into(), a.max(b))
        }),
        (spans(), spans(), spans(), jitters()).prop_map(|(a, b, increment, jitter)| {
            let builder = Linear::builder().base(a.min(b)).increment(increment).cap(a.max(b));
            (builder.jitter(jitter).build().unwrap().into(), a.max(b))
        }),
        (spans(), spans(), jitters()).prop_map(|(a, b, jitter)| {
            let builder = Fibonacci::builder().base(a.min(b)).cap(a.max(b));
            (builder.jitter(jitter).build().unwrap().into(), a.max(b))
        }),
        (spans(), spans()).prop_map(|(a, b)| (Decorrelated::new(a.min(b), a.max(b)).unwrap().into(), a.max(b))),
        (lists, spans(), jitters(), any::<bool>()).prop_map(|(waits, span, jitter, repeats)| {
            let cap = waits.iter().fold(span, |longest, wait| longest.max(*wait));
            let schedule = List::new(waits).unwrap().with_cap(cap).unwrap().with_jitter(jitter).unwrap();
            (if repeats { schedule.repeat_last() } else { schedule }.into(), cap)
        }),
    ]
}
