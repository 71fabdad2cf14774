//! Calls that ask the same at the same time.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use steadfast_clock::{Clock, ManualClock, shared};
use steadfast_providers::cache::MemoryCache;
use steadfast_providers::pool::CallContext;
use steadfast_providers::{Cached, Call, Error, ErrorKind, HitKind, Provider};

use super::{Map, Oracle, cached, call};

/// So many at once.
async fn crowd(llm: &Cached, size: usize, call: Call) -> Vec<Result<steadfast_providers::Reply, Error>> {
    let calls: Vec<_> = (0..size).map(|_| tokio::spawn(llm.complete(call.clone()))).collect();
    let mut replies = Vec::new();
    for call in calls {
        replies.push(call.await.unwrap());
    }
    replies
}

#[tokio::test]
async fn a_crowd_is_one_call() {
    let (oracle, map) = (Oracle::new("oracle"), Map::default());
    let llm = cached(&oracle, &map).build();
    let replies = crowd(&llm, 1000, call()).await;
    let mut replies: Vec<_> = replies.into_iter().map(Result::unwrap).collect();
    let asked = replies.iter().position(|reply| reply.cached.is_none()).unwrap();
    let asked = replies.swap_remove(asked);
    for reply in &replies {
        assert_eq!(reply.cached.map(|hit| hit.kind), Some(HitKind::Shared));
        assert_eq!((&reply.text(), reply.usage), (&asked.text(), asked.usage));
    }
    let stats = llm.stats();
    assert_eq!((oracle.asked(), stats.misses, stats.shared, stats.tokens_saved), (1, 1, 999, 999 * 57));
}

#[tokio::test]
async fn a_failure_is_told_to_all_and_not_kept() {
    let failing = Oracle::new("oracle").gives(vec![Err(Error::new(ErrorKind::Overloaded, "oracle", "busy"))]);
    let map = Map::default();
    let llm = cached(&failing, &map).build();
    for reply in crowd(&llm, 10, call()).await {
        let error = reply.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Overloaded, "oracle: busy"));
    }
    assert_eq!((failing.asked(), map.len()), (1, 0));
    assert!(llm.complete(call()).await.is_err());
    assert_eq!(failing.asked(), 2);
}

#[tokio::test]
async fn calls_with_a_deadline_ask_for_themselves_unless_there_is_a_timer() {
    let clock = ManualClock::new();
    let timely = || call().context(CallContext::new().deadline(clock.now().saturating_add(Duration::from_secs(5))));
    let oracle = Oracle::new("oracle");
    let llm = cached(&oracle, &Map::default()).build();
    crowd(&llm, 10, timely()).await;
    assert!((2..=10).contains(&oracle.asked()), "{}", oracle.asked());
    assert!(llm.complete(timely()).await.unwrap().cached.is_some());

    let oracle = Oracle::new("oracle");
    let llm = cached(&oracle, &Map::default()).timer(shared(clock.clone())).build();
    crowd(&llm, 10, timely()).await;
    assert_eq!(oracle.asked(), 1);
}

#[tokio::test]
async fn each_leaves_at_its_own_deadline() {
    let clock = ManualClock::new();
    let oracle = Oracle::new("oracle");
    let llm = cached(&oracle, &Map::default()).timer(shared(clock.clone())).build();
    let at = clock.now().saturating_add(Duration::from_secs(5));
    let mut hurried = pin!(llm.complete(call().context(CallContext::new().deadline(at))));
    let mut patient = pin!(llm.complete(call()));
    let mut cx = Context::from_waker(Waker::noop());
    assert!(hurried.as_mut().poll(&mut cx).is_pending());
    assert!(patient.as_mut().poll(&mut cx).is_pending());
    clock.advance(Duration::from_secs(5));
    assert_eq!(hurried.await.unwrap_err().kind(), ErrorKind::Deadline);
    assert_eq!(patient.await.unwrap().text(), "bees buzz");
    assert_eq!(oracle.asked(), 1);
}

#[tokio::test]
async fn the_tier_in_memory_serves() {
    let oracle = Oracle::new("oracle");
    let llm = Cached::builder(oracle.clone(), Arc::new(MemoryCache::new(100).unwrap())).build();
    for _ in 0..3 {
        llm.complete(call()).await.unwrap();
    }
    assert_eq!(oracle.asked(), 1);
}
