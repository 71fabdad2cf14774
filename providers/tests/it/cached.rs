//! Answers that are given again: to whom, how it is told, and what is never kept.

mod company;
mod faults;
mod routes;
mod similar;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast_clock::ManualClock;
use steadfast_providers::cache::{Cache, CacheError, CacheKey, Entry, Lifetime, Rule};
use steadfast_providers::{
    BoxFuture, Cached, CachedBuilder, CachedStats, Call, Error, Event, Finish, HitKind, Identity, Message, Provider,
    Reply, ReplyStream, Usage,
};

use crate::rig::{Mode, ask};

/// The store that anyone could write, for any number of tests at once.
#[derive(Clone, Default)]
pub(crate) struct Map(pub(crate) Arc<Mutex<HashMap<CacheKey, Entry>>>);

impl Map {
    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    pub(crate) fn shared(&self) -> Arc<dyn Cache> {
        Arc::new(Store(self.clone()))
    }

    fn change(&self, change: impl Fn(&Entry) -> Entry) {
        self.0.lock().unwrap().values_mut().for_each(|entry| *entry = change(entry));
    }
}

struct Store(Map);

impl Cache for Store {
    fn get<'a, 'b, 'c>(&'a self, key: &'b CacheKey) -> BoxFuture<'c, Result<Option<Entry>, CacheError>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        let found = self.0.0.lock().unwrap().get(key).cloned();
        Box::pin(async { Ok(found) })
    }

    fn put<'a, 'c>(&'a self, key: CacheKey, entry: Entry) -> BoxFuture<'c, Result<bool, CacheError>>
    where
        'a: 'c,
        Self: 'c,
    {
        self.0.0.lock().unwrap().insert(key, entry);
        Box::pin(async { Ok(true) })
    }

    fn remove<'a, 'b, 'c>(&'a self, key: &'b CacheKey) -> BoxFuture<'c, Result<bool, CacheError>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        let found = self.0.0.lock().unwrap().remove(key).is_some();
        Box::pin(async move { Ok(found) })
    }
}

/// A model that counts how often it is asked, and says what it is told to say.
#[derive(Clone)]
pub(crate) struct Oracle {
    name: &'static str,
    events: Arc<Mutex<Vec<Result<Event, Error>>>>,
    asked: Arc<AtomicU64>,
    known: bool,
}

pub(crate) fn usage() -> Usage {
    Usage::new(40, 3, 0, 17, 2)
}

impl Oracle {
    pub(crate) fn new(name: &'static str) -> Self {
        let oracle = Self { name, events: Arc::default(), asked: Arc::default(), known: true };
        oracle.says(["bees ", "buzz"], Finish::Stop)
    }

    /// Does not tell who it is.
    fn unknown(self) -> Self {
        Self { known: false, ..self }
    }

    pub(crate) fn says<const N: usize>(self, texts: [&str; N], finish: Finish) -> Self {
        let mut events = vec![Ok(Event::start(self.name, "m-1", Some("id-1".into())))];
        events.extend(texts.map(|text| Ok(Event::Text(text.to_owned()))));
        events.extend([Ok(Event::Usage(usage())), Ok(Event::Finish(finish))]);
        self.gives(events)
    }

    pub(crate) fn gives(self, events: Vec<Result<Event, Error>>) -> Self {
        *self.events.lock().unwrap() = events;
        self
    }

    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    fn answer(&self) -> ReplyStream {
        self.asked.fetch_add(1, Ordering::Relaxed);
        ReplyStream::from_events(self.events.lock().unwrap().clone())
    }
}

impl Provider for Oracle {
    fn name(&self) -> &str {
        self.name
    }

    fn model(&self) -> &str {
        "m"
    }

    fn identity(&self, _: &Call) -> Option<Identity> {
        self.known.then(|| Identity::new(self.name, "m"))
    }

    fn complete(&self, _: Call) -> BoxFuture<'static, Result<Reply, Error>> {
        let this = self.clone();
        Box::pin(async move {
            // Others may come meanwhile.
            tokio::task::yield_now().await;
            this.answer().collect().await
        })
    }

    fn stream(&self, _: Call) -> BoxFuture<'static, Result<ReplyStream, Error>> {
        let this = self.clone();
        Box::pin(async move { Ok(this.answer()) })
    }
}

fn cached(oracle: &Oracle, map: &Map) -> CachedBuilder {
    Cached::builder(oracle.clone(), map.shared())
}

/// A call whose answer may be kept.
pub(crate) fn call() -> Call {
    Call::new("What keeps bees in the air?").temperature(0.0)
}

const MODES: [Mode; 2] = [Mode::Plain, Mode::Stream];

#[tokio::test]
async fn the_second_call_asks_nobody_whichever_way_it_asks() {
    for (first, second) in MODES.into_iter().flat_map(|first| MODES.map(|second| (first, second))) {
        let (oracle, clock) = (Oracle::new("oracle"), ManualClock::new());
        let llm = cached(&oracle, &Map::default()).clock(clock.clone()).build();
        let asked = ask(&llm, first, call()).await.unwrap();
        assert_eq!(asked.cached, None);
        clock.advance(Duration::from_secs(90));
        let mut again = ask(&llm, second, call()).await.unwrap();
        let hit = again.cached.take().unwrap();
        assert_eq!((hit.kind, hit.age), (HitKind::Exact, Duration::from_secs(90)));
        assert_eq!((hit.tokens_saved, hit.similarity()), (57, None));
        assert!(again.attempts.is_empty());
        let mut told = CachedStats::default();
        (told.hits, told.misses, told.tokens_saved) = (1, 1, 57);
        assert_eq!((oracle.asked(), llm.stats()), (1, told));
        assert_eq!(again, asked, "{first:?} {second:?}");
    }
}

