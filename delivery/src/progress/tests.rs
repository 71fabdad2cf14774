//! The laws of the time that is told to be left, over rollouts that are played.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use proptest::prelude::*;
use steadfast_telemetry::Histogram;

use super::*;
use crate::progress::{Eta, Later};
use crate::record::Hold;
use crate::window::{Window, Zone};
use std::time::Duration;
use steadfast_clock::UnixNanos;

const START: u64 = 1_767_225_600;

fn at(seconds: u64) -> UnixNanos {
    UnixNanos::from_secs(START + seconds)
}

fn outlook<'a>(devices: u64, at_once: usize, times: &'a steadfast_telemetry::HistogramSnapshot) -> Outlook<'a> {
    Outlook {
        devices,
        failed: 0,
        deferred: 0,
        last_due: None,
        at_once,
        times,
        phases: &[],
        hold: None,
        window: None,
        zones: &[],
    }
}

fn seen(seconds: &[u64]) -> steadfast_telemetry::HistogramSnapshot {
    let times = Histogram::new();
    for seconds in seconds {
        times.record_duration(Duration::from_secs(*seconds));
    }
    times.snapshot()
}

/// The end in seconds from the start, if it is told.
fn end(eta: Eta, now: u64) -> Option<u64> {
    eta.p50.map(|left| now + left.as_secs())
}

#[test]
fn what_is_left_is_worked_off_phase_by_phase() {
    let times = seen(&[10; 50]);
    let phases =
        [Ahead { devices: 100, soak: Duration::from_secs(3600) }, Ahead { devices: 900, soak: Duration::ZERO }];
    let outlook = Outlook { phases: &phases, ..outlook(1000, 10, &times) };
    // 100 devices at 1 a second, an hour, 900 devices.
    let eta = Forecast::default().look(&outlook, at(0));
    let told = eta.p50.unwrap().as_secs();
    assert!((4600..4650).contains(&told), "{told}");
    assert!(eta.p90 >= eta.p50 && eta.later.is_none());
    // While the first phase is watched, only what is left of that counts.
    let hold = Hold::Soaking { phase: 1, until_ms: (START + 600) * 1000 };
    let phases = [Ahead { devices: 0, soak: Duration::from_secs(3600) }, phases[1]];
    let outlook = Outlook { phases: &phases, hold: Some(&hold), devices: 900, ..outlook };
    let told = Forecast::default().look(&outlook, at(0)).p50.unwrap().as_secs();
    assert!((1500..1515).contains(&told), "{told}");
}

#[test]
fn windows_and_deferrals_are_waited_for() {
    let times = seen(&[60; 50]);
    let window: Window = "02:00-04:00".parse().unwrap();
    let zones = [(Zone::utc(), 200)];
    // 200 devices of a minute each, one at a time: 119 begun and done in the first window, the rest in the second.
    let outlook = Outlook { window: Some(&window), zones: &zones, ..outlook(200, 1, &times) };
    let told = Forecast::default().look(&outlook, at(0)).p50.unwrap().as_secs();
    let day = 24 * 3600;
    assert!((day + 2 * 3600..day + 2 * 3600 + 82 * 60).contains(&told), "{told}");
    // In two zones the second one goes on when the first has closed.
    let zones = [(Zone::utc(), 100), (Zone::new("America/New_York").unwrap(), 100)];
    let outlook = Outlook { zones: &zones, ..outlook };
    let told = Forecast::default().look(&outlook, at(0)).p50.unwrap().as_secs();
    assert!((7 * 3600 + 100 * 60..7 * 3600 + 102 * 60).contains(&told), "{told}");
    let outlook = Outlook { window: None, deferred: 1, last_due: Some(at(99_999)), devices: 1, ..outlook };
    assert_eq!(Forecast::default().look(&outlook, at(0)).p50.unwrap().as_secs(), 99_999 + 60);
}

#[test]
fn nothing_is_told_of_what_nobody_knows() {
    let nothing = seen(&[]);
    let mut forecast = Forecast::default();
    assert_eq!(forecast.look(&outlook(10, 1, &nothing), at(0)), Eta::default());
    let times = seen(&[10]);
    let paused = Outlook { hold: Some(&Hold::Paused), ..outlook(10, 1, &times) };
    assert_eq!(forecast.look(&paused, at(1)), Eta::of(None, None, Some(Later::Paused)));
    assert_eq!(end(forecast.look(&outlook(10, 1, &times), at(2)), 2), Some(102));
    assert_eq!(forecast.look(&paused, at(3)), Eta::of(None, None, Some(Later::Paused)));
    let eta = forecast.look(&outlook(10, 1, &times), at(1000));
    assert_eq!((end(eta, 1000), eta.later), (Some(1100), Some(Later::Paused)));
    // No window ever opens, and nobody is worked on: no end is in sight.
    let window: Window = "2025-01-01T00:00 for 1h".parse().unwrap();
    let never = Outlook { window: Some(&window), zones: &[(Zone::utc(), 10)], ..outlook(10, 1, &times) };
    assert_eq!(Forecast::default().look(&never, at(0)), Eta::default());
    let zero = seen(&[0]);
    assert_eq!(Forecast::default().look(&outlook(10, 0, &zero), at(0)).p50, Some(Duration::ZERO));
    assert_eq!(Forecast::default().look(&outlook(0, 0, &nothing), at(0)).p90, Some(Duration::ZERO));
}

