//! Waits that are given up: what is left of them serves the next, and never ends it early or late.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use steadfast_clock::{Clock, Timer, TokioTimeout, TokioTimeouts};
use tokio::runtime::{Builder, Runtime};

/// Begins a wait and gives it up.
async fn give_up(timer: &TokioTimeouts, after: Duration) {
    let mut wait = pin!(timer.sleep_until(timer.now().saturating_add(after)));
    let pending = poll_fn(|cx| Poll::Ready(wait.as_mut().poll(cx).is_pending())).await;
    assert!(pending);
}

/// Waits to the end.
async fn sit_out(timer: &TokioTimeouts, length: Duration) {
    let at = timer.now().saturating_add(length);
    timer.sleep_until(at).await;
    let late = timer.now().since(at);
    assert!(timer.now() >= at && late <= Duration::from_millis(2), "{length:?}: {late:?} late");
}

fn paused() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// Waits of these lengths, in milliseconds, each after so many that were given up; each ends when it is due.
async fn check(given_up: &[u64], waits: &[u64]) {
    let timer = TokioTimeouts::new();
    for length in waits {
        for given_up in given_up {
            give_up(&timer, Duration::from_millis(*given_up)).await;
        }
        sit_out(&timer, Duration::from_millis(*length)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_when_it_is_due_whatever_was_given_up_before() {
    for given_up in [&[][..], &[50], &[60_000], &[10, 60_000], &[60_000, 10], &[1, 2, 3, 4]] {
        check(given_up, &[20, 60_000, 70_000, 5, 61_000, 3_600_000]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_the_past_ends_at_once_and_one_for_ever_does_not() {
    let timer = TokioTimeouts::new();
    give_up(&timer, Duration::from_secs(60)).await;
    let before = timer.now();
    timer.sleep_until(before.saturating_sub(Duration::from_secs(5))).await;
    assert!(timer.now().since(before) <= Duration::from_millis(2));
    give_up(&timer, Duration::MAX).await;
}

#[derive(Default)]
struct Woken(AtomicU32);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_given_up_wakes_whom_it_serves_now() {
    let timer = TokioTimeouts::new();
    give_up(&timer, Duration::from_secs(10)).await;
    let mut wait = timer.sleep_until(timer.now().saturating_add(Duration::from_secs(10)));
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let poll = |wait: &mut TokioTimeout| Pin::new(wait).poll(&mut Context::from_waker(&waker));
    assert!(poll(&mut wait).is_pending());
    tokio::time::advance(Duration::from_secs(11)).await;
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert!(poll(&mut wait).is_ready());
}

#[test]
fn what_was_given_up_in_one_runtime_is_not_met_in_another() {
    let timer = TokioTimeouts::new();
    let first = paused();
    first.block_on(give_up(&timer, Duration::from_secs(60)));
    let second = paused();
    second.block_on(async {
        sit_out(&timer, Duration::from_secs(61)).await;
        give_up(&timer, Duration::from_secs(60)).await;
    });
    drop(second);
    first.block_on(sit_out(&timer, Duration::from_millis(1)));
    drop(first);
}

#[test]
fn a_wait_may_outlive_its_runtime() {
    let timer = TokioTimeouts::new();
    let runtime = paused();
    let mut outlives = None;
    runtime.block_on(async {
        let mut wait = Box::pin(timer.sleep_until(timer.now().saturating_add(Duration::from_secs(60))));
        assert!(poll_fn(|cx| Poll::Ready(wait.as_mut().poll(cx).is_pending())).await);
        outlives = Some(wait);
    });
    drop(runtime);
    drop(outlives);
    paused().block_on(sit_out(&timer, Duration::from_secs(1)));
}
