//! The other schedules: their waits, what they refuse, what can be read.

use std::time::Duration;

use steadfast_backoff::{
    AnySchedule, ConfigError, Constant, Decorrelated, Fibonacci, Jitter, Linear, List, Schedule, Step, Waits,
};

const SEC: Duration = Duration::from_secs(1);

/// The shortest and the longest waits, in milliseconds.
fn check(schedule: impl Schedule, shortest: &[u128], longest: &[u128]) {
    let waits = |entropy| -> Vec<_> {
        schedule.iter(move || entropy).map(|wait| wait.as_millis()).take(shortest.len().max(longest.len())).collect()
    };
    assert_eq!(waits(0), shortest);
    assert_eq!(waits(u64::MAX), longest);
}

#[test]
fn constant() {
    let plain = Constant::new(2 * SEC).unwrap();
    check(plain, &[2000, 2000, 2000], &[2000, 2000, 2000]);
    assert!(!plain.is_jittered());
    let spread = plain.with_jitter(Jitter::Fraction(0.25)).unwrap();
    check(spread, &[1500, 1500], &[2500, 2500]);
    check(spread.with_cap(Duration::from_millis(2100)).unwrap(), &[1500, 1500], &[2100, 2100]);
    check(plain.with_jitter(Jitter::Full).unwrap(), &[0, 0], &[2000, 2000]);
    check(plain.with_jitter(Jitter::Additive(0.5)).unwrap(), &[2000], &[3000]);
    assert_eq!((spread.wait(), spread.jitter()), (2 * SEC, Jitter::Fraction(0.25)));
    assert_eq!(spread.cap(), Duration::from_nanos(u64::MAX));
}

#[test]
fn linear() {
    let builder = Linear::builder().base(SEC).increment(2 * SEC).cap(6 * SEC);
    check(
        builder.jitter(Jitter::None).build().unwrap(),
        &[1000, 3000, 5000, 6000, 6000],
        &[1000, 3000, 5000, 6000, 6000],
    );
    check(builder.jitter(Jitter::Equal).build().unwrap(), &[500, 1500, 2500, 3000], &[1000, 3000, 5000, 6000]);
    check(builder.jitter(Jitter::Fraction(0.5)).build().unwrap(), &[500, 1500, 2500, 3000], &[1500, 4500, 6000, 6000]);
    let whole = Linear::default();
    assert_eq!((whole.base(), whole.increment(), whole.cap(), whole.jitter()), (SEC, SEC, 60 * SEC, Jitter::Full));
    assert_eq!((whole.wait(61), whole.interval(2)), (60 * SEC, (Duration::ZERO, 2 * SEC)));
}

#[test]
fn fibonacci() {
    let builder = Fibonacci::builder().base(SEC).cap(10 * SEC);
    let exact = [1000, 1000, 2000, 3000, 5000, 8000, 10_000, 10_000];
    check(builder.jitter(Jitter::None).build().unwrap(), &exact, &exact);
    check(builder.jitter(Jitter::Additive(0.1)).build().unwrap(), &[1000, 1000, 2000], &[1100, 1100, 2200]);
    let whole = Fibonacci::default();
    assert_eq!((whole.base(), whole.cap(), whole.jitter()), (SEC, 60 * SEC, Jitter::Full));
    assert_eq!((whole.wait(10), whole.interval(5)), (55 * SEC, (Duration::ZERO, 5 * SEC)));
}

#[test]
fn decorrelated() {
    let schedule = Decorrelated::new(SEC, 20 * SEC).unwrap();
    check(schedule, &[1000, 1000, 1000, 1000], &[3000, 9000, 20_000, 20_000]);
    assert_eq!(schedule.delay(&Step::new(5).after(2 * SEC), u64::MAX), Some(6 * SEC));
    // A server that asked for less than the base does not make it shorter.
    assert_eq!(schedule.interval(Some(SEC / 10)), (SEC, 3 * SEC));
    assert_eq!((schedule.base(), schedule.cap(), schedule.is_jittered()), (SEC, 20 * SEC, true));
    assert!(!Decorrelated::new(SEC, SEC).unwrap().is_jittered());
    assert_eq!(Decorrelated::default(), Decorrelated::new(SEC, 60 * SEC).unwrap());
}

