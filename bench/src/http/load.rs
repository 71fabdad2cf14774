//! Workers of one engine that ask one after the other, and what that took.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::task::JoinSet;

use super::engine::Engine;
use super::runtime::block_on;

/// What one load came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    /// Exchanges in a second.
    pub(crate) rate: f64,
    /// Microseconds of the processor's time for each, of the whole process and in the kernel, too.
    pub(crate) cpu: f64,
}

/// Has all `workers` ask until `time` is over, and returns them.
pub(crate) fn during<E: Engine>(workers: Vec<E>, time: Duration) -> (Vec<E>, Sample) {
    run(workers, move |since, _| since.elapsed() >= time)
}

/// Has all `workers` ask so many times each.
pub(crate) fn times<E: Engine>(workers: Vec<E>, times: u64) -> (Vec<E>, Sample) {
    run(workers, move |_, done| done >= times)
}

#[expect(clippy::disallowed_methods, reason = "measuring is what this file is for")]
fn run<E: Engine>(workers: Vec<E>, over: impl Fn(Instant, u64) -> bool + Copy + Send + 'static) -> (Vec<E>, Sample) {
    block_on(async {
        let (since, busy) = (Instant::now(), busy());
        let mut tasks: JoinSet<_> = workers.into_iter().map(|worker| asking(worker, since, over)).collect();
        let (mut workers, mut all) = (Vec::new(), 0);
        while let Some(ended) = tasks.join_next().await {
            let (worker, done) = ended.expect("an exchange that fails is a panic");
            workers.push(worker);
            all += done;
        }
        let (took, spent) = (since.elapsed(), self::busy() - busy);
        let sample = Sample { rate: all as f64 / took.as_secs_f64(), cpu: spent.as_secs_f64() * 1e6 / all as f64 };
        (workers, sample)
    })
}

async fn asking<E: Engine>(mut worker: E, since: Instant, over: impl Fn(Instant, u64) -> bool) -> (E, u64) {
    let mut done = 0;
    while !over(since, done) {
        worker.exchange().await;
        done += 1;
    }
    (worker, done)
}

/// What the process has taken of the processor, in its own code and in the kernel.
fn busy() -> Duration {
    let spent = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(spent.tv_sec as u64, spent.tv_nsec as u32)
}
