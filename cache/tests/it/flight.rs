//! One call for all: who joins, who leaves, and what is told when it ends in any way.

use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use steadfast_cache::{FlightError, Follower, SingleFlight};
use tokio::runtime::{Builder, Runtime};

use crate::calls::{Calls, Deed, mix, peek, settle};

type Flights = SingleFlight<u32, u32, &'static str>;

/// Joins with a call of the book.
fn join(flights: &Flights, calls: &Calls, key: u32) -> Follower<u32, u32, &'static str> {
    let calls = calls.clone();
    flights.join(key, move || calls.call(key))
}

#[tokio::test]
async fn all_who_ask_meanwhile_are_given_the_same() {
    let (flights, calls) = (Flights::new(), Calls::default());
    let mut followers: Vec<_> = (0..3).map(|_| join(&flights, &calls, 1)).collect();
    settle().await;
    assert!(followers.iter_mut().all(|follower| peek(follower).is_pending()));
    calls.tell(1, Deed::Land(7));
    for follower in &mut followers {
        assert_eq!(follower.await.unwrap(), 7);
    }
    assert_eq!(followers.iter().map(Follower::is_maker).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(calls.book(1), (1, 0, 1));
    assert!(flights.is_empty());
}

#[tokio::test]
async fn the_next_one_after_a_landing_starts_anew() {
    let (flights, calls) = (Flights::new(), Calls::default());
    for value in [1, 2] {
        let follower = join(&flights, &calls, 1);
        settle().await;
        calls.tell(1, Deed::Land(value));
        assert_eq!(follower.await.unwrap(), value);
    }
    assert_eq!(calls.book(1).0, 2);
}

#[tokio::test]
async fn keys_have_flights_of_their_own() {
    let (flights, calls) = (Flights::new(), Calls::default());
    let followers: Vec<_> = (0..100).map(|key| join(&flights, &calls, key)).collect();
    settle().await;
    assert_eq!(flights.len(), 100);
    for (key, follower) in (0..).zip(followers) {
        assert!(calls.tell(key, Deed::Land(key)));
        assert_eq!(follower.await.unwrap(), key);
    }
    assert!(flights.is_empty());
}

#[tokio::test]
async fn a_failure_is_told_to_all_and_not_tried_again() {
    let (flights, calls) = (Flights::new(), Calls::default());
    let [one, two] = [(); 2].map(|()| join(&flights, &calls, 1));
    settle().await;
    calls.tell(1, Deed::Fail("why"));
    assert_eq!(one.await.unwrap_err().failure(), Some(&"why"));
    assert_eq!(two.await.unwrap_err().failure(), Some(&"why"));
    assert_eq!(calls.book(1).0, 1);
}

#[tokio::test]
async fn the_flight_goes_on_when_its_maker_leaves() {
    let (flights, calls) = (Flights::new(), Calls::default());
    let [maker, mut other] = [(); 2].map(|()| join(&flights, &calls, 1));
    settle().await;
    drop(maker);
    let late = join(&flights, &calls, 1); // takes the maker's seat, and is not taken for it
    settle().await;
    calls.tell(1, Deed::Land(7));
    assert_eq!((&mut other).await.unwrap(), 7);
    settle().await;
    assert!(late.has_landed() && !late.is_maker() && !other.is_maker());
    assert_eq!(calls.book(1), (1, 0, 1));
}

#[tokio::test]
async fn the_last_one_to_leave_cancels_it() {
    let (flights, calls) = (Flights::new(), Calls::default());
    let [one, two] = [(); 2].map(|()| join(&flights, &calls, 1));
    settle().await;
    drop(one);
    settle().await;
    assert_eq!(calls.book(1).1, 1);
    drop(two);
    settle().await;
    assert_eq!(calls.book(1), (1, 0, 1));
    assert!(flights.is_empty());
}

#[tokio::test]
async fn what_nobody_waited_for_is_never_begun() {
    let (flights, calls) = (Flights::new(), Calls::default());
    drop(join(&flights, &calls, 1));
    settle().await;
    assert_eq!(calls.book(1).0, 0);
    assert!(flights.is_empty());
}

#[tokio::test]
async fn who_comes_while_it_is_being_cancelled_is_given_a_new_one_and_never_two_run() {
    let (flights, calls) = (Flights::new(), Calls::default());
    let first = join(&flights, &calls, 1);
    settle().await;
    drop(first);
    let second = join(&flights, &calls, 1);
    assert_eq!(calls.book(1), (1, 1, 1)); // the first is still there
    settle().await;
    assert_eq!(calls.book(1), (2, 1, 1));
    calls.tell(1, Deed::Land(2));
    assert_eq!(second.await.unwrap(), 2);
}

#[tokio::test]
async fn a_cancelled_flight_that_lands_all_the_same_is_told_to_who_came_meanwhile() {
    let flights = Flights::new();
    let [leaver, comer] = [(); 2].map(|()| Arc::new(Mutex::new(None)));
    let call = {
        let (flights, leaver, comer) = (flights.clone(), Arc::clone(&leaver), Arc::clone(&comer));
        move || async move {
            drop(leaver.lock().unwrap().take());
            *comer.lock().unwrap() = Some(flights.join(1, || async { Ok(2) }));
            Ok(1)
        }
    };
    *leaver.lock().unwrap() = Some(flights.join(1, call));
    settle().await;
    let comer = comer.lock().unwrap().take().unwrap();
    assert_eq!(comer.await.unwrap(), 1);
    assert!(flights.is_empty());
}

#[tokio::test]
async fn after_a_panic_one_follower_starts_another_for_all() {
    let (flights, calls) = (Flights::new(), Calls::default());
    let mut followers: Vec<_> = (0..4).map(|_| join(&flights, &calls, 1)).collect();
    settle().await;
    calls.tell(1, Deed::Panic);
    settle().await;
    assert_eq!(calls.book(1), (2, 1, 1));
    calls.tell(1, Deed::Land(7));
    for follower in &mut followers {
        assert_eq!(follower.await.unwrap(), 7);
    }
    assert_eq!(followers.iter().filter(|follower| follower.is_maker()).count(), 1);
    assert!(!followers[0].is_maker());
}

#[tokio::test]
async fn a_second_panic_is_told_to_all() {
    let (flights, calls) = (Flights::new(), Calls::default());
    let followers: Vec<_> = (0..4).map(|_| join(&flights, &calls, 1)).collect();
    for _ in 0..2 {
        settle().await;
        assert!(calls.tell(1, Deed::Panic));
    }
    for follower in followers {
        let error = follower.await.unwrap_err();
        assert!(matches!(error, FlightError::Panicked) && error.failure().is_none());
        assert_eq!(error.to_string(), "the call panicked");
    }
    assert_eq!(calls.book(1), (2, 0, 1));
    assert!(flights.is_empty());
}

#[tokio::test]
async fn one_who_is_alone_is_told_of_the_first_panic() {
    let (flights, calls) = (Flights::new(), Calls::default());
    let alone = join(&flights, &calls, 1);
    settle().await;
    calls.tell(1, Deed::Panic);
    assert!(matches!(alone.await, Err(FlightError::Panicked)));
    let next = join(&flights, &calls, 1);
    settle().await;
    calls.tell(1, Deed::Land(7));
    assert_eq!(next.await.unwrap(), 7);
}

#[tokio::test]
async fn a_panic_before_there_is_a_future_is_one_of_the_flight() {
    let flights = Flights::new();
    let first = flights.join(1, || -> std::future::Ready<_> { panic!("as told") });
    let second = flights.join(1, || async { Ok(2) });
    assert_eq!(first.await.unwrap(), 2);
    assert_eq!(second.await.unwrap(), 2);
}

#[tokio::test]
async fn a_panic_while_the_call_is_dropped_is_one_of_the_flight() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("as told");
        }
    }
    let flights = Flights::new();
    let first = flights.join(1, || {
        let bomb = Bomb;
        std::future::poll_fn(move |_| {
            let _held = &bomb;
            Poll::Ready(Ok(1))
        })
    });
    assert!(matches!(first.await, Err(FlightError::Panicked)));
    assert!(flights.is_empty());
}

