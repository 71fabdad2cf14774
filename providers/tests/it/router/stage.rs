//! Providers that do what they are told, at the time that they are told, on a manual clock.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use steadfast_clock::{BoxSleep, Clock, ManualClock, Timer};
use steadfast_providers::{
    BoxFuture, Call, Capabilities, Error, ErrorKind, Event, EventSource, Finish, Identity, Provider, Reply,
    ReplyStream, Usage,
};

/// What a player does when it is asked.
#[derive(Clone)]
pub(crate) struct Act {
    after: Duration,
    events: Vec<Result<Event, Error>>,
}

impl Act {
    /// Says this at once, and ends well.
    pub(crate) fn says(texts: &[&str]) -> Self {
        Self::of(texts, Ok(Event::Finish(Finish::Stop)))
    }

    /// Says this at once, and breaks off.
    pub(crate) fn breaks(texts: &[&str], kind: ErrorKind) -> Self {
        Self::of(texts, Err(Error::new(kind, "player", "broke off")))
    }

    /// Fails before it says anything.
    pub(crate) fn fails(kind: ErrorKind) -> Self {
        Self::breaks(&[], kind)
    }

    /// Gives these events between start and end.
    pub(crate) fn gives(events: impl IntoIterator<Item = Event>, last: Result<Event, Error>) -> Self {
        Self { after: Duration::ZERO, events: events.into_iter().map(Ok).chain([last]).collect() }
    }

    fn of(texts: &[&str], last: Result<Event, Error>) -> Self {
        let texts = texts.iter().map(|text| Event::Text((*text).to_owned()));
        Self::gives(texts.chain([Event::Usage(Usage::new(10, 0, 0, 5, 0))]), last)
    }

    /// Waits before that.
    pub(crate) fn after(self, ms: u64) -> Self {
        Self { after: Duration::from_millis(ms), ..self }
    }
}

/// A provider that acts one act after the other, the last one again and again.
#[derive(Clone)]
pub(crate) struct Player {
    name: &'static str,
    clock: ManualClock,
    acts: Arc<Mutex<VecDeque<Act>>>,
    calls: Arc<Mutex<Vec<Call>>>,
    /// How many of its answers were dropped before their end.
    pub(crate) dropped: Arc<AtomicU64>,
    key: Arc<Mutex<Option<&'static str>>>,
    continues: bool,
}

impl Player {
    pub(crate) fn new(name: &'static str, clock: &ManualClock, acts: impl IntoIterator<Item = Act>) -> Self {
        let acts = Arc::new(Mutex::new(acts.into_iter().collect()));
        let clock = clock.clone();
        Self {
            name,
            clock,
            acts,
            calls: Arc::default(),
            dropped: Arc::default(),
            key: Arc::default(),
            continues: false,
        }
    }

    pub(crate) fn continuing(self) -> Self {
        Self { continues: true, ..self }
    }

    /// Tells who it is, by this key.
    pub(crate) fn key(&self, key: &'static str) {
        *self.key.lock().unwrap() = Some(key);
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    pub(crate) fn asked(&self) -> usize {
        self.calls.lock().unwrap().len()
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn next(&self, call: Call) -> Playing {
        self.calls.lock().unwrap().push(call);
        let mut acts = self.acts.lock().unwrap();
        let act = if acts.len() > 1 { acts.pop_front() } else { acts.front().cloned() };
        let act = act.unwrap();
        let sleep: BoxSleep = Box::pin(self.clock.sleep_until(self.clock.now().saturating_add(act.after)));
        let start = Ok(Event::start(self.name, "m", None));
        let events = [start].into_iter().chain(act.events).collect();
        Playing { events, sleep: Some(sleep), dropped: Arc::clone(&self.dropped) }
    }
}

impl Provider for Player {
    fn name(&self) -> &str {
        self.name
    }

    fn model(&self) -> &str {
        "m"
    }

    fn identity(&self, _: &Call) -> Option<Identity> {
        self.key.lock().unwrap().map(|key| Identity::new(self.name, "m").account(key))
    }

    fn capabilities(&self) -> Capabilities {
        let mut can = Capabilities::default();
        can.continues = self.continues;
        can
    }

    fn complete(&self, call: Call) -> BoxFuture<'static, Result<Reply, Error>> {
        let stream = ReplyStream::new(self.next(call));
        Box::pin(stream.collect())
    }

    fn stream(&self, call: Call) -> BoxFuture<'static, Result<ReplyStream, Error>> {
        let stream = ReplyStream::new(self.next(call));
        Box::pin(async { Ok(stream) })
    }
}

/// The start comes at once, the rest after the wait.
struct Playing {
    events: VecDeque<Result<Event, Error>>,
    sleep: Option<BoxSleep>,
    dropped: Arc<AtomicU64>,
}

impl EventSource for Playing {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Event, Error>>> {
        if matches!(self.events.front(), Some(Ok(Event::Start { .. }))) {
            return Poll::Ready(self.events.pop_front());
        }
        if let Some(sleep) = &mut self.sleep {
            if sleep.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.sleep = None;
        }
        Poll::Ready(self.events.pop_front())
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        if !self.events.is_empty() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Runs a future to its end, and moves the clock on by 10 ms whenever it waits.
pub(crate) fn run<F: Future>(clock: &ManualClock, future: F) -> F::Output {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..100_000 {
        match future.as_mut().poll(&mut cx) {
            Poll::Ready(output) => return output,
            Poll::Pending => clock.advance(Duration::from_millis(10)),
        };
    }
    panic!("it waits for something else than time");
}

pub(crate) fn refused(kind: ErrorKind, after_ms: u64) -> Act {
    Act::fails(kind).after(after_ms)
}
