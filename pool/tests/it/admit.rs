//! Who else admits attempts: asked before each, told of each, and never left in doubt about one that was not made.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use steadfast_clock::{Clock, Nanos, SharedTimer};
use steadfast_pool::breaker::Rule;
use steadfast_pool::mock::{MockFault, MockPool, MockReply, MockResponse, When};
use steadfast_pool::{
    Admit, AdmitFuture, Answer, CallContext, Entry, ErrorKind, Hedging, Pass, Pool, Reached, Refused, Request,
    TransportErrorKind,
};

/// Admits after a while, or refuses, and writes down what it is asked and told.
struct Doorman {
    timer: SharedTimer,
    after: Duration,
    refuses_from: u32,
    book: Arc<Mutex<Vec<String>>>,
}

impl Doorman {
    fn new(pool: &Pool) -> Self {
        Self { timer: Arc::clone(pool.timer()), after: Duration::ZERO, refuses_from: u32::MAX, book: Arc::default() }
    }

    fn after(mut self, after: Duration) -> Self {
        self.after = after;
        self
    }

    fn refuses_from(mut self, attempt: u32) -> Self {
        self.refuses_from = attempt;
        self
    }

    fn arc(self) -> (Arc<Self>, Arc<Mutex<Vec<String>>>) {
        let book = Arc::clone(&self.book);
        (Arc::new(self), book)
    }
}

impl Admit for Doorman {
    fn admit(&self, entry: Entry) -> AdmitFuture<'_> {
        Box::pin(async move {
            let deadline = if entry.deadline.is_some() { " by the deadline" } else { "" };
            note(&self.book, format!("asked {}{deadline}", entry.attempt));
            if entry.attempt >= self.refuses_from {
                return Err(Refused::new("the doorman says no").retry_in(Some(Duration::from_secs(7))));
            }
            if self.after > Duration::ZERO {
                self.timer.sleep_until(self.timer.now().saturating_add(self.after)).await;
            }
            Ok(Box::new(Slip { book: Arc::clone(&self.book), told: false }) as Box<dyn Pass>)
        })
    }
}

struct Slip {
    book: Arc<Mutex<Vec<String>>>,
    told: bool,
}

impl Pass for Slip {
    fn answered(mut self: Box<Self>, answer: &Answer<'_>) {
        self.told = true;
        let left = answer.headers.get("left").map_or("-", |left| left.to_str().unwrap());
        note(&self.book, format!("{} left {left} body {}", answer.status, answer.body.len()));
    }

    fn failed(mut self: Box<Self>, reached: Reached) {
        self.told = true;
        note(&self.book, format!("failed {reached:?}"));
    }
}

impl Drop for Slip {
    fn drop(&mut self) {
        if !self.told {
            note(&self.book, String::from("dropped"));
        }
    }
}

fn note(book: &Mutex<Vec<String>>, line: String) {
    book.lock().unwrap().push(line);
}

fn pool(replies: impl IntoIterator<Item = MockReply>) -> MockPool {
    let pool = MockPool::new();
    let route = pool.when(When::any());
    replies.into_iter().for_each(|reply| drop(route.then(reply)));
    pool
}

fn get() -> Request {
    Request::get("http://host/").unwrap()
}

fn in_secs(pool: &MockPool, secs: u64) -> Nanos {
    pool.timer().now().saturating_add(Duration::from_secs(secs))
}

#[tokio::test]
async fn every_attempt_is_admitted_anew_and_told() {
    let refused = MockFault::new(TransportErrorKind::Refused, Reached::NotConnected);
    let replies = [refused.into(), MockResponse::status(429).header("left", "0").body("no").into()];
    let pool = pool(replies.into_iter().chain([MockResponse::status(200).header("left", "9").body("yes").into()]));
    let (doorman, book) = Doorman::new(&pool).arc();
    let context = CallContext::new().deadline(in_secs(&pool, 100));
    pool.execute(get().context(context).admit(doorman)).await.unwrap();
    let told = [
        "asked 1 by the deadline",
        "failed NotConnected",
        "asked 2 by the deadline",
        "429 left 0 body 2",
        "asked 3 by the deadline",
        "200 left 9 body 3",
    ];
    assert_eq!(*book.lock().unwrap(), told);
}

