//! The laws of the flights, over whatever callers do.

use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use steadfast_cache::{FlightError, Follower, SingleFlight};

use crate::calls::{Calls, Deed, settle};

#[derive(Clone, Debug)]
enum Step {
    Join(u32),
    /// The one at this place, counted around.
    Leave(usize),
    Poll(usize),
    Tell(u32, Deed),
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    let deed = prop_oneof![4 => (0u32..100).prop_map(Deed::Land), 1 => Just(Deed::Fail("why")), 2 => Just(Deed::Panic)];
    prop_oneof![
        4 => (0u32..2).prop_map(Step::Join),
        2 => any::<usize>().prop_map(Step::Leave),
        2 => any::<usize>().prop_map(Step::Poll),
        2 => ((0u32..2), deed).prop_map(|(key, deed)| Step::Tell(key, deed)),
        3 => Just(Step::Settle),
    ]
}

/// Counts how often it was woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

struct Caller {
    key: u32,
    follower: Follower<u32, u32, &'static str>,
    bell: Arc<Bell>,
    waits: bool,
}

impl Caller {
    fn poll(&mut self) -> Option<Result<u32, FlightError<&'static str>>> {
        let waker = Waker::from(Arc::clone(&self.bell));
        match Pin::new(&mut self.follower).poll(&mut Context::from_waker(&waker)) {
            std::task::Poll::Ready(told) => Some(told),
            std::task::Poll::Pending => {
                self.waits = true;
                None
            }
        }
    }
}

proptest! {
    /// Whatever callers and calls do, and in whatever order: two calls of a key are never under way at once, one is while
    /// any caller waits and none otherwise, whoever waited is woken, and all are told what a call was told to bring.
    #[test]
    fn exactly_one_call_while_anyone_waits(steps in vec(step(), 0..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (flights, calls) = (SingleFlight::<u32, u32, &'static str>::new(), Calls::default());
            let mut callers: Vec<Caller> = Vec::new();
            let mut landed: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
            let mut joined = [0, 0];
            for step in steps.into_iter().chain([Step::Settle]) {
                match step {
                    Step::Join(key) => {
                        let book = calls.clone();
                        let follower = flights.join(key, move || book.call(key));
                        callers.push(Caller { key, follower, bell: Arc::default(), waits: false });
                        joined[key as usize] += 1;
                    }
                    Step::Leave(at) if !callers.is_empty() => drop(callers.swap_remove(at % callers.len())),
                    Step::Poll(at) if !callers.is_empty() => {
                        let at = at % callers.len();
                        let _ = callers[at].poll();
                    }
                    Step::Tell(key, deed) => {
                        let told = calls.tell(key, deed);
                        if let (true, Deed::Land(value)) = (told, deed) {
                            landed.entry(key).or_default().push(value);
                        }
                    }
                    Step::Settle => settle().await,
                    Step::Leave(_) | Step::Poll(_) => continue,
                }
                for key in 0..2 {
                    let (begun, _, most) = calls.book(key);
                    prop_assert!(most <= 1, "{most} calls at once");
                    prop_assert!(begun <= joined[key as usize], "more calls than callers");
                }
                if !matches!(step, Step::Settle) {
                    continue;
                }
                for key in 0..2 {
                    let waiting = callers.iter().any(|caller| caller.key == key && !caller.follower.has_landed());
                    prop_assert_eq!(calls.book(key).1, usize::from(waiting), "calls under way");
                }
                for caller in &mut callers {
                    if !caller.follower.has_landed() {
                        continue;
                    }
                    prop_assert!(!caller.waits || caller.bell.0.load(Ordering::Relaxed) > 0, "not woken");
                    match caller.poll() {
                        Some(Ok(value)) => prop_assert!(landed[&caller.key].contains(&value)),
                        Some(Err(FlightError::Failed(error))) => prop_assert_eq!(*error, "why"),
                        Some(Err(FlightError::Panicked)) => {}
                        other => prop_assert!(false, "{:?}", other),
                    }
                }
            }
            drop(callers);
            settle().await;
            prop_assert!(flights.is_empty(), "something is left");
            Ok(())
        })?;
    }
}
