//! The log records of retries: their levels, texts and fields are part of the contract.

use std::cell::RefCell;
use std::fmt::{self, Debug, Write};
use std::future::ready;
use std::sync::Once;
use std::time::Duration;

use steadfast_backoff::{Driver, Policy, Stop, Verdict};
use steadfast_clock::ManualClock;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::drive;

thread_local! {
    /// The records of this thread, while a test asks for them: level, then fields.
    static RECORDS: RefCell<Option<Vec<(Level, String)>>> = const { RefCell::new(None) };
}

/// The one subscriber of the process. One for each thread would race with the callsites that other threads register.
struct PerThread;

struct Fields(String);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}

impl Subscriber for PerThread {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(String::new());
        event.record(&mut fields);
        let record = (*event.metadata().level(), fields.0);
        RECORDS.with_borrow_mut(|records| records.iter_mut().for_each(|records| records.push(record.clone())));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What is written while `run` runs.
fn records(run: impl FnOnce()) -> Vec<(Level, String)> {
    static SUBSCRIBED: Once = Once::new();
    SUBSCRIBED.call_once(|| tracing::subscriber::set_global_default(PerThread).unwrap());
    RECORDS.set(Some(Vec::new()));
    run();
    let records = RECORDS.take().unwrap();
    assert!(records.iter().all(|(_, line)| !line.contains("canary")), "{records:?}");
    records
}

/// An error whose `Display` keeps a secret that its `Debug` shows.
#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "shown by Debug, which nobody is to use")]
struct Refused {
    status: u16,
    key: &'static str,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)
    }
}

fn refused(status: u16) -> Refused {
    Refused { status, key: "canary-7f3a" }
}

type Logged<'a> = Driver<'a, steadfast_backoff::Exponential, &'a ManualClock, Refused>;

/// The records of a call whose attempts end as `script` says, 0 for success.
fn call(script: &[u16], logged: impl FnOnce(Logged<'_>) -> Logged<'_>) -> Vec<(Level, String)> {
    let clock = ManualClock::new();
    let policy = Policy::delivery().with_retries(3).hint_cap(Duration::ZERO);
    records(|| {
        let driver = logged(Driver::with_entropy(&policy, &clock, (|| 0) as fn() -> u64));
        let run = driver.run(
            |attempt| {
                ready(match script[attempt as usize - 1] {
                    0 => Ok(()),
                    status => Err(refused(status)),
                })
            },
            |result| match result {
                Ok(()) => Verdict::Done,
                Err(error) if error.status >= 500 => Verdict::retry(),
                Err(error) if error.status == 429 => Verdict::retry_after(Duration::from_secs(1)),
                Err(_) => Verdict::Fatal,
            },
        );
        let _ = drive(&clock, run);
    })
}

fn check((level, line): &(Level, String), expected_level: Level, parts: &[&str]) {
    assert_eq!(*level, expected_level);
    for part in parts {
        assert!(line.contains(part), "{part} in {line}");
    }
}

#[test]
fn each_wait_is_an_info_record() {
    let told = call(&[503, 500, 0], |driver| driver.logged());
    assert_eq!(told.len(), 2, "{told:?}");
    let first =
        ["message=retrying (attempt 2/4) after 1.0 s: HTTP 503 ", "attempt=2 ", "max_attempts=4 ", "delay=1.0 "];
    check(&told[0], Level::INFO, &first);
    check(&told[1], Level::INFO, &["retrying (attempt 3/4) after 2.0 s: HTTP 500 ", "attempt=3 ", "delay=2.0 "]);
}

#[test]
fn giving_up_is_one_error_record_with_every_attempt() {
    let told = call(&[503, 500, 503, 502], |driver| driver.logged());
    assert_eq!(told.len(), 4, "{told:?}");
    let parts = [
        "message=giving up: HTTP 502 (attempts used up) ",
        "retry_count=3 ",
        "total_delay=7.0 ",
        "final_status=\"HTTP 502\" ",
        "attempts=\"#1 HTTP 503, #2 HTTP 500, #3 HTTP 503, #4 HTTP 502\" ",
    ];
    check(&told[3], Level::ERROR, &parts);
}

#[test]
fn the_final_status_is_what_the_caller_says() {
    let told = call(&[503, 404], |driver| driver.logged_with(|error| Some(error.status)));
    let parts =
        ["giving up: HTTP 404 (not worth a retry) ", "retry_count=1 ", "final_status=\"404\" ", "total_delay=1.0 "];
    check(told.last().unwrap(), Level::ERROR, &parts);
    let told = call(&[503, 404], |driver| driver.logged_with(|_| None));
    check(told.last().unwrap(), Level::ERROR, &["final_status=\"HTTP 404\" "]);
}

#[test]
fn a_retry_that_was_not_made_is_told() {
    let told = call(&[429], |driver| driver.logged());
    assert_eq!(told.len(), 1, "{told:?}");
    check(&told[0], Level::ERROR, &["giving up: HTTP 429 (the server asks to wait 1s, longer than", "retry_count=0 "]);
}

#[test]
fn a_call_without_retries_logs_nothing() {
    assert!(call(&[0], |driver| driver.logged()).is_empty());
    assert!(call(&[404], |driver| driver.logged()).is_empty());
    assert!(call(&[503, 500, 503, 502], |driver| driver).is_empty());
}

#[test]
fn a_value_that_was_not_accepted_is_told_as_that() {
    let clock = ManualClock::new();
    let policy = Policy::delivery().with_retries(1);
    let told = records(|| {
        let driver = Driver::<_, _, Refused>::with_entropy(&policy, &clock, || 0).logged();
        let spent = drive(&clock, driver.run(|_| ready(Ok(503)), |_| Verdict::retry())).unwrap();
        assert_eq!(spent.stop, Some(Stop::AttemptsSpent));
    });
    check(&told[0], Level::INFO, &["message=retrying (attempt 2/2) after 1.0 s "]);
    let answer = "an answer that was not accepted";
    check(
        &told[1],
        Level::ERROR,
        &[&format!("giving up: {answer} "), &format!("attempts=\"#1 {answer}, #2 {answer}\"")],
    );
}
