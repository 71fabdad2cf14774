//! The live latency estimate: what it knows, what it forgets, what it refuses.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use steadfast_backoff::{ConfigError, HedgeDelay, Latency};

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn it_tells_nothing_before_it_knows_enough() {
    let latency = Latency::with_window(20, 5).unwrap();
    for known in 0..5 {
        assert_eq!((latency.samples(), latency.quantile(0.5)), (known, None));
        latency.observe(ms(10));
    }
    let told = latency.quantile(0.5).unwrap();
    assert!((10_000..=10_313).contains(&told.as_micros()), "{told:?}");
}

#[test]
fn it_forgets_by_halves() {
    let latency = Latency::with_window(8, 1).unwrap();
    (0..4).for_each(|_| latency.observe(ms(900)));
    (0..4).for_each(|_| latency.observe(ms(1)));
    assert_eq!(latency.samples(), 8);
    assert!(latency.quantile(1.0).unwrap() >= ms(900));
    latency.observe(ms(1));
    assert_eq!(latency.samples(), 5);
    assert!(latency.quantile(1.0).unwrap() < ms(2));
}

#[test]
fn odd_quantiles_are_read_as_the_nearer_end() {
    let latency = Latency::with_window(20, 1).unwrap();
    (1..=10).for_each(|each| latency.observe(ms(each)));
    assert_eq!(latency.quantile(-1.0), latency.quantile(0.0));
    assert_eq!(latency.quantile(0.1), latency.quantile(0.0));
    assert_eq!(latency.quantile(f64::NAN), latency.quantile(1.0));
    assert_eq!(latency.quantile(7.0), latency.quantile(1.0));
}

#[test]
fn the_longest_durations_are_taken() {
    let latency = Latency::with_window(2, 1).unwrap();
    latency.observe(Duration::MAX);
    assert!(latency.quantile(0.5).unwrap() > Duration::from_secs(4 * 3600));
    latency.observe(Duration::ZERO);
    assert!(latency.quantile(0.5).unwrap() < Duration::from_micros(2));
}

#[test]
fn a_quantile_is_a_delay() {
    let latency = Arc::new(Latency::with_window(200, 10).unwrap());
    let delay = latency.at(0.9).unwrap();
    assert_eq!((delay.delay(), delay.quantile()), (None, 0.9));
    (1..=100).for_each(|each| delay.observe(ms(each)));
    assert_eq!(delay.delay(), latency.quantile(0.9));
    assert_eq!(delay.latency().samples(), 100);
    let shared: Arc<dyn HedgeDelay> = Arc::new(delay);
    shared.observe(ms(1));
    assert_eq!(shared.delay(), latency.quantile(0.9));
    assert!(format!("{latency:?}").contains("samples: 101"));
}

#[test]
fn nothing_is_accepted_and_ignored() {
    let refused = |window, needed| Latency::with_window(window, needed).unwrap_err();
    for window in [0, 1, (1 << 30) + 1, u32::MAX] {
        assert_eq!(refused(window, 1), ConfigError::LatencyWindow { window });
    }
    for samples in [0, 6, u32::MAX] {
        assert_eq!(refused(10, samples), ConfigError::LatencySamples { samples, window: 10 });
    }
    let latency = Arc::new(Latency::new());
    for quantile in [0.0, 1.0, -0.5, 1.5, f64::INFINITY] {
        assert_eq!(latency.at(quantile).unwrap_err(), ConfigError::LatencyQuantile { quantile });
    }
    assert!(latency.at(f64::NAN).is_err());
}

#[test]
fn what_was_refused_is_told_in_one_line() {
    let lines = [
        (
            ConfigError::LatencyWindow { window: 1 },
            "window",
            "the window is 1 samples long; give a number from 2 to 1073741824",
        ),
        (
            ConfigError::LatencySamples { samples: 6, window: 10 },
            "needed",
            "6 samples are needed of a window of 10; give a number from 1 to half of it",
        ),
        (
            ConfigError::LatencyQuantile { quantile: 1.5 },
            "quantile",
            "the quantile is 1.5; give a number above 0 and below 1",
        ),
    ];
    for (error, field, line) in lines {
        assert_eq!((error.field(), error.to_string().as_str()), (field, line));
    }
}

#[test]
fn many_threads_lose_nothing_within_the_window() {
    let latency = Latency::with_window(40_000, 1).unwrap();
    thread::scope(|scope| {
        for thread in 1..=4 {
            let latency = &latency;
            scope.spawn(move || (0..5000).for_each(|_| latency.observe(ms(thread))));
        }
    });
    assert_eq!(latency.samples(), 20_000);
    for thread in 1..=4u32 {
        let told = latency.quantile(f64::from(thread) / 4.0).unwrap();
        let exact = ms(1) * thread;
        assert!(exact <= told && told <= exact * 33 / 32 + Duration::from_nanos(1024), "{told:?}");
    }
}
