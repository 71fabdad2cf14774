//! The laws of two tiers as one.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use proptest::collection::vec;
use proptest::prelude::*;
use steadfast_cache::{Cache, CacheError, CacheKey, Entry, Tiered};
use steadfast_clock::UnixNanos;

/// A map that takes its time before it acts and after it did.
#[derive(Clone, Default)]
struct Unhurried(Arc<Mutex<HashMap<CacheKey, Entry>>>);

/// Ready when it is polled again.
#[derive(Default)]
struct Later(bool);

impl Future for Later {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Unhurried {
    async fn does<T>(&self, what: impl FnOnce(&mut HashMap<CacheKey, Entry>) -> T) -> T {
        Later::default().await;
        let told = what(&mut self.0.lock().unwrap());
        Later::default().await;
        told
    }

    fn holds(&self, key: &CacheKey) -> Option<Entry> {
        self.0.lock().unwrap().get(key).cloned()
    }
}

#[async_trait]
impl Cache for Unhurried {
    async fn get(&self, key: &CacheKey) -> Result<Option<Entry>, CacheError> {
        Ok(self.does(|map| map.get(key).cloned()).await)
    }

    async fn put(&self, key: CacheKey, entry: Entry) -> Result<bool, CacheError> {
        self.does(|map| map.insert(key, entry)).await;
        Ok(true)
    }

    async fn remove(&self, key: &CacheKey) -> Result<bool, CacheError> {
        Ok(self.does(|map| map.remove(key).is_some()).await)
    }
}

fn key(number: u8) -> CacheKey {
    CacheKey::from_bytes([number; 32])
}

/// One of the three calls, with an answer that no other call gives.
async fn call(cache: Tiered<Unhurried, Unhurried>, number: u8, what: u8, answer: u64) {
    let entry = Entry::new(answer.to_string(), UnixNanos::EPOCH);
    match what {
        0 | 1 => drop(cache.get(&key(number)).await.unwrap()),
        2 => assert!(cache.put(key(number), entry).await.unwrap()),
        _ => drop(cache.remove(&key(number)).await.unwrap()),
    }
}

proptest! {
    /// However calls overlap, when nobody is at work the fast tier has nothing but what the slow one has.
    #[test]
    fn the_fast_tier_is_never_behind(
        stored in vec(any::<bool>(), 2),
        calls in vec((0u8..2, 0u8..4), 0..12),
        turns in vec((any::<prop::sample::Index>(), 1usize..12), 0..80),
    ) {
        let (fast, slow) = (Unhurried::default(), Unhurried::default());
        for (number, _) in (0..).zip(stored).filter(|(_, stored)| *stored) {
            slow.0.lock().unwrap().insert(key(number), Entry::new("old", UnixNanos::EPOCH));
        }
        let cache = Tiered::new(fast.clone(), slow.clone());
        let mut going: Vec<Pin<Box<dyn Future<Output = ()>>>> = Vec::new();
        let mut calls = (0..).zip(calls);
        let mut cx = Context::from_waker(Waker::noop());
        // At most four at a time; each turn one of them goes on for some steps.
        for (turn, steps) in turns {
            while going.len() < 4 {
                let Some((answer, (number, what))) = calls.next() else { break };
                going.push(Box::pin(call(cache.clone(), number, what, answer)));
            }
            if going.is_empty() {
                break;
            }
            let at = turn.index(going.len());
            if (0..steps).any(|_| going[at].as_mut().poll(&mut cx).is_ready()) {
                drop(going.swap_remove(at));
            }
        }
        for mut rest in going {
            while rest.as_mut().poll(&mut cx).is_pending() {}
        }
        for number in 0..2 {
            let in_fast = fast.holds(&key(number));
            prop_assert!(in_fast.is_none() || in_fast == slow.holds(&key(number)));
        }
    }
}