#[test]
fn an_end_that_moves_away_has_a_reason() {
    let times = seen(&[10; 20]);
    let slow = seen(&[10, 10, 40, 40, 40]);
    let check = |change: &dyn Fn(&mut Outlook<'_>), expected: Later| {
        let mut forecast = Forecast::default();
        assert_eq!(forecast.look(&outlook(100, 10, &times), at(0)).later, None);
        let mut other = outlook(100, 10, &times);
        change(&mut other);
        let eta = forecast.look(&other, at(10));
        assert_eq!(eta.later, Some(expected));
        assert!(end(eta, 10) > Some(110), "{eta:?}");
        // What was promised is kept in the end: the reason is no longer of interest.
        for now in 11..17 {
            forecast.look(&outlook(20, 10, &times), at(now));
        }
        assert_eq!(forecast.look(&outlook(20, 10, &times), at(17)).later, None);
    };
    check(&|outlook| outlook.devices = 200, Later::MoreDevices);
    check(&|outlook| outlook.at_once = 5, Later::FewerAtOnce);
    check(&|outlook| (outlook.deferred, outlook.last_due) = (1, Some(at(300))), Later::Deferred);
    check(&|outlook| outlook.times = Box::leak(Box::new(slow.clone())), Later::Slower);
    check(&|outlook| (outlook.times, outlook.failed) = (Box::leak(Box::new(slow.clone())), 3), Later::Failures);
}

/// Plays a rollout, and looks at it every second: what was told when.
fn play(durations: &[u64], at_once: usize, paused: Option<(u64, u64)>) -> Vec<(u64, Eta)> {
    let times = Histogram::new();
    let mut waiting = durations.iter();
    let mut running: BinaryHeap<Reverse<(u64, u64)>> = BinaryHeap::new();
    let mut forecast = Forecast::default();
    let (mut told, mut done) = (Vec::new(), 0);
    for now in 0..100_000 {
        while let Some(Reverse((due, takes))) = running.peek().copied().filter(|Reverse((due, _))| *due <= now) {
            running.pop();
            assert!(due <= now);
            done += 1;
            times.record_duration(Duration::from_secs(takes));
        }
        let is_paused = paused.is_some_and(|(from, to)| (from..to).contains(&now));
        while running.len() < at_once && !is_paused {
            let Some(takes) = waiting.next() else { break };
            running.push(Reverse((now + takes, *takes)));
        }
        let snapshot = times.snapshot();
        let mut outlook = outlook((durations.len() - done) as u64, at_once, &snapshot);
        outlook.hold = is_paused.then_some(&Hold::Paused);
        told.push((now, forecast.look(&outlook, at(now))));
        if done == durations.len() {
            return told;
        }
    }
    unreachable!("it ends")
}

proptest! {
    /// Whatever devices take and whoever pauses: as long as no reason is told, the end is told to be at no later time than
    /// ever before; the median is never above the 90th percentile, and when it is over nothing is left.
    #[test]
    fn no_end_moves_away_without_a_reason(
        durations in proptest::collection::vec(1u64..30, 1..40),
        at_once in 1usize..8,
        paused in proptest::option::of((0u64..100, 1u64..100)),
    ) {
        let told = play(&durations, at_once, paused.map(|(from, long)| (from, from + long)));
        let mut earliest = [u64::MAX; 2];
        for (now, eta) in &told[..told.len() - 1] {
            let (Some(p50), Some(p90)) = (eta.p50, eta.p90) else { continue };
            prop_assert!(p50 <= p90);
            for (earliest, left) in earliest.iter_mut().zip([p50, p90]) {
                let end = at(*now).saturating_add(left).as_nanos();
                prop_assert!(end <= *earliest || eta.later.is_some(), "{} {:?}", now, eta);
                *earliest = end.min(*earliest);
            }
        }
        prop_assert_eq!(told.last().unwrap().1, Eta::of(Some(Duration::ZERO), Some(Duration::ZERO), None));
    }

    /// Where every device takes as long as the others, no reason is ever needed, and the true end is never more than two
    /// devices' time before what is told, nor one behind it.
    #[test]
    fn a_steady_rollout_is_foreseen(takes in 1u64..30, devices in 1usize..100, at_once in 1usize..12) {
        let told = play(&vec![takes; devices], at_once, None);
        let end = told.last().unwrap().0;
        for (now, eta) in &told {
            prop_assert_eq!(eta.later, None);
            prop_assert_eq!(eta.p50.is_none(), *now < takes, "from the first device on");
            let told = eta.p50.map_or(end, |left| now + left.as_secs());
            prop_assert!(told + takes >= end && told <= end + 2 * takes, "{} {} {}", now, told, end);
        }
    }
}
