//! The laws of points in time, and of the clocks that tests can move.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

use proptest::prelude::*;
use steadfast_clock::{BlockingTimer, Clock, ManualClock, Nanos, Timer, UnixNanos};

use crate::human::Settings;

/// Anything from nothing to all of time, most of it small.
fn durations() -> impl Strategy<Value = Duration> {
    prop_oneof![
        4 => (0u64..10_000_000).prop_map(Duration::from_nanos),
        2 => (0u64..1_000_000).prop_map(Duration::from_millis),
        1 => any::<u64>().prop_map(Duration::from_nanos),
        1 => (any::<u64>(), 0u32..1_000_000_000).prop_map(|(secs, nanos)| Duration::new(secs, nanos)),
    ]
}

proptest! {
    /// Arithmetic saturates: no pair of point and duration panics, and adding never goes backwards.
    #[test]
    fn adding_never_wraps(at: u64, secs: u64, nanos in 0u32..1_000_000_000) {
        let duration = Duration::new(secs, nanos);
        let point = Nanos::from_nanos(at);
        prop_assert!(point.saturating_add(duration) >= point);
        prop_assert!(point.saturating_sub(duration) <= point);
        let date = UnixNanos::from_nanos(at);
        prop_assert!(date.saturating_add(duration) >= date);
    }

    /// `since` undoes `saturating_add` wherever nothing saturated.
    #[test]
    fn since_undoes_add(at in 0..=u64::MAX / 2, nanos in 0..=u64::MAX / 2) {
        let duration = Duration::from_nanos(nanos);
        let point = Nanos::from_nanos(at);
        prop_assert_eq!(point.saturating_add(duration).since(point), duration);
        prop_assert_eq!(point.since(point.saturating_add(duration)), Duration::ZERO);
    }

    /// Saturating arithmetic is exact arithmetic, cut to the range.
    #[test]
    fn arithmetic_is_exact_and_then_cut(at: u64, duration in durations()) {
        let (point, by) = (Nanos::from_nanos(at), duration.as_nanos());
        let sum = (u128::from(at) + by).min(u128::from(u64::MAX));
        let difference = u128::from(at).saturating_sub(by);
        prop_assert_eq!(u128::from(point.saturating_add(duration).as_nanos()), sum);
        prop_assert_eq!(u128::from(point.saturating_sub(duration).as_nanos()), difference);
        prop_assert_eq!(u128::from(UnixNanos::from_nanos(at).saturating_add(duration).as_nanos()), sum);
    }

    /// A clock that is moved never goes backwards, whatever it is moved by and whichever way; its coarse view neither.
    #[test]
    fn time_never_goes_backwards(steps in prop::collection::vec((durations(), any::<bool>()), 1..40), tick in durations()) {
        let clock = ManualClock::new();
        let coarse = clock.coarse(tick);
        let mut last = (clock.now(), coarse.now());
        for (by, block) in steps {
            if block {
                clock.block_until(Nanos::ZERO.saturating_add(by));
            } else {
                clock.advance(by);
            }
            let now = (clock.now(), coarse.now());
            prop_assert!(now.0 >= last.0 && now.1 >= last.1);
            last = now;
        }
    }

    /// A coarse clock is never ahead of the exact one and less than a tick behind it.
    #[test]
    fn coarse_is_less_than_a_tick_behind(steps in prop::collection::vec(durations(), 1..40), tick in durations()) {
        let clock = ManualClock::new();
        let coarse = clock.coarse(tick);
        for by in steps {
            clock.advance(by);
            let (exact, told) = (clock.now(), coarse.now());
            prop_assert!(told <= exact);
            prop_assert!(told == exact || exact.since(told) < tick);
        }
    }

    /// Blocking on a coarse clock ends at the first tick at or after the point.
    #[test]
    fn blocking_on_a_coarse_clock_is_never_early(at in durations(), tick in 1u64..1_000_000_000) {
        let clock = ManualClock::new();
        let coarse = clock.coarse(Duration::from_nanos(tick));
        let start = clock.now();
        let at = start.saturating_add(at);
        prop_assume!(at.as_nanos() < u64::MAX - tick);
        coarse.block_until(at);
        prop_assert!(coarse.now() >= at || at <= start);
        prop_assert!(clock.now() == start || clock.now().as_nanos() < at.as_nanos() + tick);
    }

    /// A sleep is never early and never late: after every step exactly those are pending whose points are ahead.
    #[test]
    fn sleeps_end_when_they_are_due(sleeps in prop::collection::vec(0u64..1000, 0..20), steps in prop::collection::vec(0u64..300, 0..10)) {
        let clock = ManualClock::new();
        let mut cx = Context::from_waker(Waker::noop());
        let start = clock.now();
        let mut due: Vec<_> = sleeps.iter().map(|after| start.saturating_add(Duration::from_nanos(*after))).collect();
        let mut pending: Vec<_> = due.iter().map(|at| clock.sleep_until(*at)).collect();
        for by in steps {
            pending.retain_mut(|sleep| Pin::new(sleep).poll(&mut cx).is_pending());
            due.retain(|at| *at > clock.now());
            due.sort();
            prop_assert_eq!(clock.waiters(), due.clone());
            clock.advance(Duration::from_nanos(by));
        }
    }

    /// A duration that is written is read back as it was.
    #[test]
    fn written_durations_are_read_back(wait in durations()) {
        let json = serde_json::to_string(&Settings { wait }).unwrap();
        prop_assert_eq!(serde_json::from_str::<Settings>(&json).unwrap().wait, wait, "{}", json);
    }
}