#[test]
fn list() {
    let listed = List::new([SEC, Duration::ZERO, 5 * SEC]).unwrap();
    check(listed.clone(), &[1000, 0, 5000], &[1000, 0, 5000]);
    check(listed.clone().with_jitter(Jitter::Fraction(0.2)).unwrap(), &[800, 0, 4000], &[1200, 0, 6000]);
    check(listed.clone().repeat_last(), &[1000, 0, 5000, 5000, 5000], &[1000, 0, 5000, 5000, 5000]);
    assert_eq!(listed.iter(|| 0).count(), 3);
    assert_eq!((listed.listed().len(), listed.wait(3), listed.wait(4)), (3, Some(5 * SEC), None));
    assert!(!listed.repeats_last() && listed.clone().repeat_last().repeats_last());
    assert_eq!(listed.interval(9), None);
    let whole = listed.with_cap(5 * SEC).unwrap().with_jitter(Jitter::Additive(1.0)).unwrap();
    assert_eq!((whole.cap(), whole.jitter()), (5 * SEC, Jitter::Additive(1.0)));
    assert_eq!(whole.interval(3), Some((2 * SEC + SEC / 2, 5 * SEC)));
}

#[test]
fn nothing_is_accepted_and_ignored() {
    assert_eq!(Constant::new(Duration::ZERO), Err(ConfigError::ZeroBase));
    assert_eq!(Linear::builder().base(Duration::ZERO).build(), Err(ConfigError::ZeroBase));
    assert_eq!(Linear::builder().increment(Duration::ZERO).build(), Err(ConfigError::ZeroIncrement));
    assert_eq!(Fibonacci::builder().base(Duration::ZERO).build(), Err(ConfigError::ZeroBase));
    assert_eq!(Decorrelated::new(Duration::ZERO, SEC), Err(ConfigError::ZeroBase));
    assert_eq!(List::new([]), Err(ConfigError::NoWaits));

    let below = ConfigError::CapBelowBase { cap: SEC, base: 2 * SEC };
    assert_eq!(Constant::new(2 * SEC).unwrap().with_cap(SEC), Err(below));
    assert_eq!(Linear::builder().base(2 * SEC).cap(SEC).build(), Err(below));
    assert_eq!(Fibonacci::builder().base(2 * SEC).cap(SEC).build(), Err(below));
    assert_eq!(Decorrelated::new(2 * SEC, SEC), Err(below));
    assert_eq!(List::new([SEC, 2 * SEC]).unwrap().with_cap(SEC), Err(below));

    let jitter = Jitter::Fraction(1.5);
    let refused = ConfigError::JitterFraction { fraction: 1.5 };
    assert_eq!(Constant::new(SEC).unwrap().with_jitter(jitter), Err(refused));
    assert_eq!(Linear::builder().jitter(jitter).build(), Err(refused));
    assert_eq!(Fibonacci::builder().jitter(jitter).build(), Err(refused));
    assert_eq!(List::new([SEC]).unwrap().with_jitter(jitter), Err(refused));
}

#[test]
fn a_refusal_names_its_setting() {
    let fields = [
        (ConfigError::ZeroBase, "base"),
        (ConfigError::Factor { factor: 0.5 }, "factor"),
        (ConfigError::CapBelowBase { cap: SEC, base: 2 * SEC }, "cap"),
        (ConfigError::JitterFraction { fraction: 1.5 }, "jitter"),
        (ConfigError::ZeroIncrement, "increment"),
        (ConfigError::NoWaits, "waits"),
        (ConfigError::ZeroAttempts, "max_attempts"),
    ];
    for (error, field) in fields {
        assert_eq!(error.field(), field);
    }
}

#[test]
fn configurations_can_be_constants() {
    const STEADY: Constant = match Constant::new(SEC) {
        Ok(schedule) => schedule,
        Err(_) => panic!("a second is above zero"),
    };
    assert_eq!(STEADY.wait(), SEC);
}

#[test]
fn waits_of_a_boxed_schedule() {
    let boxed: Box<dyn Schedule> = Box::new(Decorrelated::new(SEC, 20 * SEC).unwrap());
    let longest: Vec<_> = Waits::new(&*boxed, || u64::MAX).map(|wait| wait.as_secs()).take(3).collect();
    assert_eq!(longest, [3, 9, 20]);
    assert_eq!(
        format!("{:?}", Waits::new(Decorrelated::default(), || 0)).split(' ').next(),
        Some("Waits"),
        "its numbers are not shown"
    );
}

#[test]
fn any_schedule_is_the_one_inside() {
    let kinds: [AnySchedule; 3] = [
        Constant::new(SEC).unwrap().into(),
        Decorrelated::new(SEC, 3 * SEC).unwrap().into(),
        List::new([SEC]).unwrap().into(),
    ];
    let told: Vec<_> = kinds.iter().map(|kind| (kind.delay(&Step::new(2), u64::MAX), kind.is_jittered())).collect();
    assert_eq!(told, [(Some(SEC), false), (Some(3 * SEC), true), (None, false)]);
}