/// Joins on that runtime, and lets the call begin.
fn join_on(runtime: &Runtime, flights: &Flights, calls: &Calls) -> Follower<u32, u32, &'static str> {
    let follower = {
        let _inside = runtime.enter();
        join(flights, calls, 1)
    };
    runtime.block_on(settle());
    follower
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

#[test]
fn a_flight_whose_runtime_is_shut_down_is_started_again_on_the_runtime_of_a_follower() {
    let (flights, calls) = (Flights::new(), Calls::default());
    let [doomed, other] = [(); 2].map(|()| runtime());
    let first = join_on(&doomed, &flights, &calls);
    let second = join_on(&other, &flights, &calls);
    drop(doomed);
    other.block_on(async {
        settle().await;
        assert_eq!(calls.book(1), (2, 1, 1));
        calls.tell(1, Deed::Land(7));
        assert_eq!(first.await.unwrap(), 7);
        assert_eq!(second.await.unwrap(), 7);
    });
}

#[test]
fn one_who_outlives_the_runtime_is_told_of_it() {
    let (flights, calls) = (Flights::new(), Calls::default());
    let doomed = runtime();
    let mut alone = join_on(&doomed, &flights, &calls);
    drop(doomed);
    let Poll::Ready(Err(error)) = peek(&mut alone) else { panic!("{alone:?}") };
    assert!(matches!(error, FlightError::Aborted));
    assert_eq!(error.to_string(), "the call was aborted: its runtime was shut down");
}

