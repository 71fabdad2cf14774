//! The median batch of two threads, each on a core of its own: two that share a line are not faster than it lets them.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use core_affinity::CoreId;

use super::batch::{each, size, time};
use crate::Run;

/// How many batches each thread counts.
const BATCHES: usize = 4_000;

/// How many batches each thread runs at most: enough on a machine that has nothing else to do, and an end on others.
const TRIES: usize = 40 * BATCHES;

/// How many batches each thread runs before it counts any.
const WARM: usize = 200;

/// Of how many parts a batch is made, and how many the other thread must finish meanwhile for the batch to count: on a
/// busy machine the other one is often not running, and a batch without it says nothing.
const PARTS: u64 = 8;
const SEEN: u64 = PARTS / 2;

/// Nanoseconds per operation and thread: the median over the batches of both, all of them while the other one ran.
pub(super) fn median(runs: &mut [Run]) -> f64 {
    let sizes: Vec<u64> = runs.iter_mut().map(size).collect();
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    let course = Course { start: Barrier::new(2), running: AtomicUsize::new(2), beats: Default::default() };
    let mut counted: Vec<f64> = thread::scope(|scope| {
        let threads = runs.iter_mut().zip(sizes).enumerate().map(|(at, (run, size))| {
            let (core, course) = (cores.get(at).copied(), &course);
            scope.spawn(move || course.count(at, run, size, core))
        });
        let threads: Vec<_> = threads.collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("a contestant panicked")).collect()
    });
    counted.sort_by(f64::total_cmp);
    counted.get(counted.len() / 2).copied().expect("both threads at once, now and then")
}

/// What the threads of one contestant have in common.
struct Course {
    start: Barrier,
    /// How many have not counted all of their batches.
    running: AtomicUsize,
    /// How many parts each has finished.
    beats: [Beat; 2],
}

/// On a line of its own.
#[derive(Default)]
#[repr(align(128))]
struct Beat(AtomicU64);

impl Course {
    /// Counts batches of thread `at` on `core`, then goes on until the other one is done, too.
    fn count(&self, at: usize, run: &mut Run, size: u64, core: Option<CoreId>) -> Vec<f64> {
        if let Some(core) = core {
            core_affinity::set_for_current(core);
        }
        let [mine, other] = [at, 1 - at].map(|at| &self.beats[at].0);
        let part = size.div_ceil(PARTS);
        let mut batch = move || {
            let before = other.load(Ordering::Relaxed);
            let took = time(
                &mut |parts| {
                    for _ in 0..parts {
                        run(part);
                        mine.fetch_add(1, Ordering::Relaxed);
                    }
                },
                PARTS,
            );
            let seen = other.load(Ordering::Relaxed) - before;
            (seen >= SEEN).then(|| each(took, part * PARTS))
        };
        self.start.wait();
        let done = Done(&self.running);
        for _ in 0..WARM {
            batch();
        }
        let counted = (0..TRIES).filter_map(|_| batch()).take(BATCHES).collect();
        drop(done);
        while self.running.load(Ordering::Relaxed) > 0 {
            batch();
        }
        counted
    }
}

/// Tells the other thread that this one is done, also when it panics: nobody waits for it then.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
