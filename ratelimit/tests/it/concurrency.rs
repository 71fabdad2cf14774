//! Permits in flight: threads, panics, and waiting in line.

use std::num::NonZeroU32;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use steadfast_ratelimit::{Busy, Concurrency};

fn at_most(limit: u32) -> Arc<Concurrency> {
    Arc::new(Concurrency::new(NonZeroU32::new(limit).unwrap()))
}

#[test]
fn a_panic_gives_the_permit_back() {
    let limit = at_most(1);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _permit = limit.try_acquire().unwrap();
        panic!("as expected");
    }));
    assert!(panicked.is_err());
    assert!(limit.try_acquire().is_ok());
}

#[test]
fn lowering_the_limit_lets_the_running_finish() {
    let limit = at_most(3);
    let mut running: Vec<_> = (0..3).map(|_| limit.try_acquire_owned().unwrap()).collect();
    limit.set_limit(NonZeroU32::MIN);
    assert_eq!((limit.in_flight(), limit.limit().get()), (3, 1));
    for left in (0..3).rev() {
        assert_eq!(limit.try_acquire().unwrap_err(), Busy::new(1, left + 1, 0));
        assert!(Arc::ptr_eq(running.pop().unwrap().limit(), &limit));
    }
    assert!(limit.try_acquire().is_ok());
}

#[test]
fn never_more_than_the_limit_under_four_threads() {
    let (limit, running) = (at_most(2), AtomicU32::new(0));
    let admitted: u32 = thread::scope(|scope| {
        let job = || {
            let mut admitted = 0;
            for _ in 0..5000 {
                let Ok(_permit) = limit.try_acquire() else { continue };
                assert!(running.fetch_add(1, Ordering::SeqCst) < 2);
                running.fetch_sub(1, Ordering::SeqCst);
                admitted += 1;
            }
            admitted
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(job)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(admitted > 0);
    assert_eq!(limit.in_flight(), 0);
}

#[cfg(feature = "tokio")]
mod waiting {
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::Mutex;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    use steadfast_clock::{Clock, ManualClock, Nanos, TokioTimer};
    use steadfast_ratelimit::InFlight;

    use super::*;

    type Waiter<'a> = Pin<Box<dyn Future<Output = Result<InFlight<'a>, Busy>> + Send + 'a>>;

    fn poll<'a>(waiter: &mut Waiter<'a>) -> Poll<Result<InFlight<'a>, Busy>> {
        waiter.as_mut().poll(&mut Context::from_waker(Waker::noop()))
    }

    fn wait<'a>(limit: &'a Concurrency, deadline: Option<Nanos>, clock: &'a ManualClock) -> Waiter<'a> {
        let mut waiter: Waiter<'a> = Box::pin(limit.acquire(deadline, clock));
        assert!(poll(&mut waiter).is_pending());
        waiter
    }

    #[test]
    fn those_in_line_are_served_in_order_and_never_passed() {
        let (limit, clock) = (at_most(1), ManualClock::new());
        let held = limit.try_acquire().unwrap();
        let (mut first, mut second) = (wait(&limit, None, &clock), wait(&limit, None, &clock));
        assert_eq!(limit.waiting(), 2);
        drop(held);
        assert_eq!(limit.try_acquire().unwrap_err(), Busy::new(1, 0, 2), "the free one is the first waiter's");
        assert!(poll(&mut second).is_pending());
        let Poll::Ready(Ok(held)) = poll(&mut first) else { panic!("it is its turn") };
        assert!(poll(&mut second).is_pending());
        drop(held);
        assert!(poll(&mut second).is_ready());
        assert_eq!(limit.waiting(), 0);
    }

    #[test]
    fn one_that_gives_up_costs_nothing() {
        let (limit, clock) = (at_most(1), ManualClock::new());
        let held = limit.try_acquire().unwrap();
        let (first, mut second) = (wait(&limit, None, &clock), wait(&limit, None, &clock));
        drop(held);
        // It has been told of the room, and leaves without looking.
        drop(first);
        assert!(matches!(poll(&mut second), Poll::Ready(Ok(_))));
        assert_eq!((limit.in_flight(), limit.waiting()), (0, 0));
        assert!(limit.try_acquire().is_ok());
    }

    #[test]
    fn the_deadline_ends_the_wait() {
        let (limit, clock) = (at_most(1), ManualClock::new());
        let held = limit.try_acquire().unwrap();
        let deadline = clock.now().saturating_add(Duration::from_secs(1));
        let mut waiter = wait(&limit, Some(deadline), &clock);
        clock.advance(Duration::from_secs(1));
        assert!(matches!(poll(&mut waiter), Poll::Ready(Err(busy)) if busy == Busy::new(1, 1, 0)));
        drop(held);
        assert!(limit.try_acquire().is_ok());
    }

    #[test]
    fn raising_the_limit_serves_those_in_line() {
        let (limit, clock) = (at_most(1), ManualClock::new());
        let _held = limit.try_acquire().unwrap();
        let mut waiters: Vec<_> = (0..3).map(|_| wait(&limit, None, &clock)).collect();
        limit.set_limit(NonZeroU32::new(3).unwrap());
        let mut served: Vec<_> = waiters.iter_mut().map(poll).collect();
        assert!(served[0].is_ready() && served[1].is_ready() && served[2].is_pending());
        served.clear();
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_gets_through_in_order() {
        let (limit, order) = (at_most(2), Arc::new(Mutex::new(Vec::new())));
        let tasks: Vec<_> = (0..50)
            .map(|i| {
                let (limit, order) = (Arc::clone(&limit), Arc::clone(&order));
                tokio::spawn(async move {
                    let _permit = limit.acquire_owned(None, &TokioTimer::new()).await.unwrap();
                    order.lock().unwrap().push(i);
                    tokio::task::yield_now().await;
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), (0..50).collect::<Vec<_>>());
        assert_eq!((limit.in_flight(), limit.waiting()), (0, 0));
    }
}
