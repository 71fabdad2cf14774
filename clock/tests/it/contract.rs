//! What users may rely on at compile time, and what every clock must do.

use std::sync::Arc;
use std::time::Duration;

use steadfast_clock::{
    BlockingTimer, BoxSleep, Clock, Coarse, ManualClock, ManualCoarse, ManualSleep, Nanos, SharedTimer, System, Timer,
    TokioSleep, TokioTimeout, TokioTimeouts, TokioTimer, Tsc, UnixNanos, Wall, shared,
};

fn send_sync<T: Send + Sync>() {}

#[test]
fn handles_are_send_sync_and_traits_are_dyn_compatible() {
    send_sync::<Nanos>();
    send_sync::<UnixNanos>();
    send_sync::<System>();
    send_sync::<TokioTimer>();
    send_sync::<TokioSleep>();
    send_sync::<TokioTimeouts>();
    send_sync::<TokioTimeout>();
    send_sync::<ManualClock>();
    send_sync::<ManualSleep>();
    send_sync::<ManualCoarse>();
    send_sync::<Coarse>();
    send_sync::<Tsc>();
    send_sync::<SharedTimer>();
    let _: Arc<dyn Clock + Send + Sync> = Arc::new(System::new());
    let _: Arc<dyn Wall + Send + Sync> = Arc::new(System::new());
    let _: Arc<dyn BlockingTimer + Send + Sync> = Arc::new(Tsc::new());
    let _: Arc<dyn Timer<Sleep = BoxSleep>> = shared(TokioTimer::new());
}

#[test]
fn successive_reads_never_go_backwards() {
    fn check(clock: &dyn Clock) {
        let mut last = clock.now();
        for _ in 0..1000 {
            let now = clock.now();
            assert!(now >= last);
            last = now;
        }
    }
    check(&System::new());
    check(&TokioTimer::new());
    check(&TokioTimeouts::new());
    check(&ManualClock::new());
    check(&ManualClock::new().coarse(Duration::from_millis(1)));
    check(&Coarse::start(Duration::from_millis(1)).unwrap());
    check(&Tsc::new());
}

#[test]
fn the_system_calendar_is_past_2026() {
    assert!(System::new().wall() > UnixNanos::from_secs(1_767_225_600));
}

#[tokio::test(start_paused = true)]
async fn tokio_sleeps_follow_paused_time() {
    let timer = TokioTimer::new();
    let at = timer.now().saturating_add(Duration::from_secs(3600));
    timer.sleep_until(at).await;
    assert!(timer.now() >= at);
    assert!(timer.now().since(at) < Duration::from_secs(1));
}

#[test]
fn a_runtime_that_was_paused_before_the_first_read_of_another_keeps_time() {
    let paused = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let timer = TokioTimer::new();
    std::thread::spawn(move || timer.now()).join().unwrap();
    paused.block_on(async {
        let at = timer.now().saturating_add(Duration::from_nanos(1_000_001));
        timer.sleep_until(at).await;
        assert!(timer.now() >= at);
    });
}

#[test]
fn blocking_on_a_manual_clock_moves_it() {
    let clock = ManualClock::new();
    let at = clock.now().saturating_add(Duration::from_secs(5));
    clock.block_until(at);
    assert_eq!(clock.now(), at);
    clock.block_until(at.saturating_sub(Duration::from_secs(1)));
    assert_eq!(clock.now(), at);
}
