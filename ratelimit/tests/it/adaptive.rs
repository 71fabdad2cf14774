//! A limit that finds its level.

use std::sync::Arc;

use steadfast_ratelimit::{AdaptiveConcurrency, Aimd, AimdError};

#[test]
fn what_cannot_work_is_an_error() {
    assert_eq!(Aimd::new(0, 5), Err(AimdError::ZeroMin));
    assert_eq!(Aimd::new(5, 4).unwrap_err().to_string(), "aimd: max 4 is below min 5");
    let aimd = Aimd::new(2, 5).unwrap();
    assert_eq!((aimd.min(), aimd.max()), (2, 5));
    assert_eq!(aimd.start(6), Err(AimdError::StartOutside(6)));
    assert_eq!(aimd.increase(0), Err(AimdError::ZeroIncrease));
    for ratio in [1.0, -0.1, f64::INFINITY] {
        assert_eq!(aimd.decrease_to(ratio), Err(AimdError::Decrease(ratio)));
    }
    assert!(aimd.decrease_to(f64::NAN).is_err());
}

#[test]
fn it_finds_the_level_of_the_server() {
    let server = AdaptiveConcurrency::new(Aimd::new(1, 100).unwrap().start(4).unwrap());
    let capacity = 20;
    let mut limits = Vec::new();
    for _ in 0..2000 {
        let permits: Vec<_> = core::iter::from_fn(|| server.try_acquire().ok()).collect();
        let overloaded = permits.len() > capacity;
        for permit in permits {
            if overloaded { permit.overload() } else { permit.success() }
        }
        limits.push(server.limit().get());
    }
    assert!(limits[1000..].iter().all(|limit| (17..=21).contains(limit)), "{:?}", &limits[1990..]);
}

#[test]
fn many_failures_of_one_round_are_one_decrease() {
    let server =
        Arc::new(AdaptiveConcurrency::new(Aimd::new(1, 64).unwrap().start(64).unwrap().decrease_to(0.5).unwrap()));
    let permits: Vec<_> = (0..64).map(|_| server.try_acquire_owned().unwrap()).collect();
    permits.into_iter().for_each(|permit| permit.overload());
    assert_eq!(server.limit().get(), 32);
    assert_eq!(server.in_flight(), 0);
}

#[test]
fn one_that_is_dropped_or_ignored_says_nothing() {
    let server = AdaptiveConcurrency::new(Aimd::new(1, 10).unwrap());
    drop(server.try_acquire().unwrap());
    server.try_acquire().unwrap().ignored();
    assert_eq!((server.limit().get(), server.in_flight()), (1, 0));
    server.try_acquire().unwrap().success();
    assert_eq!(server.limit().get(), 2);
    for _ in 0..100 {
        server.try_acquire().unwrap().success();
    }
    assert_eq!(server.limit().get(), 2, "one at a time never uses two up");
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn a_raised_level_serves_those_in_line() {
    use core::task::{Context, Waker};
    use std::pin::pin;
    let clock = steadfast_clock::ManualClock::new();
    let server = AdaptiveConcurrency::new(Aimd::new(1, 10).unwrap());
    let first = server.acquire(None, &clock).await.unwrap();
    let (mut second, mut third) = (pin!(server.acquire(None, &clock)), pin!(server.acquire(None, &clock)));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(Future::poll(second.as_mut(), &mut cx).is_pending());
    assert!(Future::poll(third.as_mut(), &mut cx).is_pending());
    assert_eq!(server.waiting(), 2);
    first.success();
    let (second, third) = (second.await.unwrap(), third.await.unwrap());
    assert_eq!(server.in_flight(), 2);
    drop((second, third));
}
