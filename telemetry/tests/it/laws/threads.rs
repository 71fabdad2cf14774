//! Sums over threads that begin, count and end in any order, step by step against plain numbers.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};

use proptest::collection::vec;
use proptest::prelude::*;
use steadfast_telemetry::{Counter, Histogram};

use super::{record, saturating_sum, value};

/// A thread that does one job after the other, each of them before the next step of the test.
struct Worker {
    jobs: Option<Sender<Job>>,
    done: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

type Job = Box<dyn FnOnce() + Send>;

impl Worker {
    fn new() -> Self {
        let ((jobs, todo), (tell, done)) = (channel::<Job>(), channel());
        let thread = thread::spawn(move || {
            for job in todo {
                job();
                tell.send(()).unwrap();
            }
        });
        Self { jobs: Some(jobs), done, thread: Some(thread) }
    }

    fn run(&self, job: impl FnOnce() + Send + 'static) {
        self.jobs.as_ref().unwrap().send(Box::new(job)).unwrap();
        self.done.recv().unwrap();
    }
}

/// Ends the thread, and waits until its thread-locals are gone.
impl Drop for Worker {
    fn drop(&mut self) {
        self.jobs = None;
        self.thread.take().unwrap().join().unwrap();
    }
}

const WORKERS: usize = 3;

/// Three workers; the one in a slot ends and another takes its place whenever the script says so.
struct Crew([Worker; WORKERS]);

impl Crew {
    fn new() -> Self {
        Self([(); WORKERS].map(|()| Worker::new()))
    }

    fn run(&mut self, slot: usize, replace: bool, job: impl FnOnce() + Send + 'static) {
        if replace {
            self.0[slot] = Worker::new();
        }
        self.0[slot].run(job);
    }
}

proptest! {
    /// A counter tells exactly what was added to it, however threads begin, add and end, and through whatever handle.
    #[test]
    fn counts_outlive_their_threads(steps in vec((0..WORKERS, prop::bool::weighted(0.2), value(), any::<bool>()), 0..25)) {
        let (counter, mut crew, mut expected) = (Counter::new(), Crew::new(), 0u64);
        for (slot, replace, n, local) in steps {
            let handle = counter.clone();
            crew.run(slot, replace, move || if local { handle.local().add(n) } else { handle.add(n) });
            expected = expected.saturating_add(n);
            prop_assert_eq!(counter.get(), expected);
        }
        drop(crew);
        prop_assert_eq!(counter.get(), expected);
    }

    /// A new counter starts at zero, whatever was counted by those that are gone, and whoever counted there.
    #[test]
    fn no_counter_inherits(steps in vec((0..WORKERS, prop::bool::weighted(0.1), 0usize..4, 0u64..100), 0..40)) {
        let mut crew = Crew::new();
        let mut counters: Vec<(Counter, u64)> = (0..4).map(|_| (Counter::new(), 0)).collect();
        for (slot, replace, at, n) in steps {
            if n == 0 {
                counters[at] = (Counter::new(), 0);
            }
            let handle = counters[at].0.clone();
            crew.run(slot, replace, move || handle.add(n));
            counters[at].1 += n;
            for (counter, expected) in &counters {
                prop_assert_eq!(counter.get(), *expected);
            }
        }
    }

    /// Shared and sharded histograms tell the same, whatever threads recorded, and that is what was recorded.
    #[test]
    fn both_kinds_of_histogram_agree(steps in vec((0..WORKERS, prop::bool::weighted(0.2), value(), any::<bool>()), 0..7)) {
        let (shared, sharded, mut crew) = (Histogram::new(), Histogram::sharded(), Crew::new());
        let mut values = Vec::new();
        for (slot, replace, value, local) in steps {
            let handles = [shared.clone(), sharded.clone()];
            crew.run(slot, replace, move || {
                for handle in handles {
                    if local { handle.local().record(value) } else { handle.record(value) }
                }
            });
            values.push(value);
            prop_assert_eq!(shared.snapshot(), record(&values));
            prop_assert_eq!(sharded.snapshot(), record(&values));
        }
        prop_assert_eq!(shared.snapshot().sum(), saturating_sum(&values));
    }
}
