//! Counting and recording through a handle, and reading what was recorded.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use histogram::AtomicHistogram;
use prometheus::IntCounter;
use steadfast_telemetry::{Counter, Histogram, Key, Recorder, Registry};

use super::Make;
use crate::Row;

pub(super) const ROWS: &[Make] = &[
    counter,
    counter_on_two,
    counter_local,
    histogram,
    histogram_on_two,
    histogram_sharded,
    histogram_sharded_on_two,
    histogram_local,
    snapshot_of_counters,
    snapshot_of_histograms,
];

/// Latencies in nanoseconds, spread over three decades by a multiplier that visits them all.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// One more.
fn counter() -> Row {
    let ours = Counter::new();
    let prometheus = calls();
    Row::new("counter: add", move |n| {
        for _ in 0..n {
            ours.inc();
        }
    })
    .peer("prometheus", move |n| {
        for _ in 0..n {
            prometheus.inc();
        }
    })
    .reach(0.18, "prometheus")
}

/// One more, by two threads that share the counter.
fn counter_on_two() -> Row {
    let ours = Counter::new();
    let prometheus = calls();
    Row::on_two("counter: add, 2 threads", || {
        let ours = ours.clone();
        move |n| {
            for _ in 0..n {
                ours.inc();
            }
        }
    })
    .peer_on_two("prometheus", || {
        let prometheus = prometheus.clone();
        move |n| {
            for _ in 0..n {
                prometheus.inc();
            }
        }
    })
    .reach(0.1, "prometheus")
}

/// One more, by a thread that found its cell before. What prometheus gathers is seen once it is flushed, ours at once.
fn counter_local() -> Row {
    let ours = Counter::new();
    let prometheus = calls();
    Row::new("counter: add, local", move |n| {
        let ours = ours.local();
        for _ in 0..n {
            ours.inc();
        }
    })
    .peer("prometheus (local)", move |n| {
        let local = prometheus.local();
        for _ in 0..n {
            local.inc();
            black_box(&local);
        }
        local.flush();
    })
}

/// One value. `AtomicHistogram` can be shared as ours can; hdrhistogram has one owner.
fn histogram() -> Row {
    let mut c = 0u64;
    let mut hdr = hdrhistogram::Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).expect("bounds that work");
    Row::new("histogram: record", ours(&Histogram::new()))
        .peer("histogram (atomic)", theirs(&atomic()))
        .peer("hdrhistogram (one owner)", move |n| {
            for _ in 0..n {
                let _ = black_box(hdr.record(next(&mut c)));
            }
        })
        .reach(1.0, "histogram (atomic)")
}

/// One value, by two threads that share the buckets.
fn histogram_on_two() -> Row {
    let (histogram, atomic) = (Histogram::new(), atomic());
    Row::on_two("histogram: record, 2 threads", || ours(&histogram))
        .peer_on_two("histogram (atomic)", || theirs(&atomic))
}

/// One value, into buckets of the thread's own.
fn histogram_sharded() -> Row {
    Row::new("histogram: record, sharded", ours(&Histogram::sharded()))
        .peer("histogram (atomic)", theirs(&atomic()))
        .reach(0.5, "histogram (atomic)")
}

/// One value, by two threads with buckets of their own.
fn histogram_sharded_on_two() -> Row {
    let (histogram, atomic) = (Histogram::sharded(), atomic());
    Row::on_two("histogram: record, sharded, 2 threads", || ours(&histogram))
        .peer_on_two("histogram (atomic)", || theirs(&atomic))
        .reach(0.2, "histogram (atomic)")
}

/// One value, by a thread that found its buckets before.
fn histogram_local() -> Row {
    let histogram = Histogram::sharded();
    let (mut a, mut b) = (0u64, 0u64);
    let mut plain = histogram::Histogram::new(7, 64).expect("a configuration that works");
    Row::new("histogram: record, sharded, local", move |n| {
        let local = histogram.local();
        for _ in 0..n {
            local.record(next(&mut a));
        }
    })
    .peer("histogram (one owner)", move |n| {
        for _ in 0..n {
            let _ = black_box(plain.increment(next(&mut b)));
        }
    })
}

/// All of a registry of 1,000 counters, while another thread counts.
fn snapshot_of_counters() -> Row {
    let registry = Registry::new();
    let counters: Vec<_> =
        (0..1000).map(|host| registry.counter(&Key::new("calls").label("host", format!("host-{host}")))).collect();
    let busy = Busy::new(move || counters.iter().for_each(Counter::inc));
    snapshot("snapshot: 1,000 counters", registry, busy, 1e6)
}

/// All of a registry of 100 histograms over three decades, while another thread records.
fn snapshot_of_histograms() -> Row {
    let registry = Registry::new();
    let histograms: Vec<_> =
        (0..100).map(|host| registry.histogram(&Key::new("latency").label("host", format!("host-{host}")))).collect();
    let mut a = 0u64;
    for _ in 0..10_000 {
        histograms.iter().for_each(|histogram| histogram.record(next(&mut a)));
    }
    let busy = Busy::new(move || histograms.iter().for_each(|histogram| histogram.record(next(&mut a))));
    snapshot("snapshot: 100 histograms", registry, busy, 5e6)
}

/// A whole snapshot, in no more than so many nanoseconds.
fn snapshot(name: &'static str, registry: Registry, busy: Busy, at_most: f64) -> Row {
    Row::new(name, move |n| {
        let _busy = &busy;
        for _ in 0..n {
            black_box(registry.snapshot());
        }
    })
    .floor("nothing", |n| {
        for i in 0..n {
            black_box(i);
        }
    })
    .reach_plus(at_most, "nothing")
}

fn calls() -> IntCounter {
    IntCounter::new("calls", "calls so far").expect("a name that works")
}

fn atomic() -> Arc<AtomicHistogram> {
    Arc::new(AtomicHistogram::new(7, 64).expect("a configuration that works"))
}

fn ours(histogram: &Histogram) -> impl FnMut(u64) + Send + use<> {
    let (histogram, mut state) = (histogram.clone(), begin());
    move |n| {
        for _ in 0..n {
            histogram.record(state.next());
        }
    }
}

fn theirs(histogram: &Arc<AtomicHistogram>) -> impl FnMut(u64) + Send + use<> {
    let (histogram, mut state) = (Arc::clone(histogram), begin());
    move |n| {
        for _ in 0..n {
            let _ = black_box(histogram.increment(state.next()));
        }
    }
}

/// Where a thread is with its values, on cache lines of its own: two next to each other would be what is measured.
#[repr(align(128))]
struct State(u64);

impl State {
    /// The next value; called on the whole of it, so that a closure holds the whole of it.
    fn next(&mut self) -> u64 {
        next(&mut self.0)
    }
}

/// Where a thread begins with its values: two that take the same ones in step would meet in every bucket, or in none.
fn begin() -> State {
    static BEGUN: AtomicU64 = AtomicU64::new(0);
    State(BEGUN.fetch_add(SPREAD << 20, Ordering::Relaxed))
}

/// Between 1 µs and about 1 ms.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(SPREAD);
    1_000 + (*state >> 44)
}

/// A thread that does something over and over until this is dropped.
struct Busy {
    end: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Busy {
    fn new(mut work: impl FnMut() + Send + 'static) -> Self {
        let end = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&end);
        let thread = thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                work();
            }
        });
        Self { end, thread: Some(thread) }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
