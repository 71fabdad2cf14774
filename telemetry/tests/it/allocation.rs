//! What takes memory, and what takes none.

use allocation_counter::measure;
use steadfast_telemetry::{Counter, Gauge, Histogram, Key, Recorder, Registry};

/// Values over three decades, and each of them once more.
fn values() -> impl Iterator<Item = u64> {
    (0..1000).map(|n| 1000 + n * 997).chain(1..200)
}

#[test]
fn counting_and_recording_allocate_nothing_when_warm() {
    let (counter, gauge) = (Counter::new(), Gauge::new());
    let histograms = [Histogram::new(), Histogram::sharded()];
    let work = || {
        for value in values() {
            counter.add(value);
            gauge.add(1);
            histograms.iter().for_each(|histogram| histogram.record(value));
        }
        drop(gauge.hold(2));
    };
    work();
    assert_eq!(measure(work).count_total, 0);
    let (counter, histograms) = (counter.local(), histograms.map(|histogram| histogram.local()));
    let work = || {
        for value in values() {
            counter.add(value);
            histograms.iter().for_each(|histogram| histogram.record(value));
        }
    };
    assert_eq!(measure(work).count_total, 0);
}

#[test]
fn looking_up_what_is_there_allocates_nothing() {
    let registry = Registry::new();
    let key = Key::new("requests").label("host", "a").label("status", "200");
    let look_up = || {
        registry.counter(&key).inc();
        registry.gauge(&key).set(1);
        registry.histogram(&key).record(1);
    };
    look_up();
    assert_eq!(measure(look_up).count_total, 0);
}

#[test]
fn a_histogram_takes_at_most_64_kib_per_thread() {
    for make in [Histogram::new, Histogram::sharded] {
        Counter::new().inc(); // this thread has its cells
        let used = measure(|| {
            let histogram = make();
            (0..64).for_each(|power| histogram.record(1 << power));
            std::mem::forget(histogram);
        });
        assert!(used.bytes_current <= 64 * 1024, "{} bytes", used.bytes_current);
        assert!(used.bytes_current >= 58 * 1024, "{} bytes", used.bytes_current);
    }
}
