//! Laws tried side by side: a core that is done takes the next one.

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::law::Law;
use crate::say;

/// Tries each law and tells how long it took, with the output of those that failed; how many did.
pub(crate) fn run(laws: &[Law], cases: u32) -> io::Result<usize> {
    let next = AtomicUsize::new(0);
    let failed = AtomicUsize::new(0);
    let lines = Mutex::new(());
    let cores = thread::available_parallelism()?.get();
    thread::scope(|scope| {
        let work = || -> io::Result<()> {
            while let Some(law) = laws.get(next.fetch_add(1, Ordering::Relaxed)) {
                let (took, output) = time(|| law.command(cases).output());
                let output = output?;
                let kept = output.status.success();
                failed.fetch_add(usize::from(!kept), Ordering::Relaxed);
                // One at a time, so that a failure's output stays in one piece.
                let _whole = lines.lock();
                let word = if kept { "kept" } else { "BROKEN" };
                say::line(&format!("{word:<6} {:>7.1} s  {}", took.as_secs_f64(), law.name()));
                if !kept {
                    say::line(&String::from_utf8_lossy(&output.stdout));
                    say::note(&String::from_utf8_lossy(&output.stderr));
                }
            }
            Ok(())
        };
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| io::Error::other("a worker panicked"))?)
    })?;
    Ok(failed.into_inner())
}

#[expect(clippy::disallowed_methods, reason = "a stretch of the command's own; nothing of ours may be used here")]
fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let done = work();
    (start.elapsed(), done)
}