#[test]
fn followers_that_outlive_their_runtime_are_told_of_it() {
    let (flights, calls) = (Flights::new(), Calls::default());
    let doomed = runtime();
    let followers = [(); 3].map(|()| join_on(&doomed, &flights, &calls));
    let handle = doomed.handle().clone();
    drop(doomed);
    for mut follower in followers {
        let Poll::Ready(Err(error)) = peek(&mut follower) else { panic!("{follower:?}") };
        assert!(matches!(error, FlightError::Aborted));
    }
    assert!(flights.is_empty());
    let late = {
        let _inside = handle.enter();
        join(&flights, &calls, 1)
    };
    assert!(late.has_landed() && flights.is_empty());
    assert_eq!(calls.book(1), (1, 0, 1));
}

thread_local! {
    /// Run when a [`Hooked`] key is next hashed on this thread.
    static HOOK: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// A key that lets others go first, just before the board is locked.
#[derive(Clone, PartialEq, Eq)]
struct Hooked;

impl Hash for Hooked {
    fn hash<H: Hasher>(&self, _: &mut H) {
        if let Some(hook) = HOOK.take() {
            hook();
        }
    }
}

#[test]
fn one_who_leaves_while_it_lands_does_not_leave_the_next_one() {
    let (flights, calls, other) = (SingleFlight::<Hooked, _, _>::new(), Calls::default(), Rc::new(runtime()));
    let join = |flights: &SingleFlight<_, _, _>, calls: &Calls| {
        let calls = calls.clone();
        flights.join(Hooked, move || calls.call(1))
    };
    let leaver = {
        let _inside = other.enter();
        join(&flights, &calls)
    };
    let next = Rc::new(RefCell::new(None));
    HOOK.set(Some({
        let (flights, calls, other, next) = (flights.clone(), calls.clone(), Rc::clone(&other), Rc::clone(&next));
        Box::new(move || {
            other.block_on(async {
                settle().await;
                calls.tell(1, Deed::Land(1));
                settle().await;
                *next.borrow_mut() = Some(join(&flights, &calls));
            });
        })
    }));
    drop(leaver);
    let next = next.take().unwrap();
    other.block_on(async {
        settle().await;
        calls.tell(1, Deed::Land(2));
        assert_eq!(next.await.unwrap(), 2);
    });
    assert_eq!(calls.book(1), (2, 0, 1));
}

#[tokio::test]
async fn what_followers_hold_may_use_the_flights_while_it_is_dropped() {
    /// Looks at the board at its end: that must not be locked then.
    struct Nosy(Flights, Arc<AtomicUsize>);
    impl Drop for Nosy {
        fn drop(&mut self) {
            self.1.fetch_add(1 + 10 * self.0.len(), Ordering::Relaxed);
        }
    }
    let (flights, calls, seen) = (Flights::new(), Calls::default(), Arc::new(AtomicUsize::new(0)));
    let nosy = || {
        let (held, calls) = (Nosy(flights.clone(), Arc::clone(&seen)), calls.clone());
        flights.join(1, move || async move {
            let _held = held;
            calls.call(1).await
        })
    };
    let [first, second, third] = [(); 3].map(|()| nosy());
    settle().await;
    drop(second); // its own call, never made
    assert_eq!(seen.load(Ordering::Relaxed), 11);
    drop(first);
    drop(third);
    settle().await; // the call under way, while it is still listed
    assert_eq!(seen.load(Ordering::Relaxed), 33);
}

#[tokio::test]
async fn who_is_woken_may_use_the_flights_at_once() {
    /// Joins anew where it is woken: the board must not be locked then, and the key must be free.
    struct Eager(Flights, Mutex<Vec<Follower<u32, u32, &'static str>>>);
    impl Wake for Eager {
        fn wake(self: Arc<Self>) {
            self.1.lock().unwrap().push(self.0.join(1, || async { Ok(2) }));
        }
    }
    let (flights, calls) = (Flights::new(), Calls::default());
    let eager = Arc::new(Eager(flights.clone(), Mutex::default()));
    let mut follower = join(&flights, &calls, 1);
    let waker = Waker::from(Arc::clone(&eager));
    assert!(Pin::new(&mut follower).poll(&mut Context::from_waker(&waker)).is_pending());
    settle().await;
    calls.tell(1, Deed::Land(1));
    settle().await;
    assert_eq!(follower.await.unwrap(), 1);
    let [next] = std::mem::take(&mut *eager.1.lock().unwrap()).try_into().unwrap();
    assert_eq!(next.await.unwrap(), 2);
}

#[tokio::test]
async fn ten_thousand_who_leave_at_random_make_one_call() {
    let (flights, calls) = (Flights::new(), Calls::default());
    let keeper = join(&flights, &calls, 1);
    let mut followers: Vec<_> = (0..10_000).map(|_| Some(join(&flights, &calls, 1))).collect();
    for turn in 0..20_000 {
        let random = mix(turn);
        let place = usize::try_from(random % 10_000).unwrap();
        followers[place] = if random & (1 << 40) == 0 { None } else { Some(join(&flights, &calls, 1)) };
        if random & (7 << 50) == 0 {
            tokio::task::yield_now().await;
        }
    }
    calls.tell(1, Deed::Land(7));
    for follower in followers.into_iter().flatten().chain([keeper]) {
        assert_eq!(follower.await.unwrap(), 7);
    }
    assert_eq!(calls.book(1), (1, 0, 1));
    assert!(flights.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_on_four_threads_make_one_call() {
    let (flights, calls, joined) = (Flights::new(), Calls::default(), Arc::new(AtomicUsize::new(0)));
    let keeper = join(&flights, &calls, 1);
    let callers: Vec<_> = (0..10_000u64)
        .map(|number| {
            let (flights, calls, joined) = (flights.clone(), calls.clone(), Arc::clone(&joined));
            tokio::spawn(async move {
                for turn in 0..mix(number) % 4 {
                    let mut leaver = join(&flights, &calls, 1);
                    for _ in 0..mix(number + turn) % 3 {
                        assert!(peek(&mut leaver).is_pending());
                        tokio::task::yield_now().await;
                    }
                }
                let stays = join(&flights, &calls, 1);
                joined.fetch_add(1, Ordering::Relaxed);
                stays.await.unwrap()
            })
        })
        .collect();
    while joined.load(Ordering::Relaxed) < callers.len() || calls.book(1).0 == 0 {
        tokio::task::yield_now().await;
    }
    calls.tell(1, Deed::Land(7));
    for caller in callers {
        assert_eq!(caller.await.unwrap(), 7);
    }
    assert_eq!(keeper.await.unwrap(), 7);
    assert_eq!(calls.book(1), (1, 0, 1));
    assert!(flights.is_empty());
}

/// Callers on four threads come, leave, panic and land at will, so that every edge is met: two calls are never under way
/// at once, and each caller that stays is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn threads_at_the_edges_never_see_two_calls_nor_wait_for_none() {
    struct UnderWay(Arc<AtomicUsize>);
    impl Drop for UnderWay {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let (flights, under_way) = (Flights::new(), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..32u64)
        .map(|caller| {
            let (flights, under_way) = (flights.clone(), Arc::clone(&under_way));
            tokio::spawn(async move {
                for round in 0..400 {
                    let random = mix(1000 * caller + round);
                    let under_way = Arc::clone(&under_way);
                    let mut follower = flights.join(1, move || async move {
                        assert_eq!(under_way.fetch_add(1, Ordering::SeqCst), 0, "two at once");
                        let _under_way = UnderWay(under_way);
                        for _ in 0..random % 4 {
                            tokio::task::yield_now().await;
                        }
                        if random % 5 == 0 { std::future::pending().await } else { Ok(7) }
                    });
                    for _ in 0..1 + (random >> 32) % 6 {
                        if let Poll::Ready(told) = peek(&mut follower) {
                            assert_eq!(told.unwrap(), 7);
                        }
                        tokio::task::yield_now().await;
                    }
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
    while !flights.is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(under_way.load(Ordering::SeqCst), 0);
}
