//! Model checks of concurrency limits. Run with `RUSTFLAGS="--cfg steadfast_loom"`.

#![cfg(steadfast_loom)]

use std::num::NonZeroU32;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;
use steadfast_ratelimit::{AdaptiveConcurrency, Aimd, Concurrency};

fn limit(n: u32) -> NonZeroU32 {
    NonZeroU32::new(n).unwrap()
}

/// Never more than the limit at once, and nothing leaks.
#[test]
fn never_more_than_the_limit_at_once() {
    loom::model(|| {
        let shared = Arc::new((Concurrency::new(limit(1)), AtomicU32::new(0)));
        let job = |shared: &(Concurrency, AtomicU32)| {
            if let Ok(permit) = shared.0.try_acquire() {
                assert_eq!(shared.1.fetch_add(1, Ordering::Relaxed), 0);
                shared.1.fetch_sub(1, Ordering::Relaxed);
                drop(permit);
                return 1;
            }
            0
        };
        let threads = [(); 2].map(|()| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || job(&shared))
        });
        let ours = job(&shared);
        assert!(ours + threads.map(|thread| thread.join().unwrap()).iter().sum::<u32>() >= 1);
        assert_eq!(shared.0.in_flight(), 0);
        assert!(shared.0.try_acquire().is_ok());
    });
}

/// A change of the limit beside takers loses neither the change nor a permit.
#[test]
fn a_change_of_the_limit_is_not_lost() {
    loom::model(|| {
        let shared = Arc::new(Concurrency::new(limit(2)));
        let held = shared.try_acquire().unwrap();
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.try_acquire().is_ok())
        };
        shared.set_limit(limit(1));
        let _ = other.join().unwrap();
        assert_eq!((shared.limit(), shared.in_flight()), (limit(1), 1));
        assert!(shared.try_acquire().is_err());
        drop(held);
        assert!(shared.try_acquire().is_ok());
    });
}

/// Two that report at once: the level that they end at is the one in force.
#[test]
fn the_level_is_put_in_force() {
    loom::model(|| {
        let aimd = Aimd::new(1, 10).unwrap().start(8).unwrap().decrease_to(0.5).unwrap();
        let shared = Arc::new(AdaptiveConcurrency::new(aimd));
        let other = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.try_acquire().unwrap().overload())
        };
        shared.try_acquire().unwrap().overload();
        other.join().unwrap();
        // Both began before the decrease, or one after it.
        let limit = shared.limit().get();
        assert!(limit == 4 || limit == 2, "{limit}");
        assert_eq!(shared.in_flight(), 0);
        let held: Vec<_> = (0..9).map_while(|_| shared.try_acquire().ok()).collect();
        assert_eq!(held.len(), limit as usize);
    });
}