#[tokio::test]
async fn of_a_stream_the_head_is_told() {
    let pool = pool([MockResponse::status(200).header("left", "3").body("much to read").into()]);
    let (doorman, book) = Doorman::new(&pool).arc();
    let streaming = pool.stream(get().admit(doorman)).await.unwrap();
    assert_eq!(*book.lock().unwrap(), ["asked 1", "200 left 3 body 0"]);
    drop(streaming);
}

#[tokio::test]
async fn a_refusal_ends_the_call_and_says_when_to_come_back() {
    let pool = pool([MockResponse::status(503).into()]);
    let (doorman, book) = Doorman::new(&pool).refuses_from(2).arc();
    let error = pool.execute(get().admit(doorman)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    assert_eq!(error.attempts().len(), 1);
    assert!(error.to_string().contains("the doorman says no; nothing was sent"), "{error}");
    assert_eq!(*book.lock().unwrap(), ["asked 1", "503 left - body 0", "asked 2"]);
}

#[tokio::test]
async fn a_wait_is_counted_and_comes_too_late_with_the_deadline() {
    let pool = pool([MockResponse::status(200).into()]);
    let (doorman, book) = Doorman::new(&pool).after(Duration::from_secs(5)).arc();
    pool.execute(get().admit(doorman.clone())).await.unwrap();
    let wait = pool.metrics().limit_wait;
    assert_eq!((wait.count, wait.total), (1, Duration::from_secs(5)));
    book.lock().unwrap().clear();
    let context = CallContext::new().deadline(in_secs(&pool, 5));
    let error = pool.execute(get().context(context).admit(doorman)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Deadline);
    assert_eq!(*book.lock().unwrap(), ["asked 1 by the deadline", "failed NotConnected"]);
}

#[tokio::test]
async fn an_open_breaker_gives_leave_back_and_lets_nobody_wait() {
    let rule = Rule::default().consecutive(1);
    let pool = MockPool::build(|pool| pool.breaker(rule)).unwrap();
    pool.when(When::any()).always(MockResponse::status(500));
    pool.execute(get()).await.unwrap();
    let (doorman, book) = Doorman::new(&pool).arc();
    let error = pool.execute(get().admit(doorman)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BreakerOpen);
    assert_eq!(*book.lock().unwrap(), ["asked 1", "failed NotConnected"]);
    let before = pool.clock().now();
    let (doorman, book) = Doorman::new(&pool).after(Duration::from_secs(5)).arc();
    let error = pool.execute(get().admit(doorman)).await.unwrap_err();
    assert_eq!((error.kind(), pool.clock().now()), (ErrorKind::BreakerOpen, before));
    assert_eq!(*book.lock().unwrap(), ["asked 1"]);
}

#[tokio::test]
async fn an_attempt_that_is_given_up_midway_is_dropped_untold() {
    let pool = MockPool::new().time_by_hand();
    pool.when(When::any()).always(MockResponse::status(200).latency(Duration::from_secs(9)));
    let (doorman, book) = Doorman::new(&pool).arc();
    let call = tokio::spawn({
        let pool = Pool::clone(&pool);
        async move { pool.execute(get().admit(doorman)).await }
    });
    while pool.clock().waiting() == 0 {
        tokio::task::yield_now().await;
    }
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert_eq!(*book.lock().unwrap(), ["asked 1", "dropped"]);
}

#[tokio::test]
async fn a_hedge_is_admitted_at_once_or_not_at_all() {
    let slow = || MockResponse::status(200).body("slow").latency(Duration::from_secs(9));
    for (after, attempts) in [(Duration::ZERO, 2), (Duration::from_secs(1), 1)] {
        let pool = pool([slow().into(), MockResponse::status(200).body("quick").into()]);
        let (doorman, book) = Doorman::new(&pool).after(after).arc();
        let request = get().hedge(Hedging::after(Duration::from_millis(100))).admit(doorman);
        let answer = pool.execute(request).await.unwrap();
        assert_eq!(answer.attempts().len(), attempts);
        let expected: &[&str] = match attempts {
            2 => &["asked 1", "asked 2", "200 left - body 5", "dropped"],
            _ => &["asked 1", "asked 2", "200 left - body 4"],
        };
        assert_eq!(*book.lock().unwrap(), expected);
    }
}