#[tokio::test]
async fn a_stream_is_given_again_as_it_came() {
    let oracle = Oracle::new("oracle").says(["one", "", " two\n", "\u{1f41d}"], Finish::Length);
    let llm = cached(&oracle, &Map::default()).build();
    let mut runs = Vec::new();
    for _ in 0..2 {
        let mut stream = llm.stream(call()).await.unwrap();
        let was_cached = stream.cached().is_some();
        let mut events = Vec::new();
        while let Some(event) = stream.next().await {
            events.push(event.unwrap());
        }
        runs.push((was_cached, events));
    }
    assert_eq!(runs[0].1, runs[1].1);
    assert_eq!((runs[0].0, runs[1].0, oracle.asked()), (false, true, 1));
}

#[tokio::test]
async fn everything_that_reaches_the_provider_counts() {
    let (oracle, map) = (Oracle::new("oracle"), Map::default());
    let llm = cached(&oracle, &map).build();
    let calls = [
        call(),
        Call::new("What keeps bees in the air").temperature(0.0),
        call().message(Message::assistant("wings")),
        call().message(Message::user("wings")),
        call().system(""),
        call().system("Answer in one sentence."),
        call().model("m-2"),
        call().max_tokens(10),
        call().max_tokens(11),
        call().stop("."),
        call().stop(".").stop("!"),
        call().stop("!").stop("."),
        Call::of([]).message(Message::assistant("What keeps bees in the air?")).temperature(0.0),
    ];
    for _ in 0..2 {
        for call in &calls {
            ask(&llm, Mode::Plain, call.clone()).await.unwrap();
        }
    }
    assert_eq!((oracle.asked(), map.len()), (calls.len() as u64, calls.len()));
    // The model that is asked anyhow makes no difference but for its name.
    assert_eq!(llm.complete(call().model("m")).await.unwrap().cached.map(|hit| hit.kind), Some(HitKind::Exact));
}

#[tokio::test]
async fn without_leave_nothing_is_kept() {
    let (oracle, map) = (Oracle::new("oracle"), Map::default());
    let llm = cached(&oracle, &map).build();
    for mode in MODES {
        for call in
            [Call::new("x"), Call::new("x").temperature(0.7), Call::new("x").temperature(f64::NAN), Call::of([])]
        {
            assert_eq!(ask(&llm, mode, call).await.unwrap().cached, None);
        }
    }
    assert_eq!((oracle.asked(), map.len(), llm.stats().bypassed), (8, 0, 8));
    let llm = cached(&oracle, &map).rule(Rule::everything()).build();
    for _ in 0..2 {
        ask(&llm, Mode::Plain, Call::new("x")).await.unwrap();
    }
    assert_eq!(oracle.asked(), 9);
}

#[tokio::test]
async fn what_is_no_whole_answer_is_not_kept() {
    let ends = [Finish::ToolUse, Finish::ContentFilter, Finish::Refusal, Finish::Unknown, Finish::Other("eos".into())];
    for finish in ends {
        for mode in MODES {
            let (oracle, map) = (Oracle::new("oracle").says(["no"], finish.clone()), Map::default());
            let llm = cached(&oracle, &map).build();
            for _ in 0..2 {
                assert_eq!(ask(&llm, mode, call()).await.unwrap().finish, finish);
            }
            assert_eq!((oracle.asked(), map.len()), (2, 0), "{finish}");
        }
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_given_and_not_kept() {
    for mode in MODES {
        let (oracle, map) = (Oracle::new("oracle"), Map::default());
        let llm = cached(&oracle, &map).max_bytes(100).build();
        assert_eq!(ask(&llm, mode, call()).await.unwrap().text(), "bees buzz");
        assert_eq!(map.len(), 0);
    }
}

#[tokio::test]
async fn a_stale_answer_is_given_while_a_new_one_is_asked_for() {
    let (oracle, map, clock) = (Oracle::new("oracle"), Map::default(), ManualClock::new());
    let lifetime = Lifetime::fresh_for(Duration::from_secs(60)).stale_for(Duration::from_secs(60));
    let llm = cached(&oracle, &map).lifetime(lifetime).clock(clock.clone()).build();
    let kind = |reply: Reply| reply.cached.map(|hit| hit.kind);
    assert_eq!(kind(llm.complete(call()).await.unwrap()), None);
    clock.advance(Duration::from_secs(70));
    let new = oracle.clone().says(["they hum"], Finish::Stop);
    let stale = llm.complete(call()).await.unwrap();
    assert_eq!((stale.text().into_owned().as_str(), kind(stale.clone())), ("bees buzz", Some(HitKind::Stale)));
    while new.asked() < 2 || llm.stats().hits < 2 {
        let next = llm.complete(call()).await.unwrap();
        if next.text() == "they hum" {
            assert_eq!(kind(next), Some(HitKind::Exact));
        }
        tokio::task::yield_now().await;
    }
    clock.advance(Duration::from_secs(70));
    // A stream waits for nobody to refresh it.
    let streamed = ask(&llm, Mode::Stream, call()).await.unwrap();
    assert_eq!((streamed.text().into_owned().as_str(), kind(streamed.clone()), oracle.asked()), ("they hum", None, 3));
}

#[test]
fn debug_shows_no_contents() {
    let llm = cached(&Oracle::new("oracle"), &Map::default()).scope("canary").build();
    let shown = format!("{llm:?} {:?}", Identity::new("p", "m").address("http://canary").account("canary"));
    assert!(shown.contains("oracle") && shown.contains("p/m") && !shown.contains("canary"), "{shown}");
}
