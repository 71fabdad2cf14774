//! The driver without a runtime.

use std::time::Duration;

use steadfast_backoff::{Driver, Policy, Stop, Verdict};
use steadfast_clock::{BlockingTimer, Clock, ManualClock, Nanos};

use crate::machine::Purse;

const SEC: Duration = Duration::from_secs(1);

#[test]
fn a_blocking_call_waits_on_its_thread() {
    let clock = ManualClock::new();
    let start = clock.now();
    let policy = Policy::delivery().with_retries(5);
    let (mut told, purse) = (Vec::new(), Purse::of(9));
    let done = Driver::with_entropy(&policy, &clock, || 0)
        .budget(&purse)
        .on_retry(|retrying| told.push(retrying.wait.delay.as_secs()))
        .run_blocking(|attempt| if attempt <= 5 { Err(503) } else { Ok("updated") }, Verdict::unless_ok)
        .unwrap();
    assert_eq!((done.value, done.attempts, done.total_wait), ("updated", 6, 31 * SEC));
    assert_eq!((clock.now().since(start), told), (31 * SEC, vec![1, 2, 4, 8, 16]));
    assert_eq!((purse.left.into_inner(), purse.deposits.into_inner()), (4, 1));
}

#[test]
fn a_blocking_call_keeps_its_limits() {
    let clock = ManualClock::new();
    let start = clock.now();
    let slow = |_| {
        clock.advance(SEC);
        Err::<(), _>(503)
    };
    let policy = Policy::delivery().with_retries(8);
    let driver = || Driver::with_entropy(&policy, &clock, || 0);
    // 1 busy, 1 wait, 1 busy, 2 wait, 1 busy: 6 s gone, and a wait of 4 s would end at the limit.
    let failed = driver().total_limit(10 * SEC).run_blocking(slow, Verdict::unless_ok).unwrap_err();
    assert_eq!((failed.stop, failed.attempts), (Stop::TotalLimit { needed: 4 * SEC }, 3));
    assert_eq!(clock.now().since(start), 6 * SEC);
    let fatal = driver().run_blocking(slow, |_| Verdict::Fatal).unwrap_err();
    assert_eq!((fatal.stop, fatal.attempts), (Stop::NotRetryable, 1));
}

#[test]
fn a_clock_that_cannot_wake_tasks_is_enough() {
    struct Thread(ManualClock);
    impl Clock for Thread {
        fn now(&self) -> Nanos {
            self.0.now()
        }
    }
    impl BlockingTimer for Thread {
        fn block_until(&self, at: Nanos) {
            self.0.block_until(at);
        }
    }
    let failed = Driver::with_entropy(&Policy::production(), Thread(ManualClock::new()), || 0)
        .run_blocking(|_| Err::<(), _>("locked"), Verdict::unless_ok)
        .unwrap_err();
    assert_eq!(failed.to_string(), "locked (after 4 attempts: attempts used up)");
}
