//! The manual clock: order of waking, cancellation, calendar.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, ManualSleep, Timer, UnixNanos, Wall};

struct Note(u32, Arc<Mutex<Vec<u32>>>);

impl Wake for Note {
    fn wake(self: Arc<Self>) {
        self.1.lock().unwrap().push(self.0);
    }
}

fn poll(sleep: &mut ManualSleep, waker: &Waker) -> Poll<()> {
    Pin::new(sleep).poll(&mut Context::from_waker(waker))
}

#[test]
fn wakes_in_order_of_due_time_then_of_first_poll() {
    let clock = ManualClock::new();
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut sleeps: Vec<_> = [3, 1, 2, 1]
        .iter()
        .enumerate()
        .map(|(i, secs)| {
            let mut sleep = clock.sleep_until(clock.now().saturating_add(Duration::from_secs(*secs)));
            let waker = Waker::from(Arc::new(Note(u32::try_from(i).unwrap(), Arc::clone(&order))));
            assert_eq!(poll(&mut sleep, &waker), Poll::Pending);
            sleep
        })
        .collect();
    assert_eq!(clock.waiting(), 4);
    let due: Vec<_> = clock.waiters().iter().map(|at| at.since(clock.now()).as_secs()).collect();
    assert_eq!(due, [1, 1, 2, 3]);
    clock.advance(Duration::from_secs(2));
    assert_eq!(*order.lock().unwrap(), [1, 3, 2]);
    assert_eq!(clock.advance_to_next(), Some(Duration::from_secs(1)));
    assert_eq!(*order.lock().unwrap(), [1, 3, 2, 0]);
    for sleep in &mut sleeps {
        assert_eq!(poll(sleep, Waker::noop()), Poll::Ready(()));
    }
    assert_eq!(clock.advance_to_next(), None);
}

#[test]
fn a_dropped_sleep_is_forgotten() {
    let clock = ManualClock::new();
    let mut sleep = clock.sleep_until(clock.now().saturating_add(Duration::from_secs(1)));
    assert_eq!(poll(&mut sleep, Waker::noop()), Poll::Pending);
    assert_eq!(clock.next_due(), Some(clock.now().saturating_add(Duration::from_secs(1))));
    drop(sleep);
    assert_eq!(clock.waiting(), 0);
    assert_eq!(clock.next_due(), None);
}

#[test]
fn the_calendar_can_jump_while_time_goes_on() {
    let clock = ManualClock::new();
    let before = clock.now();
    clock.set_wall(UnixNanos::from_secs(86_400));
    assert_eq!(clock.now(), before);
    clock.advance(Duration::from_secs(2));
    assert_eq!(clock.wall(), UnixNanos::from_secs(86_402));
}
